"""What a compute request is: products, passes, and how long they take, from its operations' equations."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from math import ceil
from typing import Any

from tests.support.legality.arrays import Fold, Size, Widths, moved_bytes, quickest
from tests.support.legality.equations import Pass
from tests.support.legality.lanes import Duration, in_special_functions, on_lanes, up
from tests.support.legality.moved import Streamed, fused_bytes, operands, results
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
        passes = [_passes(section, name, scale, request.parts) for name in request.operations]
        if unit["kind"] == "mac_array":
            return _on_array(request, unit, scale, passes)
        moved = fused_bytes(section, request.operations, scale, request.parts, {})
        if unit["kind"] == "special_functions":
            return Told([(in_special_functions(unit, passes), moved)])
        return Told([(on_lanes(unit, unit["lanes"], [each for own in passes for each in own]), moved)])


def _on_array(request: Request, array: dict[str, Any], scale: int, passes: list[list[Pass]]) -> Told:
    """Operations one after the other, each as a product or on the PEs, whichever is quicker by itself."""
    section, parts, names = request.section, request.parts, request.operations
    found: list[tuple[Duration, Streamed]] = [(Duration(0), {})]
    elementwise, by_passes = Duration(0), list[str]()
    for name, own in zip(names, passes, strict=True):
        ways = _ways(section, array, name, own, scale, parts)
        if not ways:
            by_passes.append(name)
            took = _on_pes(array, own)
            elementwise = elementwise.then(took)
            found = [(before.then(took), streamed) for before, streamed in found]
        else:
            found = [(a.then(b), {**streamed, name: fold}) for a, streamed in found for b, fold in ways]
    waits = _at_sides(section, array, by_passes, elementwise, scale, parts) - elementwise.cycles
    told = [
        (took._replace(cycles=took.cycles + waits), fused_bytes(section, names, scale, parts, streamed))
        for took, streamed in found
    ]
    return Told(told, tuple(name for name in names if name not in by_passes))


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
) -> list[tuple[Duration, tuple[Size, Fold]]]:
    """How long an array takes for an operation as a product, folded so; nothing where its PEs do it, as is quicker."""
    product = section.products[name]
    able = array["elementwise"] is not None and all(_in_table(array["elementwise"], each) for each in passes)
    instead = section.data["elementwise_contractions"] and array["elementwise"] is not None
    if product is None or instead or not _takes(array, _bits(section, name)):
        return []
    size = _size(section, name, array, parts)
    size = size._replace(batch=size.batch * scale)
    quick = quickest(array, size)
    if able and _at_sides(section, array, [name], _on_pes(array, passes), scale, parts) <= quick[0][0].cycles:
        return []
    return [(took, (size, fold)) for took, fold in quick]


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
    taken_in = sum(section.size(axes, parts) for axes in operands(section, names).values()) * scale
    parameters = {
        node.tensor: [axis.index for axis in node.axes if axis.index is not None]
        for name in names
        for node in section.operations[name].equation.references
        if node.lag is None
    }
    taken_in += sum(section.size(axes, parts, whole=True) for axes in parameters.values())
    come_out = sum(section.size(axes, parts) for axes in results(section, names).values()) * scale
    return max(took.cycles, up(taken_in, taken), up(come_out, given))


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
    multiplied = [n.tensor for n in section.operations[name].equation.references if n.tensor not in section.parameters]
    bits = max(8 * section.width(each) for each in multiplied)
    size = Size(tile.products, rows, tile.columns, tile.depth, _rate(array, request.stream.weight_bits, bits))
    found: list[Way] = []
    for took, fold in quickest(array, size):
        each = [ceil(moved_bytes(size, fold, _widths(request, tensor))) for tensor in multiplied]
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
