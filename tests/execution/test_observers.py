"""Whoever follows a run hears the same alone or in company, hears of every cycle, and changes nothing."""

from __future__ import annotations

from collections import Counter
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, event, given, settings

from hw.ledger import Landing
from hw.machine import MachineSpec
from sim.accounting.result import Result
from sim.execution.observers import Observers, RunObserver
from sim.execution.offered import Offered
from sim.simulation import Job, prepare, run
from sim.trace import TraceWriter
from tests.support.conservation import UNITS, unrecorded
from tests.support.random_models import Recipe, machines, prepared, recipes, specs
from tests.support.traces import read
from workloads.workload import Workload
from workloads.workload_spec import WorkloadSpec

SMALL = ("layers=2", "sequence_length=32", "mapping.token_tile=16", "mapping.blocks=2", "mapping.weight_slot_kib=32")
JOBS = {
    "mamba2": ("mamba2", "edge", SMALL),
    "mamba3-on-one-array": ("mamba3_mimo", "edge_flexpe", (*SMALL, "mapping.placement=mac_array")),
    "narrow-banks": ("mamba2", "edge", (*SMALL, "sram.bank_width=4B")),
    "decode-with-head": ("mamba-130m", "edge", ("layers=1", "sequence_length=4", "phase=decode", "head=true")),
}
FIELDS = [name for name in (*Offered.__slots__, "reason") if name not in ("_reasons", "plan")]


class Everything(RunObserver):
    """Keeps every call with all that can be seen in it."""

    def __init__(self) -> None:
        self.heard: list[tuple[Any, ...]] = []

    def _seen(self, offered: Offered) -> tuple[Any, ...]:
        return offered.plan.name, *(getattr(offered, name) for name in FIELDS), offered.request, offered.cost

    def begin(self, section: Any, start: int) -> None:
        self.heard.append(("begin", section, start))

    def busy(self, unit: str, offered: Any, start: int, end: int) -> None:
        self.heard.append(("busy", unit, self._seen(offered), start, end))

    def stalled(self, unit: str, reason: str, start: int, end: int) -> None:
        self.heard.append(("stalled", unit, reason, start, end))

    def offered(self, offered: Offered) -> None:
        self.heard.append(("offered", self._seen(offered)))

    def issued(self, offered: Offered, now: int, end: int, completion: int, landing: Landing | None) -> None:
        costs = None if landing is None else (landing.issued, landing.late_reason, landing.costs)
        self.heard.append(("issued", self._seen(offered), now, end, completion, costs))

    def released(self, rank: int) -> None:
        self.heard.append(("released", rank))


@cache
def job(name: str) -> Job:
    return prepare(*JOBS[name])


@cache
def alone(name: str) -> tuple[list[tuple[Any, ...]], Result]:
    """What a single observer hears, and the result."""
    observer = Everything()
    result = run(job(name), observer=observer)
    return observer.heard, result


@pytest.mark.parametrize("name", JOBS)
class TestEveryRun:
    def test_all_kinds_of_news_are_heard(self, name: str) -> None:
        kinds = {"begin", "busy", "stalled", "offered", "issued", "released"}
        assert {entry[0] for entry in alone(name)[0]} == kinds

    def test_several_hear_the_same_as_one_alone(self, name: str) -> None:
        heard, result = alone(name)
        several = [Everything() for _ in range(3)]
        assert run(job(name), observer=Observers(several)) == result
        assert [observer.heard == heard for observer in several] == [True] * 3

    def test_what_is_recorded_too_changes_nothing_of_what_is_heard(self, name: str) -> None:
        heard, result = alone(name)
        observer = Everything()
        assert unrecorded(run(job(name), observer=observer, windows=20, critical_path=True)) == result
        assert observer.heard == heard

    def test_the_stride_changes_nothing_of_what_is_heard(self, name: str) -> None:
        observer = Everything()
        run(job(name), observer=observer, stride="tile")
        assert observer.heard == alone(name)[0]

    def test_nobody_listening_changes_nothing(self, name: str) -> None:
        assert run(job(name)) == run(job(name), observer=RunObserver()) == alone(name)[1]

    def test_a_trace_is_the_same_whatever_else_is_recorded(self, tmp_path: Path, name: str) -> None:
        found = []
        for path, recorded in ((tmp_path / "alone.csv.gz", {}), (tmp_path / "too.csv.gz", RECORDED)):
            writer = TraceWriter(path)
            with writer.writing(job(name).machine) as observer:
                run(job(name), observer=observer, **recorded)
            found.append(read(path))
        assert found[0] == found[1] != []

    def test_windows_and_path_are_the_same_alone_and_together(self, name: str) -> None:
        both = run(job(name), **RECORDED)
        assert run(job(name), windows=20).windows == both.windows
        assert run(job(name), critical_path=True).critical_path == both.critical_path

    def test_intervals_of_a_unit_follow_each_other_up_to_the_makespan(self, name: str) -> None:
        heard, result = alone(name)
        check_intervals(heard, result)

    def test_a_request_is_offered_once_and_then_issued(self, name: str) -> None:
        check_requests(alone(name)[0])


RECORDED: dict[str, Any] = {"windows": 20, "critical_path": True}


def check_intervals(heard: list[tuple[Any, ...]], result: Result) -> None:
    """No cycle is missing, none is told twice, and they sum to the accounts of the result."""
    begin = 0
    ends = dict.fromkeys(UNITS, 0)
    sums: dict[str, Counter[str]] = {unit: Counter() for unit in UNITS}
    for what, *details in heard:
        if what == "begin":
            begin = details[1]
            assert set(ends.values()) == {begin}
        if what not in ("busy", "stalled") or details[0] not in ends:
            continue
        unit, why, start, end = details
        assert start + begin == ends[unit]
        ends[unit] = end + begin
        sums[unit]["busy" if what == "busy" else why] += end - start
    assert set(ends.values()) == {result.makespan_cycles}
    for unit, found in sums.items():
        account = result.units[unit]
        assert +found == +Counter({"busy": account.busy_cycles, **account.stalls})


def check_requests(heard: list[tuple[Any, ...]]) -> None:
    """Each stream's requests come in order, one at a time, and none starts before it is offered and ready."""
    waiting: dict[str, tuple[Any, ...]] = {}
    last: dict[str, int] = {}
    for what, *details in heard:
        if what == "begin":
            assert not waiting
            last = {}
        elif what == "offered":
            (seen,) = details
            assert seen[0] not in waiting
            waiting[seen[0]] = seen
        elif what == "issued":
            seen, now, end, completion, costs = details
            assert waiting.pop(seen[0]) == seen
            told = dict(zip(FIELDS, seen[1:], strict=False))
            assert told["number"] > last.get(seen[0], -1)
            last[seen[0]] = told["number"]
            assert max(told["since"], told["ready_at"]) <= now <= end <= completion
            assert (costs is not None) == (seen[-1] is None)  # a transfer has no cost as requests to units have
    assert not waiting


def test_nobody_may_be_among_the_observers() -> None:
    assert run(job("mamba2"), observer=Observers([])) == alone("mamba2")[1]


@settings(max_examples=24, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(recipe=recipes, spec=specs, machine=machines())
def test_random_models_are_heard_alike(recipe: Recipe, spec: WorkloadSpec, machine: MachineSpec) -> None:
    random_job = prepared(Workload.alike(spec, recipe.graph()), machine)
    if random_job is None:
        event("does not fit")
        return
    first, second = Everything(), Everything()
    result = run(random_job, observer=first)
    assert run(random_job, observer=Observers([second, RunObserver()]), stride="tile") == result
    assert first.heard == second.heard
    check_intervals(first.heard, result)
    check_requests(first.heard)
