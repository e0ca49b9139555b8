"""Runs that are timed in processes of their own, and what stands beside their times."""

from __future__ import annotations

import pytest

from bench import children
from bench.speed.rows import Loop, against, given, run_loop
from hw import COMPILED
from sim.simulation import prepare

SMALL = ["layers=2", "sequence_length=64"]


@pytest.mark.parametrize("workload", ["mamba1", "mamba1_pscan", "mamba3_mimo_ssd"])
def test_given_mapping_is_the_chosen_one(workload: str) -> None:
    chosen = prepare(workload, "edge_flexpe", SMALL).sections[0]
    again = prepare(workload, "edge_flexpe", [*SMALL, *given(chosen)]).sections[0]
    assert again.mapping == chosen.mapping


def test_loops_are_measured_in_processes_of_their_own() -> None:
    laid = [*SMALL, *given(prepare("mamba3_mimo", "edge", SMALL).sections[0])]
    cycle, tile = (run_loop("mamba3_mimo", "edge", stride, laid, times=1) for stride in ("cycle", "tile"))
    assert (cycle.cycles, cycle.requests, cycle.compiled) == (tile.cycles, tile.requests, COMPILED)
    assert cycle.events > cycle.requests / 4 > tile.events
    with children.uncompiled() as folder:
        plain = run_loop("mamba3_mimo", "edge", "cycle", laid, times=1, folder=folder)
    assert (plain.cycles, plain.events, plain.compiled) == (cycle.cycles, cycle.events, False)


def test_ratios_compare_with_what_is_beside_them() -> None:
    loop = Loop(
        cpu_s=2.0, bare=500_000.0, requests=3_000_000, events=1, cycles=1, contended=False, compiled=True, peak_mb=60.0
    )
    assert (loop.rate, loop.ratio) == (1_500_000.0, 3.0)
    assert against(1.5, 3.0, 550_000.0) == ["1.5", "3.00", "1.00"]  # half as fast a core has twice the time
