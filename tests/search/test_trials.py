"""Trials: from a few tiles of a few layers the time of the whole run, and no more than is needed to know it."""

from __future__ import annotations

from math import inf

import pytest

from sim.execution.run import run_program
from sim.files.errors import DeadlockError
from sim.files.limits import Budget
from sim.files.resolve import resolve
from sim.lowering.lowering import lower
from sim.lowering.section import cost_model
from sim.search.seeds import seeds
from sim.search.space import Candidate, Space
from sim.search.trials import HOPELESS, Trials
from workloads.stack import Stack


def trials(workload: str, *settings: str) -> tuple[Stack, Trials, Candidate]:
    """Trials of a workload on hw/edge, and its first candidate."""
    inputs = resolve(workload, "edge", settings)
    stack = inputs.workload.stacks[0]
    costs = cost_model(stack, inputs.machine)
    space = Space(stack, costs)
    first = next(filter(None, map(space.candidate, seeds(stack, costs, space.choices, space.candidate))))
    return stack, Trials(stack, inputs.machine, costs), first


def whole(stack: Stack, made: Trials, candidate: Candidate) -> float:
    """Cycles of the whole run, a timestep and layer."""
    machine, costs = made._machine, made._costs
    makespan = run_program(lower(stack, machine, costs, candidate.inventory), machine, stride="tile").makespan
    return makespan / stack.layers / stack.steps


@pytest.mark.parametrize(
    ("workload", "settings"),
    [
        pytest.param("mamba2-d192", ["layers=2", "sequence_length=1024", "mapping.token_tile=4"], id="many tiles"),
        pytest.param("mamba2-d192", ["layers=9", "sequence_length=1024", "mapping.token_tile=32"], id="many layers"),
        pytest.param(
            "mamba2-d192", ["layers=4", "sequence_length=100", "mapping.token_tile=64"], id="a part of a tile"
        ),
        pytest.param("mamba2-d192", ["layers=2", "sequence_length=64", "mapping.token_tile=32"], id="all of it"),
        pytest.param("mamba2-d768", ["phase=decode"], id="decode"),
        pytest.param("mamba2_ssd", ["layers=3", "dimensions.d_model=256", "chunk=32"], id="chunks"),
    ],
)
def test_a_trial_tells_what_the_whole_run_takes(workload: str, settings: list[str]) -> None:
    stack, made, candidate = trials(workload, *settings)
    assert made.cycles(candidate) == pytest.approx(whole(stack, made, candidate), rel=0.003)


def test_a_trial_tells_no_less_than_the_busiest_unit_works(monkeypatch: pytest.MonkeyPatch) -> None:
    _, made, candidate = trials("mamba2-d192", "layers=2", "mapping.token_tile=8")
    monkeypatch.setattr(made, "_whole", lambda *_: 1.0)
    assert made.cycles(candidate) == candidate.bound


def test_what_seems_better_is_run_for_longer() -> None:
    _, made, candidate = trials("mamba2-d192", "layers=2", "mapping.token_tile=8")
    short, long = made._short_extent(candidate), made._long_extent(candidate)
    assert short.steps < long.steps <= 1024
    once = made._requests(candidate, short)
    pace = made.cycles(candidate)
    assert made.requests == once + made._requests(candidate, long)
    made.cycles(candidate, 0.999 * pace)
    assert made.requests == once + made._requests(candidate, long), "what it takes is known"
    assert made.count == 2


def test_the_longest_run_sees_a_pace_that_is_lost_late() -> None:
    """Array and DRAM are both busy all the time until, at a refresh, the pool holds weights that nobody needs yet."""
    wishes = ["place={outer: simd, readout: simd}", "token_tile=1", "blocks=4", "lanes=1", "weight_slot_kib=16"]
    wishes += ["spill=true", "sram_kib=512", "spare_sram=weights", "head_first=false", "steps_first=false"]
    settings = [f"mapping.{wish}" for wish in (*wishes, "step_elements=128")]
    stack, made, candidate = trials("mamba3_mimo", "phase=decode", *settings)
    longest = made.longest_cycles(candidate)
    assert longest == whole(stack, made, candidate) > 1.1 * made.long_cycles(candidate)


def test_a_hopeless_trial_ends_early() -> None:
    _, made, candidate = trials("mamba2-d192", "layers=2", "mapping.token_tile=8")
    pace = made.cycles(candidate)
    _, again, candidate = trials("mamba2-d192", "layers=2", "mapping.token_tile=8")
    assert again.cycles(candidate, pace / (HOPELESS * 1.1)) == inf


def test_a_budget_has_two_ends() -> None:
    _, made, candidate = trials("mamba2-d192", "layers=1", "sequence_length=64")
    made.cycles(candidate)
    assert made.within(Budget(2, made.requests + 1))
    assert not made.within(Budget(1, made.requests + 1)) and not made.within(Budget(2, made.requests))


def test_traffic_is_told_without_a_run() -> None:
    stack, made, candidate = trials("mamba2-d192", "layers=3", "sequence_length=100", "mapping.token_tile=32")
    program = lower(stack, made._machine, made._costs, candidate.inventory)
    moved = sum(program.bytes_moved(each) for each in program.streams if each.unit == "dma")
    assert made.dram_bytes(candidate) == moved / 300
    assert made.count == 0


def test_a_mapping_that_cannot_go_on_takes_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    def stuck(*_: object, **__: object) -> None:
        raise DeadlockError("the schedule cannot go on")

    _, made, candidate = trials("mamba2-d192", "layers=1", "sequence_length=64")
    monkeypatch.setattr("sim.search.trials.run_program", stuck)
    assert made.cycles(candidate) == inf
