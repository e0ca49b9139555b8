"""Shipped models laid onto shipped machines, cut as a test wishes."""

from __future__ import annotations

from hw.machine import MachineSpec
from sim.files.catalog import find
from sim.files.documents import read_document
from sim.lowering.analysis import Analysis
from sim.lowering.buffers import Inventory
from sim.lowering.costs import CostModel
from sim.lowering.fusion import Draft, cut_into_streams
from sim.lowering.mapping import Mapping
from sim.lowering.placement import choose_placement, stepped_operations
from tests.support.shipped import built

MODELS = ["mamba1", "mamba2", "mamba3_mimo"]


def machine(name: str) -> MachineSpec:
    """A shipped machine."""
    return read_document(find("machine", name)).check(MachineSpec)


def costs_of(model: str, hardware: str = "edge") -> CostModel:
    """What the operations of a shipped model cost on a shipped machine, in 16 bit."""
    return CostModel(Analysis(built(model).graph), machine(hardware), 2)


def mapping_of(costs: CostModel, tokens: int, cut: tuple[int, int], wish: str = "auto") -> Mapping:
    """A tile of so many *tokens*; *cut* is (blocks, lanes)."""
    stepped = stepped_operations(costs.analysis, cut[0] * cut[1], 128)
    placement = choose_placement(costs, stepped, (tokens, 1, cut[0] * cut[1]), wish, {})
    return Mapping(tokens, 1, 1, *cut, stepped, placement, 64 * 1024)


def drafts_of(costs: CostModel, tokens: int = 32, cut: tuple[int, int] = (4, 2)) -> tuple[Mapping, list[Draft]]:
    """That mapping, and the streams that it makes."""
    mapping = mapping_of(costs, tokens, cut)
    return mapping, cut_into_streams(costs, mapping)


def inventory_of(costs: CostModel, tokens: int, cut: tuple[int, int]) -> Inventory:
    """What that mapping keeps on chip, states in 16 bit too."""
    mapping, drafts = drafts_of(costs, tokens, cut)
    return Inventory(costs.analysis, mapping, drafts, (2, 2))
