"""The choice of a mapping saves work only where that changes nothing."""

from __future__ import annotations

from math import inf

import pytest

from hw.machine import MachineSpec
from sim.files.catalog import find
from sim.files.documents import Document, read_document
from sim.files.resolve import build_workload
from sim.lowering.analysis import Analysis
from sim.lowering.buffers import Inventory, allot
from sim.lowering.costs import CostModel
from sim.lowering.fusion import cut_into_streams
from sim.lowering.mapping import Mapping
from sim.lowering.placement import choose_placement, stepped_operations
from sim.search.space import CUTS
from sim.search.trials import Trials
from sim.simulation import prepare

MIB = 2**20


def document(kind: str, name: str) -> Document:
    return read_document(find(kind, name))


@pytest.mark.parametrize(
    ("workload", "machine"),
    [("mamba1-d192", "edge_flexpe"), ("mamba2-d192", "edge_flexpe"), ("mamba3_mimo-d96", "edge")],
)
def test_trials_that_end_early_lose_in_full_as_well(
    workload: str, machine: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = ["layers=1", "sequence_length=512"]
    early = prepare(workload, machine, settings).sections[0]
    limits: list[float] = []
    limit = Trials._limit

    def no_limit(trials: Trials, places: int) -> float:
        limits.append(limit(trials, places))
        return inf

    monkeypatch.setattr(Trials, "_limit", no_limit)
    full = prepare(workload, machine, settings).sections[0]
    assert min(limits) < inf  # else nothing would have ended early
    assert (early.mapping, early.trials) == (full.mapping, full.trials)


@pytest.mark.parametrize("capacity", [MIB // 2, MIB, 2 * MIB, 4 * MIB])
@pytest.mark.parametrize("name", ["mamba1", "mamba1_pscan", "mamba2", "mamba2_ssd", "mamba3_mimo", "mamba3_mimo_ssd"])
def test_what_does_not_fit_does_not_with_a_larger_tile(name: str, capacity: int) -> None:
    workload = build_workload(document("workload", name))
    costs = CostModel(Analysis(workload.graph), document("machine", "edge").check(MachineSpec), 2)
    for cut in CUTS:
        groups = cut[0] * cut[1]
        stepped = stepped_operations(costs.analysis, groups, 128)
        placement = choose_placement(costs, stepped, (16, 1, groups), "auto", {})
        fits = []
        for steps in (1, 2, 4, 8, 16, 32, 64, 128):
            chunk = workload.graph.tokens
            mapping = Mapping(steps * chunk, chunk, 1, *cut, stepped, placement, 64 * 1024)
            inventory = Inventory(costs.analysis, mapping, cut_into_streams(costs, mapping), (2, 2))
            fits.append(allot(inventory, capacity))
        assert fits == sorted(fits, reverse=True), cut
