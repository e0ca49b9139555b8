"""What requests move between their unit and the SRAM."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from math import ceil
from typing import NamedTuple

from hw.gemm import Widths
from sim.lowering.analysis import Analysis
from sim.lowering.buffers import Inventory, Storage
from sim.lowering.costs import CostModel
from sim.lowering.fusion import Draft
from sim.lowering.weight_tiles import WeightTiles
from workloads.contractions import sides


class Touched(NamedTuple):
    """A tensor that a request reads or writes for an operation, with its bytes in all."""

    tensor: str
    size_bytes: int
    write: bool
    operation: str


def moved_by(
    draft: Draft, inventory: Inventory, costs: CostModel, scale: int, groups: int
) -> list[tuple[Storage, int]]:
    """Bytes of each storage that a fused request moves, for *scale* timesteps x sequences, one of *groups* parts."""
    moved = [
        (inventory.stored[each.tensor], each.size_bytes) for each in touched(draft, inventory, costs, scale, groups)
    ]
    parameters = inventory.parameters.get(inventory.home[draft.operations[0]])
    if parameters is not None:
        moved.append((parameters, parameter_bytes(draft, inventory, costs, scale, groups)))
    return moved


def parameter_bytes(draft: Draft, inventory: Inventory, costs: CostModel, scale: int, groups: int) -> int:
    """Bytes of parameters that a fused request reads: once, and again for what further folds of a product stream in."""
    again = 0
    for name in _products(draft, costs, scale, groups):
        gemm = costs.gemm(name, draft.unit, scale, groups)
        streamed = costs.arrays[draft.unit].moved(gemm, Widths(0, 1, 0)).right / gemm.rate
        times = streamed / (gemm.batch * gemm.words * gemm.n)
        own = sum(map(inventory.parameter_bytes, costs.analysis.weights[name]))
        again += ceil(own * (times - 1) / groups)
    return inventory.parameters[inventory.home[draft.operations[0]]].buffer.slot_bytes // groups + again


def touched(draft: Draft, inventory: Inventory, costs: CostModel, scale: int, groups: int) -> list[Touched]:
    """What a fused request reads or writes, but for parameters.

    Elementwise operations read each stored operand once, and write results that others need. A matrix product streams
    its operands in for every fold (hw/gemm.py), as a batched projection does, and its result out, with the sums between
    folds. What operations of a request hand on to each other stays in their unit.
    """
    key = "traffic", tuple(draft.operations), draft.unit, scale, groups
    return costs.once(key, lambda: _Traffic(draft, inventory, costs, scale, groups).all)


def _products(draft: Draft, costs: CostModel, scale: int, groups: int) -> list[str]:
    """The operations of *draft* that an array does as matrix products."""
    return [name for name in draft.operations if costs.is_product(name, draft.unit, scale, groups)]


class _Traffic:
    """What one request of *draft* moves."""

    def __init__(self, draft: Draft, inventory: Inventory, costs: CostModel, scale: int, groups: int) -> None:
        self._inventory, self._costs, self._analysis = inventory, costs, costs.analysis
        self._unit, self._names, self._scale, self._groups = draft.unit, draft.operations, scale, groups
        self._products = _products(draft, costs, scale, groups)
        self._written = dict(self._analysis.results_of(self._names))

    @property
    def all(self) -> list[Touched]:
        """Operands and results of elementwise operations, then of products."""
        products = (each for name in self._products for each in self._streamed(name))
        return [*self._read_once(), *self._elementwise_results(), *products]

    def _read_once(self) -> Iterator[Touched]:
        names = [name for name in self._names if name not in self._products]
        references = self._analysis.references_of(names)
        first = {reference.tensor: name for name, reference in reversed(references)}
        for tensor, indices in self._analysis.operands_of(names, self._names):
            yield Touched(tensor, self._size_bytes(tensor, indices), False, first[tensor])

    def _elementwise_results(self) -> Iterator[Touched]:
        for tensor, indices in self._written.items():
            name = self._analysis.graph.producer[tensor]
            if name not in self._products:
                yield Touched(tensor, self._size_bytes(tensor, indices), True, name)

    def _size_bytes(self, tensor: str, indices: tuple[str, ...]) -> int:
        return self._analysis.size(indices, self._groups) * self._inventory.width(tensor) * self._scale

    def _streamed(self, name: str) -> Iterator[Touched]:
        equation, width = self._analysis.operations[name].equation, self._inventory.width
        gemm, array = self._costs.gemm(name, self._unit, self._scale, self._groups), self._costs.arrays[self._unit]
        widths = Widths(1, 1, width(equation.tensor), self._costs.accumulator_bytes)
        moved = array.moved(gemm, widths)
        for product in equation.products:
            for reference, elements in zip(sides(product), (moved.left, moved.right), strict=True):
                given = reference.lag is None
                if not given and self._analysis.comes_from_outside(reference.tensor, name, self._names):
                    size = ceil(elements * width(reference.tensor) / len(equation.products))
                    yield Touched(reference.tensor, size, False, name)
        if equation.tensor in self._written:
            yield Touched(equation.tensor, ceil(moved.result), True, name)
            if moved.partial:
                yield Touched(equation.tensor, ceil(moved.partial), False, name)


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
