"""Traces in the real thing: Perfetto's trace processor, offline."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest

from sim.accounting.result import Result
from tests.support.trace_processor import trace_processor
from tests.support.traces import ACCOUNTED, check_channel, expected, traced

if TYPE_CHECKING:
    from perfetto.trace_processor import TraceProcessor

ARGUMENTS = {".json.gz": "args", ".pftrace": "debug"}
TRACKS = """
    WITH tracks AS (
        SELECT thread_track.id, process.name AS unit
        FROM thread_track JOIN thread USING (utid) JOIN process USING (upid)
        UNION ALL SELECT process_track.id, process.name FROM process_track JOIN process USING (upid)
    ) """


@pytest.fixture(scope="module", params=ARGUMENTS)
def loaded(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Result, str, TraceProcessor]]:
    """A run, where the arguments of its slices stand, and the trace processor that has loaded its trace."""
    if request.param == ".pftrace":
        pytest.importorskip("perfetto")
    path = tmp_path_factory.mktemp("trace") / f"t{request.param}"
    result = traced(path, layers=2, sequence_length=40)
    with trace_processor(path) as processor:
        yield result, ARGUMENTS[request.param], processor


def answers(processor: TraceProcessor, sql: str) -> list[dict[str, Any]]:
    return [dict(row.__dict__) for row in processor.query(sql)]


def test_trace_processor_finds_no_error(loaded: tuple[Result, str, TraceProcessor]) -> None:
    assert answers(loaded[2], "SELECT name, value FROM stats WHERE severity = 'error' AND value > 0") == []


def spent(loaded: tuple[Result, str, TraceProcessor], what: str) -> dict[str, Counter[str]]:
    """The sum of *what* of the slices, by unit and reason; "busy" for work."""
    _, arguments, processor = loaded
    sql = f"""{TRACKS} SELECT unit, ifnull(extract_arg(arg_set_id, '{arguments}.reason'), 'busy') AS reason,
        sum({what.format(arguments)}) AS total
        FROM slice JOIN tracks ON slice.track_id = tracks.id WHERE category IN ('work', 'stall') GROUP BY 1, 2"""
    found: dict[str, Counter[str]] = {}
    for row in answers(processor, sql):
        found.setdefault(row["unit"], Counter())[row["reason"]] += int(row["total"] or 0)
    return {unit: +counts for unit, counts in found.items()}


CYCLES = "extract_arg(arg_set_id, '{0}.end_cycle') - extract_arg(arg_set_id, '{0}.start_cycle')"


def test_sql_gives_the_accounts_of_the_result(loaded: tuple[Result, str, TraceProcessor]) -> None:
    found = spent(loaded, CYCLES)
    assert {unit: found[unit] for unit in ACCOUNTED} == {unit: expected(loaded[0], unit) for unit in ACCOUNTED}


def test_durations_are_the_cycles(loaded: tuple[Result, str, TraceProcessor]) -> None:
    found = spent(loaded, "dur")
    for unit in ACCOUNTED:
        assert found[unit] == Counter({reason: 4 * cycles for reason, cycles in expected(loaded[0], unit).items()})


def test_sql_gives_the_accounts_of_the_channels(loaded: tuple[Result, str, TraceProcessor]) -> None:
    clocks = spent(loaded, "extract_arg(arg_set_id, '{0}.clocks')")
    for unit in ("dram.channel0", "dram.channel1"):
        check_channel(loaded[0], unit, clocks[unit])


def test_sql_gives_the_use_of_the_banks(loaded: tuple[Result, str, TraceProcessor]) -> None:
    moved = spent(loaded, "extract_arg(arg_set_id, '{0}.bytes')")
    words = -(-(moved["mac_array"]["busy"] + moved["simd"]["busy"]) // (16 * 64))  # 16 banks of 64 B
    assert words == loaded[0].units["sram.banks0-15"].busy_cycles


def test_arrows_lead_from_the_cause_to_what_it_caused(loaded: tuple[Result, str, TraceProcessor]) -> None:
    _, arguments, processor = loaded
    sql = f"""SELECT extract_arg(cause.arg_set_id, '{arguments}.id') AS is_from,
        extract_arg(caused.arg_set_id, '{arguments}.cause') AS should_be_from,
        cause.ts + cause.dur <= caused.ts AS in_time
        FROM flow JOIN slice AS cause ON slice_out = cause.id JOIN slice AS caused ON slice_in = caused.id"""
    arrows = answers(processor, sql)
    assert all(arrow["is_from"] == arrow["should_be_from"] and arrow["in_time"] for arrow in arrows)
    sql = f"SELECT count(*) AS n FROM slice WHERE extract_arg(arg_set_id, '{arguments}.cause') IS NOT NULL"
    assert len(arrows) == answers(processor, sql)[0]["n"] > 1000


def test_counters_have_a_name_and_a_unit(loaded: tuple[Result, str, TraceProcessor]) -> None:
    counters = answers(loaded[2], "SELECT name, unit FROM counter_track")
    names = {f"{row['name']} {row['unit'] or ''}".strip() for row in counters}
    assert {"busy %", "read bandwidth GB/s", "in use: all KiB", "in flight transfers"} <= names
