"""What requests move between their unit and the SRAM."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from hw.gemm import Widths
from sim.lowering.analysis import Analysis
from sim.lowering.buffers import Inventory, Storage
from sim.lowering.costs import CostModel
from sim.lowering.fusion import Draft
from sim.lowering.weight_tiles import WeightTiles


class Touched(NamedTuple):
    """A tensor that a request reads or writes, with bytes for a timestep of one sequence."""

    tensor: str
    size_bytes: int
    write: bool


def moved_by(
    draft: Draft, inventory: Inventory, costs: CostModel, scale: int, groups: int
) -> list[tuple[Storage, int]]:
    """Bytes of each storage that a fused request moves: every stored operand and result once, intermediates not at all.

    The request is for *scale* timesteps x sequences, one of *groups* parts.
    """
    moved = [
        (inventory.stored[each.tensor], each.size_bytes * scale) for each in touched(draft, inventory, costs, groups)
    ]
    parameters = inventory.parameters.get(inventory.home[draft.operations[0]])
    if parameters is not None:
        moved.append((parameters, parameter_bytes(parameters, draft, groups)))
    return moved


def parameter_bytes(parameters: Storage, draft: Draft, groups: int) -> int:
    """Bytes of *parameters* that a request reads, one of *groups* parts of *draft*."""
    return parameters.buffer.slot_bytes // (groups if draft.grouped else 1)


def touched(draft: Draft, inventory: Inventory, costs: CostModel, groups: int) -> list[Touched]:
    """What a request for one of *groups* parts of *draft* reads or writes."""
    key = "traffic", tuple(draft.operations), groups
    return costs.once(key, lambda: _touched(draft, inventory, costs, groups))


def _touched(draft: Draft, inventory: Inventory, costs: CostModel, groups: int) -> list[Touched]:
    analysis = costs.analysis
    moved = {False: analysis.operands_of(draft.operations), True: analysis.results_of(draft.operations)}
    return [
        Touched(tensor, analysis.size(indices, groups) * inventory.width(tensor), write)
        for write, tensors in moved.items()
        for tensor, indices in tensors
    ]


def operands_by_weights(analysis: Analysis, projection: str) -> list[str]:
    """What *projection* multiplies by weights, a tensor for each product that it sums up."""
    products = analysis.operations[projection].equation.products
    operands = (reference for product in products for reference in (product.left, product.right))
    return [operand.tensor for operand in operands if operand.lag is not None]


def widths_by_weights(
    weights: WeightTiles, operands: Iterable[str], inventory: Inventory, costs: CostModel
) -> tuple[Widths, ...]:
    """Widths of the products of *weights* with each of these *operands*."""
    lying = (weights.used or weights.stored).element_bytes, costs.element_bytes, costs.accumulator_bytes
    return tuple(Widths(inventory.width(tensor), *lying) for tensor in operands)
