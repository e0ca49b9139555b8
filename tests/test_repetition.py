"""What repeats is skipped: the run with all its events is the judge of makespan, accounts and critical path."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from functools import cache
from itertools import accumulate
from math import sqrt
from statistics import mean, stdev
from typing import Any

import pytest
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st

from hw.machine import Machine, MachineSpec
from sim import repetition
from sim.choice import Section
from sim.confidence import student
from sim.engine import Engine
from sim.result import Result
from sim.simulation import Job, prepare, run, simulate
from sim.streams import StreamRun
from sim.stretch import Stretch
from tests.conservation import UNITS, check_parts
from tests.test_random_models import Recipe, machines, prepared, recipes, specs
from workloads.config import Workload, WorkloadSpec

MAKESPAN = 0.001  # of the makespan: how far skipping may be off
STALL = 0.01  # of a stall
LITTLE = 0.00005  # of the makespan: what a stall may be off in any case
LITTLE_IN_HASTE = 0.001  # the same where more is skipped than by default
LITTLE_AT_RANDOM = 0.005  # the same in models so small that a row of DRAM holds several of their layers

LONG = [  # long enough for something to be skipped
    ("mamba1-d768", "edge_flexpe", {"layers": 32, "mapping__token_tile": 64}),
    ("mamba2_ssd", "edge_flexpe", {"layers": 24, "mapping__token_tile": 64}),
    ("mamba3_mimo", "edge", {"layers": 18, "mapping__token_tile": 32}),
    ("mamba2-d192", "edge", {"layers": 2, "sequence_length": 32768, "mapping__token_tile": 64}),
]

CASES = [
    ("mamba1", "edge", {"layers": 3, "mapping__token_tile": 16}),  # two kinds of tiles take turns
    ("mamba1-d192", "edge_flexpe", {"layers": 8, "mapping__token_tile": 16}),
    ("mamba1_pscan", "edge", {"layers": 5, "sequence_length": 1024, "mapping__token_tile": 32}),
    ("mamba2", "edge", {"layers": 2, "mapping__token_tile": 16, "mapping__weight_slot_kib": 64}),  # every second tile
    ("mamba2_ssd", "edge", {"layers": 8, "mapping__token_tile": 64}),
    ("mamba3_mimo", "edge", {"layers": 6, "mapping__token_tile": 32}),
    ("mamba3_mimo-d192", "edge_flexpe", {"layers": 8, "mapping__token_tile": 16, "sequence_length": 512}),
    ("mamba3_mimo-d96", "edge", {"layers": 8, "sequence_length": 4096, "mapping__token_tile": 32}),
    ("mamba3-siso-187m", "edge", {"layers": 4, "mapping__token_tile": 16, "sequence_length": 512}),  # never recurs
    ("mamba2", "edge", {"phase": "decode", "layers": 24}),
    ("mamba2-130m", "h100", {"phase": "decode", "batch": 8, "layers": 24}),  # too short for its refreshes
]


def pair(job: Job) -> tuple[Result, Result]:
    """The run with repetition skipped, and the judge."""
    return run(job, critical_path=True), run(job, critical_path=True, skip=False)


def path(result: Result) -> Counter[tuple[str, str]]:
    """Cycles of the critical path by unit and what they were spent on."""
    parts: Counter[tuple[str, str]] = Counter()
    for part in result.critical_path or ():
        parts[part.unit, part.spent_on] += part.cycles
    return parts


def check_alike(short: Result, whole: Result, little: float) -> None:
    makespan = whole.makespan_cycles
    assert short.makespan_cycles == pytest.approx(makespan, rel=MAKESPAN)
    for unit, account in whole.units.items():
        if unit in ("mac_array", "simd"):
            assert short.units[unit].busy_cycles == account.busy_cycles
        for reason in {*account.stalls, *short.units[unit].stalls}:
            expected = pytest.approx(account.stalls.get(reason, 0), rel=STALL, abs=little * makespan)
            assert short.units[unit].stalls.get(reason, 0) == expected, (unit, reason)
    paths = path(short), path(whole)
    for key in paths[0] | paths[1]:
        assert paths[0][key] == pytest.approx(paths[1][key], rel=STALL, abs=5 * little * makespan), key


def check_conserved(result: Result) -> None:
    check_parts(result)
    for name in UNITS:
        account = result.units[name]
        assert account.busy_cycles + sum(account.stalls.values()) == result.makespan_cycles
    assert result.critical_path is not None
    assert sum(part.cycles for part in result.critical_path) == result.makespan_cycles


def job_of(workload: str, machine: str, overrides: dict[str, object]) -> Job:
    return prepare(workload, machine, [f"{key.replace('__', '.')}={value}" for key, value in overrides.items()])


@pytest.fixture
def haste(monkeypatch: pytest.MonkeyPatch) -> None:
    """Little has to be simulated, and to be alike, for what repeats to be skipped."""
    loose = {"REQUESTS": 0, "REFRESH_SHARE": 0.002, "TIME_ERROR": 0.0005, "STALL_ERROR": 0.02, "LITTLE": 0.0005}
    for constant, value in loose.items():
        monkeypatch.setattr(repetition, constant, value)


@pytest.fixture
def less_haste(haste: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """As much as shows whether periods are alike has to be simulated even so."""
    monkeypatch.setattr(repetition, "REQUESTS", 1000)


@pytest.mark.parametrize(("workload", "machine", "overrides"), LONG)
def test_skipping_changes_next_to_nothing(workload: str, machine: str, overrides: dict[str, object]) -> None:
    short, whole = pair(job_of(workload, machine, overrides))
    assert short.simulated_cycles < 0.6 * short.makespan_cycles
    check_conserved(short)
    check_alike(short, whole, LITTLE)


@pytest.mark.usefixtures("haste")
@pytest.mark.parametrize(("workload", "machine", "overrides"), CASES)
def test_skipping_in_haste_changes_little(workload: str, machine: str, overrides: dict[str, object]) -> None:
    short, whole = pair(job_of(workload, machine, overrides))
    assert whole.simulated_cycles == whole.makespan_cycles
    assert short.simulated_cycles <= short.makespan_cycles
    check_conserved(short)
    check_alike(short, whole, LITTLE_IN_HASTE)


def test_what_takes_little_time_is_simulated_in_full() -> None:
    job = prepare("mamba2-d96", "edge", ["layers=12", "mapping.token_tile=32"])
    result = run(job)
    assert result.requests < repetition.REQUESTS
    assert result == run(job, skip=False)


@pytest.mark.usefixtures("haste")
def test_all_but_the_accounts_of_a_compute_bound_run_is_the_same_to_the_cycle() -> None:
    job = prepare("mamba3_mimo-d192", "edge", ["layers=40", "mapping.token_tile=32", "mapping.weight_slot_kib=64"])
    short, whole = run(job), run(job, skip=False)
    assert short.simulated_cycles < 0.6 * whole.simulated_cycles
    assert short.makespan_cycles == pytest.approx(whole.makespan_cycles, rel=1e-6)
    counted = {"simulated_cycles", "makespan_cycles", "seconds", "tokens_per_second", "units", "by_layer", "by_class"}
    counted.add("above_roofline")
    assert short.model_dump(exclude=counted) == whole.model_dump(exclude=counted)


@pytest.mark.usefixtures("less_haste")
@settings(
    max_examples=50,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.function_scoped_fixture],
)
@given(recipe=recipes, spec=specs, machine=machines(), tokens=st.integers(40, 150), layers=st.integers(1, 40))
def test_random_models_on_random_machines(
    recipe: Recipe, spec: WorkloadSpec, machine: MachineSpec, tokens: int, layers: int
) -> None:
    spec = spec.model_copy(update={"sequence_length": tokens, "layers": layers})
    job = prepared(Workload(spec, recipe.graph()), machine)
    if job is None:
        event("does not fit")
        return
    short, whole = pair(job)
    event("skipped" if short.simulated_cycles < short.makespan_cycles else "not skipped")
    check_conserved(short)
    check_alike(short, whole, LITTLE_AT_RANDOM)


def test_cost_does_not_grow_with_the_length_of_the_prompt() -> None:
    short, long = (simulate("mamba2-d96", layers=4, sequence_length=2**n, mapping__token_tile=64) for n in (14, 20))
    assert long.simulated_cycles < 1.5 * short.simulated_cycles
    assert long.makespan_cycles == pytest.approx(2**6 * short.makespan_cycles, rel=0.01)


def test_what_is_recorded_over_time_is_simulated_in_full() -> None:
    job = prepare("mamba2-d96", "edge", ["sequence_length=2048", "layers=4", "mapping.token_tile=64"])
    recorded = run(job, windows=8)
    assert recorded.simulated_cycles == recorded.makespan_cycles
    assert recorded.model_copy(update={"windows": None}) == run(job, skip=False)


class Counts:
    """A recorder that counts the requests of every stream."""

    def __init__(self) -> None:
        self.requests: Counter[str] = Counter()

    def begin(self, section: Section, start: int) -> None: ...

    def busy(self, unit: str, stream: StreamRun[Any], start: int, end: int) -> None:
        if not unit.startswith("dram."):
            self.requests[stream.name] += 1

    def stalled(self, unit: str, reason: str, start: int, end: int) -> None: ...


@pytest.mark.parametrize("workload", ["mamba1-d192", "mamba2-d192", "mamba3_mimo-d96", "mamba3-siso-187m"])
def test_every_request_of_the_program_is_made(workload: str) -> None:
    """Also those of streams that pass over the tiles in which they have nothing to do."""
    counts = Counts()
    settings = ["layers=3", "sequence_length=96", "mapping.token_tile=16"]
    result = run(prepare(workload, "edge", settings), recorder=counts)
    assert counts.requests == {stream.name: stream.requests for stream in result.streams if stream.requests}
    assert any(stream.requests == 3 for stream in result.streams)  # once a layer


def border(position: int, cycle: int, stalled: int) -> repetition._Border:
    """A border of a machine with one unit and one stream."""
    accounts = {"simd": {(0, ""): cycle - stalled, (0, "no_buffer"): stalled}}
    return repetition._Border([(position, 0)], {"simd": cycle}, accounts, {})


@cache
def watcher() -> repetition.Repetition:
    job = prepare("mamba2-d96", "edge", ["layers=1", "sequence_length=64", "mapping.token_tile=32"])
    found = repetition.Repetition(job.sections[0].program, Machine(job.machine, Engine(), contended=False))
    found._unit = "simd"
    return found


def test_what_stands_for_others_lies_between_borders_with_the_same_positions() -> None:
    level = repetition._Level(1, sample=1)
    for n, place in enumerate([7, 1, 2, 1, 2, 1]):
        level.add(border(place, 100 * n, 0))
    assert [len(window) for window in level.windows()] == [5]  # from the second; the newer half has too few
    level.add(border(3, 600, 0))
    level.add(border(4, 700, 0))
    assert list(level.windows()) == []


def test_another_look_needs_a_tenth_more_borders() -> None:
    level = repetition._Level(1, sample=10)
    looks = []
    for n in range(61):
        level.add(border(0, 100 * n, 0))
        if list(level.windows()):
            looks.append(n + 1)
    assert looks == [31, 35, 39, 43, 48, 53, 59]


def window_of(gains: list[tuple[int, int]]) -> list[repetition._Border]:
    """Borders between which so many cycles pass, so many of them stalled."""
    window, cycle, stalled = [border(0, 0, 0)], 0, 0
    for cycles, waits in gains:
        cycle, stalled = cycle + cycles, stalled + waits
        window.append(border(0, cycle, stalled))
    return window


@given(
    gains=st.lists(st.tuples(st.integers(10_000, 10_002), st.integers(100, 103)), min_size=3, max_size=9),
    room=st.integers(1, 1000),
)
def test_what_is_skipped_is_known_within_a_hundredth_of_every_stall(gains: list[tuple[int, int]], room: int) -> None:
    def sure(samples: list[int], limit: float) -> bool:
        share = sqrt(room / (room + len(gains)))
        return share * student(len(gains) - 1) * stdev(samples) / sqrt(len(gains)) <= limit

    lengths, waits = [cycles for cycles, _ in gains], [waits for _, waits in gains]
    expected = sure(lengths, 1e-4 * mean(lengths)) and sure(waits, 0.01 * mean(waits))
    event(str(expected))
    assert watcher()._known(repetition._Level(1, sample=1), window_of(gains), room) == expected


def test_a_stall_next_to_nothing_needs_not_be_known() -> None:
    level = repetition._Level(1, sample=1)
    assert watcher()._known(level, window_of([(100_000, 1), (100_000, 1), (100_000, 1), (100_000, 2)]), 10)
    assert not watcher()._known(level, window_of([(100_000, 10), (100_000, 10), (100_000, 10), (100_000, 20)]), 10)


@pytest.mark.parametrize(("refreshes", "known"), [([9, 9, 9, 9], True), ([9, 9, 9, 7], False)])
def test_channels_have_to_be_known_as_well(refreshes: list[int], known: bool) -> None:
    refreshed = accumulate(refreshes, initial=0)
    window = [
        replace(at, channel={"data": 90 * number, "dram_refresh": clocks})
        for (number, at), clocks in zip(enumerate(window_of([(1000, 0)] * 4)), refreshed, strict=True)
    ]
    assert watcher()._known(repetition._Level(1, sample=1), window, 10) == known


def test_samples_begin_and_end_at_borders_with_the_same_positions() -> None:
    level = repetition._Level(1, sample=1)
    turns = [border(n % 2, 100 * n + (n % 2) * 30, 0) for n in range(7)]  # alike but for what is in flight in between
    assert watcher()._known(level, turns, 10)
    assert not watcher()._known(level, turns[:5], 10)  # two samples only


def test_progress_gets_to_the_end_and_never_back() -> None:
    heard: list[tuple[int, int]] = []
    simulate("mamba2-d96", layers=4, sequence_length=8192, mapping__token_tile=64, progress=lambda *x: heard.append(x))
    assert heard == sorted(heard)
    assert heard[-1] == (512, 512)


@given(
    steps=st.lists(st.tuples(st.integers(0, 60), st.integers(1, 30), st.integers(1, 5)), max_size=5),
    start=st.integers(0, 90),
    length=st.integers(0, 90),
)
def test_a_stretch_weighs_every_cycle(steps: list[tuple[int, int, int]], start: int, length: int) -> None:
    stretch, weights = Stretch(), [1] * 200
    for begin, span, times in steps:
        stretch.repeat(begin, begin + span, times)
        for cycle in range(begin, begin + span):
            weights[cycle] *= 1 + times
    assert stretch.length(start, start + length) == sum(weights[start : start + length])
