"""What requests of fused operations move between SRAM and their unit (docs/arrays.md, "What is moved")."""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction
from functools import cache
from math import ceil

from tests.support.legality.arrays import Fold, Size
from tests.support.legality.equations import Node
from tests.support.legality.program import Section

Streamed = dict[str, tuple[Size, Fold]]
"""Operation -> the matrix product that it is done as, and how that is folded."""


def operands(section: Section, names: Iterable[str], together: Iterable[str] | None = None) -> dict[str, list[str]]:
    """What operations read from memory that are done *together*, each tensor once: along where it is read the most."""
    found: dict[str, list[str]] = {}
    for name in names:
        for node in _from_memory(section, name, tuple(together or names)):
            axes = [axis.index for axis in node.axes if axis.index is not None]
            known = found.get(node.tensor)
            if known is None or section.size(axes) > section.size(known):
                found[node.tensor] = axes
    return found


def _from_memory(section: Section, name: str, together: tuple[str, ...]) -> list[Node]:
    """What an operation reads that none of those makes at the same time that are done *together* with it."""
    earlier = {node.tensor for node, back in section.reads(name) if back.stop > 1}
    return [
        node
        for node, _ in section.reads(name)
        if node.tensor in earlier or section.maker.get(node.tensor) not in together
    ]


def results(section: Section, names: Iterable[str]) -> dict[str, tuple[str, ...]]:
    """What fused operations write to memory: what others, later timesteps or other layers read."""
    found: dict[str, tuple[str, ...]] = {}
    for name in names:
        equation = section.operations[name].equation
        outside = (reader not in names or back.stop > 1 for reader, back in section.readers[equation.tensor])
        if equation.tensor in section.outputs or any(outside):
            found[equation.tensor] = equation.indices
    return found


def fused_bytes(section: Section, names: tuple[str, ...], scale: int, parts: int, streamed: Streamed) -> int:
    """Bytes between SRAM and unit for one of so many parts: of what is *streamed* for each fold, of all else once."""
    total, others = 0, [name for name in names if name not in streamed]
    made = results(section, names)
    once = [*operands(section, others, names).items()]
    once += [(tensor, axes) for tensor, axes in made.items() if section.maker[tensor] in others]
    for tensor, axes in once:
        total += section.size(axes, parts) * section.width(tensor) * scale
    for name, (size, fold) in streamed.items():
        total += _product_bytes(section, name, size, fold, names, made)
        again = Fraction(fold.right, size.batch * size.words * size.n) - 1
        total += ceil(parameters_bytes(section, (name,)) * again / parts)
    return total + parameters_bytes(section, names) // parts


def _product_bytes(
    section: Section, name: str, size: Size, fold: Fold, names: tuple[str, ...], made: Iterable[str]
) -> int:
    """Operands that come from memory, term by term, and the result, if it goes there, with the sums between folds."""
    product, tensor = section.products[name], section.operations[name].equation.tensor
    assert product is not None, "it is one"
    total = 0
    for node in _from_memory(section, name, names):
        of_rows = product.rows <= node.indices if product.rows else not product.columns <= node.indices
        elements = fold.left if of_rows else fold.right
        total += ceil(Fraction(elements * size.rate * section.width(node.tensor), product.terms))
    if tensor in made:
        finished, partial = size.batch * size.m * size.n, int(section.widths["accumulators"]) // 8
        total += finished * section.width(tensor) + (fold.results - finished + fold.read_back) * partial
    return total


@cache
def parameters_bytes(section: Section, names: tuple[str, ...]) -> int:
    """Bytes of the parameters that fused operations read."""
    tensors = dict.fromkeys(
        node.tensor
        for name in names
        for node in section.operations[name].equation.references
        if node.tensor in section.parameters
    )
    return sum(section.parameter_bytes(tensor) for tensor in tensors)
