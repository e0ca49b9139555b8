"""All formats of traces say the same; summaries and SQL over each of them."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import pytest
from typer.testing import CliRunner

from sim.accounting.result import Result
from sim.commands.cli import app
from sim.files.errors import InputError
from sim.trace import TraceWriter
from sim.trace.read.query import query
from sim.trace.read.rows import rows
from sim.trace.read.summary import summarise
from sim.trace.write.vcd import time_scale
from tests.support.folders import DOCS
from tests.support.traces import ACCOUNTED, PACKAGES, SUFFIXES, expected, read, sums, traced

SMALL = {"layers": 1, "sequence_length": 20}


Written = Callable[[str], Path]


def needs(suffix: str) -> None:
    """Skip the test if the package is absent."""
    if suffix in PACKAGES:
        pytest.importorskip(PACKAGES[suffix])


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Written:
    """The trace of the same run in each format."""
    folder = tmp_path_factory.mktemp("traces")

    def write(suffix: str) -> Path:
        needs(suffix)
        path = folder / f"t{suffix}"
        if not path.exists():
            traced(path, **SMALL)
        return path

    return write


@pytest.fixture(scope="module")
def reference(tmp_path_factory: pytest.TempPathFactory) -> tuple[Result, Path]:
    path = tmp_path_factory.mktemp("trace") / "t.csv.gz"
    return traced(path, **SMALL), path


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_every_format_has_the_same_cycles(written: Written, reference: tuple[Result, Path], suffix: str) -> None:
    result, path = reference
    found = read(written(suffix))
    assert sums(found) == sums(read(path))
    for unit in ACCOUNTED:
        assert sums(found)[unit] == expected(result, unit)


def comparable(path: Path) -> Counter[tuple[object, ...]]:
    """The rows, in any order."""
    return Counter(tuple(sorted(row.items())) for row in read(path))


@pytest.mark.parametrize("suffix", [".json.gz", ".pftrace", ".parquet"])
def test_formats_with_all_columns_have_the_same_rows(
    written: Written, reference: tuple[Result, Path], suffix: str
) -> None:
    assert comparable(written(suffix)) == comparable(reference[1])


def test_value_changes_have_every_request(written: Written, reference: tuple[Result, Path]) -> None:
    def requests(path: Path) -> set[tuple[object, ...]]:
        work = [row for row in read(path) if row["kind"] == "work" and row["start_cycle"] < row["end_cycle"]]
        return {(row["unit"], row["id"], row["name"], row["start_cycle"], row["end_cycle"]) for row in work}

    assert requests(written(".vcd")) == requests(reference[1])


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_the_same_run_gives_the_same_bytes(tmp_path: Path, written: Written, suffix: str) -> None:
    again = tmp_path / f"again{suffix}"
    assert written(suffix).exists()
    traced(again, **SMALL)
    assert again.read_bytes() == written(suffix).read_bytes()


@pytest.mark.parametrize(
    ("clock_hz", "scale"),
    [
        pytest.param(250_000_000, ("1 ns", 4), id="250 MHz"),
        pytest.param(1_000_000_000, ("1 ns", 1), id="1 GHz"),
        pytest.param(100_000_000, ("10 ns", 1), id="100 MHz"),
        pytest.param(800_000_000, ("10 ps", 125), id="800 MHz"),
        pytest.param(1_830_000_000, ("1 ns", 1), id="not exact: a tick is a cycle"),
    ],
)
def test_a_cycle_is_a_whole_number_of_ticks(clock_hz: int, scale: tuple[str, int]) -> None:
    assert time_scale(clock_hz) == scale


def test_unknown_suffix_is_told(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"none of the known suffixes \.json\.gz, \.pftrace, \.parquet, \.csv\.gz, "):
        TraceWriter(tmp_path / "t.txt")


@pytest.mark.parametrize(("suffix", "package"), PACKAGES.items())
def test_missing_package_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, suffix: str, package: str) -> None:
    monkeypatch.setattr("sim.trace.write.formats.find_spec", lambda name: None)
    name = {"vcd": "pyvcd"}.get(package, package)
    with pytest.raises(InputError) as caught:
        TraceWriter(tmp_path / f"t{suffix}")
    assert str(caught.value) == f"{suffix}: needs the package {name}: pip install 'stallscope[trace]'"


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_what_is_no_trace_is_told(tmp_path: Path, suffix: str) -> None:
    needs(suffix)
    path = tmp_path / f"t{suffix}"
    path.write_bytes(b"something else\n")
    with pytest.raises(InputError, match="is not a trace that stallscope wrote"):
        list(rows(path))
    with pytest.raises(InputError, match="is not a file"):
        list(rows(tmp_path / f"absent{suffix}"))


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_summary_has_the_accounts(written: Written, reference: tuple[Result, Path], suffix: str) -> None:
    result, _ = reference
    found = summarise(rows(written(suffix)))
    assert found.last_cycle - found.first_cycle == result.makespan_cycles
    for unit in ACCOUNTED:
        assert Counter({"busy": found.busy_cycles[unit], **found.stalls[unit]}) == expected(result, unit)
    requests = {stream.name: stream for stream in result.streams}
    update = next(total for total in found.operations if (total.unit, total.name) == ("simd", "update"))
    assert (update.requests, update.cycles) == (requests["update"].requests, requests["update"].busy_cycles)


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_sql_over_every_format(written: Written, reference: tuple[Result, Path], suffix: str) -> None:
    pytest.importorskip("duckdb")
    result, _ = reference
    sql = "SELECT unit, sum(end_cycle - start_cycle)::BIGINT FROM slices WHERE kind = 'work' GROUP BY unit"
    columns, found = query(written(suffix), sql)
    busy = dict(found)
    assert columns[0] == "unit"
    assert {unit: busy[unit] for unit in ACCOUNTED} == {u: result.units[u].busy_cycles for u in ACCOUNTED}


EXAMPLES = re.findall(r"```sql\n(.*?)```", (DOCS / "traces.md").read_text(), re.DOTALL)


@pytest.mark.parametrize("number", range(len(EXAMPLES)))
def test_examples_of_the_documentation(reference: tuple[Result, Path], number: int) -> None:
    pytest.importorskip("duckdb")
    result, path = reference
    columns, found = query(path, EXAMPLES[number])
    assert found
    if "what" in columns:
        accounts = {(unit, what): cycles for unit, what, cycles in found if unit in ACCOUNTED and cycles}
        assert accounts == {(unit, what): n for unit in ACCOUNTED for what, n in expected(result, unit).items() if n}
    if EXAMPLES[number].startswith("WITH RECURSIVE"):
        assert found[-1][4] < found[0][4] and all(later[4] >= earlier[5] for later, earlier in pairwise(found))


def test_a_run_without_a_trace_knows_nothing_of_traces() -> None:
    code = (
        "import sys; from typer.testing import CliRunner; from sim.commands.cli import app; "
        "done = CliRunner().invoke(app, ['run', 'mamba2', '--layers', '1', '--seq-len', '4', '-q']); "
        "print(done.exit_code, [name for name in sys.modules if name.startswith('sim.trace.')])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "0 []"


def test_a_mistake_in_sql_is_told(reference: tuple[Result, Path]) -> None:
    pytest.importorskip("duckdb")
    with pytest.raises(InputError, match="SQL: Catalog Error: Table with name slice does not exist"):
        query(reference[1], "SELECT * FROM slice")


def call(*arguments: str) -> tuple[int, str]:
    result = CliRunner().invoke(app, ["trace", *arguments])
    return result.exit_code, result.output


def test_commands(reference: tuple[Result, Path]) -> None:
    pytest.importorskip("duckdb")
    path = str(reference[1])
    code, text = call("summary", path)
    assert code == 0 and "mac_array" in text and "update" in text
    code, text = call("summary", path, "--json", "-")
    assert json.loads(text)["busy_cycles"]["simd"] == reference[0].units["simd"].busy_cycles
    code, text = call("query", path, "SELECT count(*) AS requests FROM slices WHERE kind = 'work'", "--json", "-")
    assert code == 0 and json.loads(text)[0]["requests"] > 100
    code, text = call("query", path, "SELECT DISTINCT component FROM counters ORDER BY 1")
    assert code == 0 and text.split() == ["component", "dma", "dram", "mac_array", "simd", "sram"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        pytest.param(["summary", "absent.csv.gz"], "absent.csv.gz: is not a file", id="absent"),
        pytest.param(["summary", "t.txt"], "has none of the known suffixes", id="suffix"),
        pytest.param(["view", "t.vcd"], "the Perfetto UI shows .json.gz and .pftrace", id="not-shown"),
        pytest.param(["view", "absent.json.gz"], "absent.json.gz: is not a file", id="absent-view"),
    ],
)
def test_mistakes_are_one_line_and_exit_code_2(arguments: list[str], message: str) -> None:
    code, text = call(*arguments)
    assert code == 2
    assert message in text and text.count("\n") == 1
