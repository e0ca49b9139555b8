"""What requests move between their unit and the SRAM."""

from __future__ import annotations

from sim.lowering.buffers import Inventory, Storage
from sim.lowering.costs import CostModel
from sim.lowering.fusion import Draft


def moved_by(
    draft: Draft, inventory: Inventory, costs: CostModel, scale: int, groups: int
) -> list[tuple[Storage, int]]:
    """Bytes of each storage that a fused request moves: every stored operand and result once, intermediates not at all.

    The request is for *scale* timesteps x sequences, one of *groups* parts.
    """
    key = "traffic", tuple(draft.operations), groups
    traffic = costs.once(key, lambda: _traffic(draft, inventory, costs, groups))
    moved = [(inventory.stored[tensor], size * scale) for tensor, size in traffic]
    parameters = inventory.parameters.get(inventory.home[draft.operations[0]])
    if parameters is not None:
        parts = groups if draft.grouped else 1
        moved.append((parameters, parameters.buffer.slot_bytes // parts))
    return moved


def _traffic(draft: Draft, inventory: Inventory, costs: CostModel, groups: int) -> list[tuple[str, int]]:
    """Tensors that a request of *draft* reads or writes, with bytes for a timestep of one sequence."""
    analysis = costs.analysis
    moved = (*analysis.operands_of(draft.operations), *analysis.results_of(draft.operations))
    return [(tensor, analysis.size(indices, groups) * inventory.width(tensor)) for tensor, indices in moved]
