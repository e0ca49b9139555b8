"""SimPy has an event for every cycle in which something happens, or for borders of tiles: the results are the same."""

from __future__ import annotations

from typing import Any, get_args

import pytest
from hypothesis import HealthCheck, event, given, settings

import sim.execution.run
from hw.engine import BORDER, Engine, Task
from hw.machine import MachineSpec
from hw.reasons import Reason
from sim.execution.run import STRIDES, Execution, Stride, run_program
from sim.lowering.program import Program
from sim.simulation import Job, prepare, run
from tests.support.programs import MAC, SIMD, compute, load, needs, outcome, program, programs
from tests.support.random_models import Recipe, machines, prepared, recipes, specs
from workloads.workload import Workload
from workloads.workload_spec import WorkloadSpec

NO_BUFFER = Reason.NO_BUFFER

SMALL = ("layers=2", "sequence_length=64", "mapping.token_tile=16", "mapping.blocks=2", "mapping.weight_slot_kib=32")
JOBS = {
    "mamba1": ("mamba1", "edge", SMALL),
    "mamba2-on-one-array": ("mamba2", "edge_flexpe", (*SMALL, "mapping.placement=mac_array")),
    "mamba3": ("mamba3_mimo", "edge", SMALL),
    "ragged": ("mamba2", "edge", (*SMALL, "sequence_length=37", "layers=3")),
    "one-tile": ("mamba2", "edge", (*SMALL, "sequence_length=16", "layers=1")),
    "narrow-banks": ("mamba2", "edge", (*SMALL, "sram.bank_width=4B")),
    "odd-clock": ("mamba2", "edge", (*SMALL, "clock=333333333Hz")),
    "decode": ("mamba2", "edge", (*SMALL[:1], "sequence_length=8", "phase=decode", "batch=2")),
    "decode-with-head": ("mamba-130m", "edge", ("layers=1", "sequence_length=4", "phase=decode", "head=true")),
}


class Watched(Engine):
    """Notes for which cycles it has been set."""

    made: list[Watched]

    def __init__(self, stride: int) -> None:
        super().__init__(stride)
        self.cycles: set[int] = set()
        self.made.append(self)

    def at(self, cycle: int, task: Task) -> None:
        self.cycles.add(cycle)
        super().at(cycle, task)

    def start_at(self, cycle: int, task: Task) -> None:
        self.cycles.add(cycle)
        super().start_at(cycle, task)


@pytest.fixture
def engines(monkeypatch: pytest.MonkeyPatch) -> list[Watched]:
    """The engines of the runs to come."""
    Watched.made = []
    monkeypatch.setattr(sim.execution.run, "Engine", Watched)
    return Watched.made


def executions(job: Job, stride: Stride) -> list[Execution]:
    return [run_program(section.program, job.machine, stride=stride) for section in job.sections]


@pytest.mark.parametrize("name", JOBS)
class TestModels:
    def test_both_strides_have_the_same_result(self, name: str) -> None:
        job = prepare(*JOBS[name])
        recorded: dict[str, Any] = {"windows": 30, "critical_path": True}
        assert run(job, stride="tile", **recorded).to_json() == run(job, stride="cycle", **recorded).to_json()

    def test_the_long_stride_has_an_event_for_every_tile_at_most(self, name: str) -> None:
        """And one for the beginning and one for the end."""
        job = prepare(*JOBS[name])
        pairs = zip(job.sections, executions(job, "cycle"), executions(job, "tile"), strict=True)
        for section, fine, coarse in pairs:
            assert outcome(coarse) == outcome(fine)
            assert coarse.events < fine.events
            assert coarse.events <= section.program.tiles + 2

    def test_progress_is_told_alike(self, name: str) -> None:
        job = prepare(*JOBS[name])
        heard: dict[Stride, list[tuple[int, int]]] = {"cycle": [], "tile": []}
        for stride, told in heard.items():
            run(job, lambda done, total, told=told: told.append((done, total)), stride=stride)  # type: ignore[misc]
        assert heard["cycle"] == heard["tile"]
        total = sum(section.program.tiles for section in job.sections)
        assert heard["cycle"] == [(done + 1, total) for done in range(total)]

    def test_every_cycle_in_which_something_happens_is_an_event(self, name: str, engines: list[Watched]) -> None:
        job = prepare(*JOBS[name])
        engines.clear()  # those of mappings that were tried
        for execution, engine in zip(executions(job, "cycle"), engines, strict=True):
            assert execution.events == engine.events == len(engine.cycles)
            assert max(engine.cycles) <= execution.makespan


LATENCY = 15 + 17  # clocks before the first data of a transfer


@pytest.mark.parametrize(
    ("built", "cycle", "tile"),
    [
        pytest.param(program(compute(MAC, [(5, 3)] * 3)), 3, 2, id="a start each, nothing when the last result comes"),
        pytest.param(program(compute(MAC, [(5, 3)]), tiles=3), 3, 3, id="three tiles of one"),
        pytest.param(program(compute(MAC, [(5, 3)] * 2), tiles=3), 6, 4, id="cycle 0, and the ends of three tiles"),
        # array 0, 5, 10; lanes when the results are there: 8, 13, 18
        pytest.param(
            program(compute(MAC, [(5, 3)] * 3), compute(SIMD, [(2, 0)] * 3, needs(0, 1, 2, 3))), 6, 2, id="two units"
        ),
        # array 0, 5, 10; lanes 5, 10, 15
        pytest.param(
            program(compute(MAC, [(5, 0)] * 3), compute(SIMD, [(2, 0)] * 3, needs(0, 1, 2, 3))), 4, 2, id="at once"
        ),
        # array 0, 14; lanes 5, which ends the tile
        pytest.param(
            program(compute(MAC, [(5, 0)] * 2, needs(1, 0, 1, reason=NO_BUFFER)), compute(SIMD, [(9, 0)], needs(0, 1))),
            3,
            3,
            id="one buffer",
        ),
        pytest.param(program(load(3)), 1, 1, id="transfers that are all issued at once"),
        pytest.param(program(load(1), compute(MAC, [(5, 0)], needs(0, 1))), 2, 2, id="a transfer and its use"),
        pytest.param(program(compute(MAC, [None, None]), tiles=3), 1, 1, id="nothing to do"),
    ],
)
def test_events_by_hand(spec: MachineSpec, built: Program, cycle: int, tile: int) -> None:
    found = {stride: run_program(built, spec, stride=stride).events for stride in get_args(Stride)}
    assert found == {"cycle": cycle, "tile": tile}


def test_whoever_is_told_of_tiles_costs_no_event_of_the_short_stride(spec: MachineSpec) -> None:
    built = program(compute(MAC, [(5, 3)] * 2), tiles=3)
    assert run_program(built, spec, on_tile=lambda *_: None).events == run_program(built, spec).events


@pytest.mark.parametrize("stride", STRIDES)
def test_tiles_without_work_are_told_too(spec: MachineSpec, stride: Stride) -> None:
    """Nothing is done but in the last of five tiles."""
    told: list[tuple[int, int]] = []
    built = program(compute(MAC, [None], last=[(5, 3)]), tiles=5)
    run_program(built, spec, stride=stride, on_tile=lambda *tile: told.append(tile))
    assert len(told) == 5
    assert told[-1] == (5, 0)


def test_a_mistake_of_whoever_is_told_ends_the_run(spec: MachineSpec) -> None:
    def stop(done: int, _: int) -> None:
        raise KeyboardInterrupt(f"after tile {done}")

    with pytest.raises(KeyboardInterrupt, match="after tile 1"):
        run_program(program(compute(MAC, [(5, 3)]), tiles=3), spec, on_tile=stop)


@pytest.mark.parametrize("stride", STRIDES)
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(built=programs())
def test_events_of_random_programs(spec: MachineSpec, engines: list[Watched], stride: Stride, built: Program) -> None:
    engines.clear()
    told: list[tuple[int, int]] = []
    execution = run_program(built, spec, stride=stride, on_tile=lambda *tile: told.append(tile))
    (engine,) = engines
    assert told == sorted(told)
    assert (len(told), told[-1][0]) == (built.tiles, built.tiles)
    if STRIDES[stride] == BORDER:
        assert execution.events == len({0, max(engine.cycles), *(cycle for _, cycle in told)})
    else:
        assert execution.events == len(engine.cycles)


@settings(max_examples=40, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(recipe=recipes, wishes=specs, machine=machines())
def test_random_models_have_the_same_result_with_both_strides(
    recipe: Recipe, wishes: WorkloadSpec, machine: MachineSpec
) -> None:
    job = prepared(Workload.alike(wishes, recipe.graph()), machine)
    if job is None:
        event("does not fit")
        return
    assert run(job, stride="tile").to_json() == run(job).to_json()
    (fine,), (coarse,) = executions(job, "cycle"), executions(job, "tile")
    assert coarse.events <= fine.events
    assert coarse.events <= job.sections[0].program.tiles + 2
