"""How a matrix product is folded onto the MAC array: closed forms for each way to do it.

An (m, n, k) product on R x C PEs, in folds that follow one another. While a fold streams, the one before is shifted out
or the next one loaded (``turnover``), if folds overlap; ``fill`` cycles more pass from a fold's beginning until its
last sum, ``shift`` from there until that has left.

====================  =================================  ==========  ========  ===========  =====
dataflow              folds                              stream      turnover  fill         shift
====================  =================================  ==========  ========  ===========  =====
output-stationary     ceil(m/R) ceil(n/C)                k           R         R + C - 2    R
weight-stationary     ceil(k/R) ceil(n/C)                m           R         2R + C - 2   0
input-stationary      ceil(k/R) ceil(m/C)                n           R         2R + C - 2   0
dot product           m ceil(n/C)                        ceil(k/R)   0         log2 R       0
two to a fold         ceil(n / (R + C - 2m))             k           R         R + C - 2    R
====================  =================================  ==========  ========  ===========  =====

The first three are SCALE-Sim 3.0.0's, whose total cycles of serial folds, fill + stream each, are one less a product.
That an output-stationary array needs R cycles to shift out is what RTL of one shows, as is its period with overlapped
folds, the longer of stream and turnover.

*Dot product*: R elements of the summed index meet the weights of a column, and a tree adds them up, ceil(log2 R) deep,
so a column makes a result in ceil(k/R) cycles. The left operand is broadcast to all columns; of the right one R x C
elements come in every cycle, again for each row of the result: nothing is stationary but a column's sum.

*Two to a fold*: an output-stationary array whose PEs above the diagonal blocks belong to one product and those below it
to another. Rows 0 to m - 1 take the m rows of the left operand, columns m to C - 1 its wide operand; columns 0 to
m - 1 take m rows of a left operand again, rows m to R - 1 a wide one: m (C - m) and m (R - m) results. A product is
split between both, or two products of a batch on a square array are a pair: ceil(b ceil(n/(C - m)) / 2) folds. RTL has
shown it for m up to 8 (:data:`MOST_PACKED_ROWS`), on an array that knows nothing of it.

*Turned*: the product as its transpose, m and n exchanged. A weight-stationary array then is an input-stationary one.

*Fewer rows*: folds that stream for less time than the turnover of all rows takes may leave rows without work, a half,
three quarters and so on: outputs in the rows nearest to where results leave shift out through these alone, and
stationary operands in the rows nearest to where they enter are loaded through these alone. What passes the other rows
takes its time to fill all the same; RTL with row enables takes as long. So more rows never make an array slower.

*Edges* that take or give fewer elements in a cycle stretch what passes them. Of a fold with r x c PEs at work:
output-stationary stream max(k, k r / rows, k c / columns), turnover max(R, r c / results); stationary operand stream
max(m, m r / rows, m c / results), turnover max(R, r c / columns); dot product stream max(ceil(k/R), k / rows,
k c / columns, c / results). All folds of a product take as long as its fullest.

*Words*: where a PE does several MACs of narrow elements in a cycle (``Gemm.rate``), k counts words, in this table, at
the edges and in what is moved: a word has so many neighbours along k of either operand, and a PE adds up their products
in the cycle in which it takes them. That is how arrays that double their rate for half the bits do it (NVIDIA's dp4a,
the SDOT of Arm), and it leaves rows, columns and results as they are: what does not fill k in words gains less.

Moved between SRAM and array: each fold's operands, and results; partial sums of a stationary operand are read back and
written once for every further fold of k.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Literal, NamedTuple, Protocol

from hw.integers import ceil_div
from hw.mac_array import Dataflow, MacArraySpec
from hw.requests import Gemm

MOST_PACKED_ROWS = 8  # of a product that shares a fold; more of them are not shown by RTL

Sharing = Literal["none", "split", "pair"]


class Parts(Protocol):
    """How many parts of a size there are in a length: rounded up, or, for a bound, as a fraction."""

    def __call__(self, length: float, part: int, /) -> float: ...


def rounded_up(length: float, part: int) -> float:
    """As many parts as hold the *length*."""
    return ceil_div(int(length), part)


def in_fractions(length: float, part: int) -> float:
    """Parts and a fraction of one."""
    return length / part


class Way(NamedTuple):
    """A way to do a product: the dataflow, whether as its transpose, how a fold is shared, and the rows that it uses.

    None stands for all rows.
    """

    dataflow: Dataflow
    turned: bool = False
    sharing: Sharing = "none"
    rows: int | None = None


class Elements(NamedTuple):
    """Words of a product's operands, and elements of its results, that pass the array's edges."""

    left: float
    right: float
    result: float


class Folds(NamedTuple):
    """How a product is folded: see the table; cycles are those of one fold.

    All folds together move ``moved`` elements, and read back ``partial`` sums to add to them.
    """

    folds: float
    stream: float
    turnover: float
    fill: int
    shift: float
    moved: Elements
    partial: float = 0


class Cut(NamedTuple):
    """How m, n and k are cut into parts."""

    m: Parts = rounded_up
    n: Parts = rounded_up
    k: Parts = rounded_up


WHOLE, FRACTIONS = Cut(), Cut(in_fractions, in_fractions, in_fractions)
Form = Callable[[MacArraySpec, Gemm, Cut], Folds]


def ways(spec: MacArraySpec, gemm: Gemm) -> tuple[Way, ...]:
    """The ways to do *gemm* that differ; first those of the dataflow named first, as it is before turned."""
    known: dict[tuple[object, ...], Way] = {}
    for dataflow in spec.dataflow:
        for turned in (False, True):
            form, exchanged = _FORMS[dataflow]
            sides = turned != exchanged and not (form is _output_stationary and _symmetric(spec))
            known.setdefault((form, sides), Way(dataflow, turned))
            for sharing in _sharings(spec, _turned(gemm) if turned else gemm, form):
                known.setdefault((form, turned, sharing), Way(dataflow, turned, sharing))
    found = tuple(known.values())
    return (*found, *(few for way in found for few in _of_fewer_rows(spec, gemm, way)))


def _of_fewer_rows(spec: MacArraySpec, gemm: Gemm, way: Way) -> Iterator[Way]:
    """*way* in a half, a quarter ... of the rows, as long as their turnover hides no stream; either way round."""
    form, _ = _FORMS[way.dataflow]
    if spec.folds == "serial" or way.sharing == "pair" or form is _dot_product:
        return
    stream, rows = folded(spec, gemm, way).stream, spec.rows
    least = 2 * min(gemm.m, gemm.n) if way.sharing == "split" else 1
    while stream < rows and rows % 2 == 0 and rows // 2 >= least:
        rows //= 2
        yield way._replace(rows=rows)
        if form is _output_stationary and way.sharing == "none" and _symmetric(spec):
            yield way._replace(rows=rows, turned=not way.turned)


def folded(spec: MacArraySpec, gemm: Gemm, way: Way, cut: Cut = WHOLE) -> Folds:
    """*gemm* done in one *way*; a bound *cut*\\ s it into fractions of folds."""
    if way.rows is not None:
        found = folded(spec.model_copy(update={"rows": way.rows}), gemm, way._replace(rows=None), cut)
        return found._replace(fill=found.fill + spec.rows - way.rows)
    form, exchanged = _FORMS[way.dataflow]
    if way.sharing != "none":
        form = _SHARED[way.sharing]
    if way.turned == exchanged:
        return form(spec, gemm, cut)
    found = form(spec, _turned(gemm), Cut(cut.n, cut.m, cut.k))
    return found._replace(moved=Elements(found.moved.right, found.moved.left, found.moved.result))


def columns_of_a_fold(spec: MacArraySpec, gemm: Gemm, way: Way) -> int:
    """Of *gemm*'s n, how much a fold does: weights in tiles of multiples of it leave no PE idle that need not be."""
    whole_rows = spec.rows  # a multiple of fewer rows
    if way.rows is not None:
        spec = spec.model_copy(update={"rows": way.rows})
    _, exchanged = _FORMS[way.dataflow]
    if way.turned != exchanged and way.sharing == "none":
        return whole_rows
    if way.turned or way.sharing == "none":  # one that shares a fold turned has few columns, which it does all at once
        return spec.columns
    return spec.rows + spec.columns - 2 * gemm.m if way.sharing == "split" else spec.columns - gemm.m


def _turned(gemm: Gemm) -> Gemm:
    return gemm._replace(m=gemm.n, n=gemm.m)


def _symmetric(spec: MacArraySpec) -> bool:
    """Whether a stationary output takes as long either way round."""
    return spec.rows == spec.columns and spec.edges.rows == spec.edges.columns


def _sharings(spec: MacArraySpec, gemm: Gemm, form: Form) -> Iterator[Sharing]:
    """How *gemm* may share folds."""
    few = gemm.m <= MOST_PACKED_ROWS and 2 * gemm.m <= min(spec.rows, spec.columns)
    if spec.packing and few and form is _output_stationary:
        yield "split"
        if gemm.batch > 1 and spec.rows == spec.columns:
            yield "pair"


def _cycles(elements: int, a_cycle: int | None) -> int:
    """What *elements* take to pass an edge."""
    return 0 if a_cycle is None else ceil_div(elements, a_cycle)


def _output_stationary(spec: MacArraySpec, gemm: Gemm, cut: Cut) -> Folds:
    m, n, k, batch = gemm.sides
    rows, columns = min(m, spec.rows), min(n, spec.columns)
    stream = max(k, _cycles(k * rows, spec.edges.rows), _cycles(k * columns, spec.edges.columns))
    turnover = max(spec.rows, _cycles(rows * columns, spec.edges.results))
    down, across = cut.m(m, spec.rows), cut.n(n, spec.columns)
    moved = Elements(batch * across * m * k, batch * down * k * n, batch * m * n)
    return Folds(batch * down * across, stream, turnover, spec.rows + spec.columns - 2, turnover, moved)


def _stationary_operand(spec: MacArraySpec, gemm: Gemm, cut: Cut) -> Folds:
    """The right operand stays."""
    m, n, k, batch = gemm.sides
    rows, columns = min(k, spec.rows), min(n, spec.columns)
    stream = max(m, _cycles(m * rows, spec.edges.rows), _cycles(m * columns, spec.edges.results))
    load = max(spec.rows, _cycles(rows * columns, spec.edges.columns))
    down, across = cut.k(k, spec.rows), cut.n(n, spec.columns)
    moved = Elements(batch * across * m * k, batch * k * n, batch * down * m * n)
    fill = load + spec.rows + spec.columns - 2
    return Folds(batch * down * across, stream, load, fill, 0, moved, partial=moved.result - batch * m * n)


def _dot_product(spec: MacArraySpec, gemm: Gemm, cut: Cut) -> Folds:
    m, n, k, batch = gemm.sides
    columns, edges = min(n, spec.columns), spec.edges
    passing = (_cycles(k, edges.rows), _cycles(k * columns, edges.columns), _cycles(columns, edges.results))
    across = cut.n(n, spec.columns)
    moved = Elements(batch * across * m * k, batch * m * k * n, batch * m * n)
    rows = batch * cut.m(m, 1)
    return Folds(rows * across, max(cut.k(k, spec.rows), *passing), 0, (spec.rows - 1).bit_length(), 0, moved)


def _split(spec: MacArraySpec, gemm: Gemm, cut: Cut) -> Folds:
    wide = spec.rows + spec.columns - 2 * gemm.m
    folds = gemm.batch * cut.n(gemm.n, wide)
    return _packed(spec, gemm, folds, 2 * folds)


def _pair(spec: MacArraySpec, gemm: Gemm, cut: Cut) -> Folds:
    halves = gemm.batch * cut.n(gemm.n, spec.columns - gemm.m)
    return _packed(spec, gemm, cut.n(halves, 2), halves)


def _packed(spec: MacArraySpec, gemm: Gemm, folds: float, halves: float) -> Folds:
    """*folds* of which both sides stream all that they have; the few rows once for each of *halves*."""
    m, n, k, batch = gemm.sides
    stream = max(k, _cycles(k * spec.rows, spec.edges.rows), _cycles(k * spec.columns, spec.edges.columns))
    turnover = max(spec.rows, _cycles(m * (spec.rows + spec.columns - 2 * m), spec.edges.results))
    moved = Elements(halves * m * k, batch * k * n, batch * m * n)
    return Folds(folds, stream, turnover, spec.rows + spec.columns - 2, turnover, moved)


_FORMS: dict[Dataflow, tuple[Form, bool]] = {
    "weight_stationary": (_stationary_operand, False),
    "output_stationary": (_output_stationary, False),
    "input_stationary": (_stationary_operand, True),
    "dot_product": (_dot_product, False),
}
"""Dataflow -> its form, and whether that is of the product with its operands exchanged."""
_SHARED: dict[Sharing, Form] = {"split": _split, "pair": _pair}
