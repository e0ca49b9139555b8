"""Contended banks from end to end: what the DMA engine takes, and what units lose that fetch nothing ahead."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import pytest

from sim.accounting.result import Result
from sim.files.limits import LIMITS, Limits
from sim.files.resolve import resolve
from sim.lowering.section import cost_model
from sim.search.choose import keep
from sim.simulation import Job, mapped, run

SMALL = ("layers=2", "sequence_length=256")
GOOD = {"mamba1": Limits(search="quick")}  # the others by what a few trials find
MODELS = ("mamba1", "mamba1_pscan", "mamba2", "mamba2_ssd", "mamba3_mimo", "mamba3_mimo_ssd")


def same_mapping(job: Job, workload: str, machine: str, *wishes: str) -> Result:
    """*job*, a run of *workload*, on *machine* with *wishes*."""
    changed = resolve(workload, machine, (*SMALL, *wishes)).machine
    kept = [keep(section, cost_model(section.stack, changed)) for section in job.sections]
    assert None not in kept
    return run(replace(job, machine=changed, sections=tuple(each for each in kept if each)), stride="tile")


def conflicts(result: Result) -> int:
    return sum(result.units[unit].stalls.get("bank_conflict", 0) for unit in ("mac_array", "simd"))


@pytest.mark.parametrize("workload", MODELS)
def test_more_channels_do_not_cost_bank_conflicts(workload: str) -> None:
    """The same bytes go to the same banks. When they do differs: a ten-thousandth of the time and no more.

    Where transfers come earlier the same mapping may lose a percent of its pace all the same, to buffers.
    """
    job = mapped(resolve(workload, "edge_flexpe", SMALL), GOOD.get(workload, LIMITS))
    results = [same_mapping(job, workload, "edge_flexpe", f"dram.channels={count}") for count in (1, 2, 4, 8)]
    for fewer, more in pairwise(results):
        assert more.makespan_cycles <= 1.02 * fewer.makespan_cycles
        assert conflicts(more) <= conflicts(fewer) + fewer.makespan_cycles // 10_000


def test_units_that_fetch_nothing_ahead_have_more_conflicts() -> None:
    """The fewer words are fetched ahead, the more; with a turn of the 16 banks there is nothing to gain."""
    job = mapped(resolve("mamba3_mimo", "edge", SMALL))
    found = [
        conflicts(
            same_mapping(job, "mamba3_mimo", "edge", *(f"{unit}.fetch_ahead={words}" for unit in ("mac_array", "simd")))
        )
        for words in (0, 4, 8, 16, 32)
    ]
    assert found[3:] == [0, 0]
    assert found[0] > found[1] > found[2] > 0
