"""What a compute request is: products, passes, and what it moves, from its operations' equations."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from math import ceil
from typing import Any

from tests.support.legality.arrays import Size, Widths, moved_bytes, quickest
from tests.support.legality.equations import Pass
from tests.support.legality.lanes import Duration, in_special_functions, on_lanes, up
from tests.support.legality.program import Section, Weights
from tests.support.legality.requests import NO_ITEM, Request, user_of

Way = tuple[Duration, int]
"""How long a request takes, and the bytes that it moves."""


@dataclass(frozen=True)
class Told:
    """The ways in which a request may be done, and which of its operations are then matrix products.

    There are several only where the documented rule leaves open which of equally quick ones is taken.
    """

    ways: list[Way]
    products: tuple[str, ...] = ()


class Work:
    """Durations and bytes of requests, each kind of request once."""

    def __init__(self, compute: dict[str, dict[str, Any]]) -> None:
        self._compute = compute
        self._known: dict[tuple[object, ...], Told] = {}

    def of(self, request: Request) -> Told:
        """What is told of a request."""
        section, stream = request.section, request.stream
        steps = 1 if _final(request) else request.steps
        tile = _tile(request)
        shape = None if tile is None else (tile.products, tile.depth, tile.columns)
        key = section.number, stream.name, request.operations, steps, request.parts, shape
        if key not in self._known:
            self._known[key] = self._of(request, steps * section.batch)
        return self._known[key]

    def _of(self, request: Request, scale: int) -> Told:
        section, stream, unit = request.section, request.stream, self._compute[request.stream.unit]
        if stream.converts:
            return Told([_conversion(request, unit)])
        if stream.tiles:
            return Told(_projection(request, unit, scale), request.operations)
        moved = _fused_bytes(section, request.operations, scale, request.parts)
        passes = [_passes(section, name, scale, request.parts) for name in request.operations]
        if unit["kind"] == "mac_array":
            durations, products = _on_array(request, unit, scale, passes)
            return Told([(took, moved) for took in durations], products)
        if unit["kind"] == "special_functions":
            return Told([(in_special_functions(unit, passes), moved)])
        return Told([(on_lanes(unit, unit["lanes"], [each for own in passes for each in own]), moved)])


def _on_array(
    request: Request, array: dict[str, Any], scale: int, passes: list[list[Pass]]
) -> tuple[list[Duration], tuple[str, ...]]:
    """Operations one after the other, each as a product or on the PEs, whichever is quicker by itself."""
    section, parts = request.section, request.parts
    found, elementwise, by_passes = [Duration(0)], Duration(0), list[str]()
    for name, own in zip(request.operations, passes, strict=True):
        ways, on_pes = _ways(section, array, name, own, scale, parts)
        if on_pes:
            by_passes.append(name)
            ways = [_on_pes(array, own)]
            elementwise = elementwise.then(ways[0])
        found = [before.then(way) for before in found for way in ways]
    waits = _at_sides(section, array, by_passes, elementwise, scale, parts) - elementwise.cycles
    products = tuple(name for name in request.operations if name not in by_passes)
    return [each._replace(cycles=each.cycles + waits) for each in found], products


def _tile(request: Request) -> Weights | None:
    """The tile of weights that a request is about, if it is about one."""
    stream = user_of(request.section, request.stream) if request.stream.converts else request.stream
    return stream.tiles[request.item] if stream.tiles and request.item != NO_ITEM else None


def _final(request: Request) -> bool:
    return any(request.section.operations[name].final for name in request.operations)


def _passes(section: Section, name: str, scale: int, parts: int) -> list[Pass]:
    """The passes of an operation, for so many timesteps of sequences, of one part."""
    sizes = dict(section.worked)
    if parts > 1 and section.index is not None:
        sizes[section.index] //= parts
    found = section.operations[name].equation.passes(sizes)
    return [Pass(p.function, p.points * scale, p.results * scale, p.chain) for p in found]


def _ways(
    section: Section, array: dict[str, Any], name: str, passes: list[Pass], scale: int, parts: int
) -> tuple[list[Duration], bool]:
    """How long an array takes for an operation, and whether its PEs do it an element at a time."""
    product = section.products[name]
    able = array["elementwise"] is not None and all(_in_table(array["elementwise"], each) for each in passes)
    ways: list[tuple[list[Duration], bool]] = []
    if able:
        took = _on_pes(array, passes)
        ways.append(([took._replace(cycles=_at_sides(section, array, [name], took, scale, parts))], True))
    instead = section.data["elementwise_contractions"] and array["elementwise"] is not None
    if product is not None and not instead and _takes(array, _bits(section, name)):
        size = _size(section, name, array, parts)
        quick = quickest(array, size._replace(batch=size.batch * scale))
        ways.append(([took for took, _ in quick], False))
    return min(ways, key=lambda way: way[0][0].cycles)


def _in_table(table: dict[str, Any], step: Pass) -> bool:
    needed = (step.function,) if step.function != "fma" else () if table["fma"] else ("mul", "add")
    return all(name in table["cycles"] for name in needed)


def _on_pes(array: dict[str, Any], passes: list[Pass]) -> Duration:
    return on_lanes(array["elementwise"], array["rows"] * array["columns"], passes)


def _at_sides(section: Section, array: dict[str, Any], names: list[str], took: Duration, scale: int, parts: int) -> int:
    """Cycles of elementwise work, or as long as its operands and results take to pass the sides (docs/arrays.md)."""
    if not names or array["elementwise"]["fed_by"] != "edges":
        return took.cycles
    edges = array["edges"]
    taken = (edges["rows"] or array["rows"]) + (edges["columns"] or array["columns"])
    given = edges["results"] or array["columns"]
    operands = sum(section.size(axes, parts) for axes in _operands(section, names).values()) * scale
    parameters = {
        node.tensor: [axis.index for axis in node.axes if axis.index is not None]
        for name in names
        for node in section.operations[name].equation.references
        if node.lag is None
    }
    operands += sum(section.size(axes, parts, whole=True) for axes in parameters.values())
    results = sum(section.size(axes, parts) for axes in _results(section, names).values()) * scale
    return max(took.cycles, up(operands, taken), up(results, given))


def _bits(section: Section, name: str) -> int:
    """Bits of the operands of a contraction: both count as wide as the wider one."""
    return max(8 * section.width(node.tensor) for node in section.operations[name].equation.references)


def _takes(array: dict[str, Any], bits: int) -> bool:
    """Whether PEs multiply activations of so many bits (docs/precision.md)."""
    return array["types"] is None or f"w{bits}a{bits}" in (*array["types"], *array["rates"])


def _rate(array: dict[str, Any], weight_bits: int, bits: int) -> int:
    """MACs that a PE does in a cycle (docs/precision.md)."""
    return int(array["rates"].get(f"w{weight_bits}a{bits}", 1))


def _size(section: Section, name: str, array: dict[str, Any], parts: int) -> Size:
    """The product that an operation is, for a timestep of a sequence; repeats are in its batch."""
    product, bits = section.products[name], _bits(section, name)
    assert product is not None, "it is one"
    batch, m, n, k = (
        section.size(axes, parts, whole=True) for axes in (product.batch, product.rows, product.columns, product.summed)
    )
    return Size(batch, m, n, k * product.terms, _rate(array, bits, bits))


def _projection(request: Request, array: dict[str, Any], scale: int) -> list[Way]:
    """A tile of weights: its rows are those of all timesteps and sequences that choose it."""
    section, (name,) = request.section, request.operations
    tile, product = _tile(request), section.products[name]
    if tile is None or product is None:
        return []
    rows = ceil(section.size(product.rows, whole=True) * scale * section.share(name))
    operands = [n.tensor for n in section.operations[name].equation.references if n.tensor not in section.parameters]
    bits = max(8 * section.width(each) for each in operands)
    size = Size(tile.products, rows, tile.columns, tile.depth, _rate(array, request.stream.weight_bits, bits))
    found: list[Way] = []
    for took, fold in quickest(array, size):
        each = [ceil(moved_bytes(size, fold, _widths(request, tensor))) for tensor in operands]
        found.append((took, -(-sum(each) // len(each))))
    return found


def _widths(request: Request, operand: str) -> Widths:
    """Of a projection that multiplies *operand* by weights, which have their share of a scale with them."""
    widths, bits = request.section.widths, request.stream.weight_bits
    stored = bits == widths["weights"] and widths["group"]
    scale = Fraction(widths["scale"], widths["group"]) if stored else Fraction(0)
    result, partial = (Fraction(int(widths[key]), 8) for key in ("activations", "accumulators"))
    return Widths(Fraction(request.section.width(operand)), (bits + scale) / 8, result, partial)


def _conversion(request: Request, unit: dict[str, Any]) -> Way:
    """A tile of weights, dequantised: a multiplication each (docs/precision.md)."""
    section = request.section
    user, tile = user_of(section, request.stream), _tile(request)
    if tile is None:
        return Duration(0), 0
    columns = tile.products * tile.columns
    moved = section.weight_bytes(tile.depth, columns) + section.weight_bytes(tile.depth, columns, user.weight_bits)
    passes = [Pass("mul", tile.elements, tile.elements)]
    return on_lanes(unit, unit["lanes"], passes), moved


def _operands(section: Section, names: tuple[str, ...] | list[str]) -> dict[str, list[str]]:
    """What fused operations read from memory, each tensor once, along these indices: where it is read the most."""
    found: dict[str, list[str]] = {}
    for name in names:
        earlier = {n.tensor for n, back in section.reads(name) if back.stop > 1}
        for node, _ in section.reads(name):
            if node.tensor in earlier or section.maker.get(node.tensor) not in names:
                axes = [axis.index for axis in node.axes if axis.index is not None]
                known = found.get(node.tensor)
                if known is None or section.size(axes) > section.size(known):
                    found[node.tensor] = axes
    return found


def _results(section: Section, names: tuple[str, ...] | list[str]) -> dict[str, tuple[str, ...]]:
    """What fused operations write to memory: what others, later timesteps or other layers read."""
    found: dict[str, tuple[str, ...]] = {}
    for name in names:
        equation = section.operations[name].equation
        outside = (reader not in names or back.stop > 1 for reader, back in section.readers[equation.tensor])
        if equation.tensor in section.outputs or any(outside):
            found[equation.tensor] = equation.indices
    return found


def _fused_bytes(section: Section, names: tuple[str, ...], scale: int, parts: int) -> int:
    """Bytes between SRAM and unit: stored operands and results once, parameters once for each part."""
    total = 0
    for tensor, axes in (*_operands(section, names).items(), *_results(section, names).items()):
        total += section.size(axes, parts) * section.width(tensor) * scale
    return total + parameters_bytes(section, names) // parts


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
