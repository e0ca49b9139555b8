"""How long a matrix product takes on an array, and what it moves: the table of docs/arrays.md, way by way."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from typing import Any, NamedTuple

from tests.support.legality.lanes import Duration, up

MOST_ROWS_TWO_TO_A_FOLD = 8


class Size(NamedTuple):
    """A batch of products (m, k) by (k, n), where k counts words of ``rate`` elements."""

    batch: int
    m: int
    n: int
    k: int
    rate: int = 1

    @property
    def words(self) -> int:
        """k in words."""
        return up(self.k, self.rate)

    @property
    def transposed(self) -> Size:
        """The product as its transpose."""
        return self._replace(m=self.n, n=self.m)


class Widths(NamedTuple):
    """Bytes of an element of the (m, k) operand, of the (k, n) operand, of results, and of sums between folds."""

    left: Fraction
    right: Fraction
    result: Fraction
    partial: Fraction


class Fold(NamedTuple):
    """A product in folds: see the table; elements of the operands and of results that cross the array's border."""

    folds: int
    stream: int
    beside: int
    last_sum: int
    out: int
    left: int  # of the (m, k) operand
    right: int  # of the (k, n) operand
    results: int
    read_back: int = 0
    as_scale_sim: bool = True  # whose total is one cycle less a product; dot products it does not know

    @property
    def moved(self) -> int:
        """Elements in all."""
        return self.left + self.right + self.results + self.read_back

    @property
    def exchanged(self) -> Fold:
        """The same where the operands have changed places."""
        return self._replace(left=self.right, right=self.left)


def ways(array: dict[str, Any], size: Size) -> Iterator[Fold]:
    """The product in each way that the array has, as it is and turned round."""
    for dataflow in array["dataflow"]:
        yield from _of_dataflow(array, size, dataflow)
        yield from (fold.exchanged for fold in _of_dataflow(array, size.transposed, dataflow))


def _of_dataflow(array: dict[str, Any], size: Size, dataflow: str) -> Iterator[Fold]:
    if dataflow == "dot_product":
        yield _dot_product(array, size)
    elif dataflow == "output_stationary":
        yield from _in_fewer_rows(array, size, _outputs_stay, 1)
        yield from _shared(array, size)
    elif dataflow == "weight_stationary":
        yield from _in_fewer_rows(array, size, _operand_stays, 1)
    else:
        yield from (fold.exchanged for fold in _in_fewer_rows(array, size.transposed, _operand_stays, 1))


def _shared(array: dict[str, Any], size: Size) -> Iterator[Fold]:
    """Two to a fold."""
    few = size.m <= MOST_ROWS_TWO_TO_A_FOLD and 2 * size.m <= min(array["rows"], array["columns"])
    if array["packing"] and few:
        yield from _in_fewer_rows(array, size, _split, 2 * size.m)
        if size.batch > 1 and array["rows"] == array["columns"]:
            yield _pairs(array, size)


def _in_fewer_rows(array: dict[str, Any], size: Size, form: Any, least: int) -> Iterator[Fold]:
    """In all rows, and in a half, a quarter ... of them while a fold streams for fewer cycles than that."""
    found = form(array, size)
    yield found
    rows = array["rows"]
    while array["folds"] == "overlapped" and found.stream < rows and rows % 2 == 0 and rows // 2 >= least:
        rows //= 2
        fold = form({**array, "rows": rows}, size)
        yield fold._replace(last_sum=fold.last_sum + array["rows"] - rows)


def _at(array: dict[str, Any], side: str, elements: int) -> int:
    """Cycles in which *elements* pass a side."""
    rate = array["edges"][side]
    return 0 if rate is None else up(elements, rate)


def _outputs_stay(array: dict[str, Any], s: Size) -> Fold:
    rows, columns = array["rows"], array["columns"]
    r, c = min(s.m, rows), min(s.n, columns)
    stream = max(s.words, _at(array, "rows", s.words * r), _at(array, "columns", s.words * c))
    beside = max(rows, _at(array, "results", r * c))
    down, across = up(s.m, rows), up(s.n, columns)
    return Fold(
        s.batch * down * across, stream, beside, rows + columns - 2, beside,
        s.batch * across * s.m * s.words, s.batch * down * s.words * s.n, s.batch * s.m * s.n,
    )  # fmt: skip


def _operand_stays(array: dict[str, Any], s: Size) -> Fold:
    rows, columns = array["rows"], array["columns"]
    r, c = min(s.words, rows), min(s.n, columns)
    stream = max(s.m, _at(array, "rows", s.m * r), _at(array, "results", s.m * c))
    load = max(rows, _at(array, "columns", r * c))
    down, across, results = up(s.words, rows), up(s.n, columns), s.batch * s.m * s.n
    return Fold(
        s.batch * down * across, stream, load, load + rows + columns - 2, 0,
        s.batch * across * s.m * s.words, s.batch * s.words * s.n, down * results, (down - 1) * results,
    )  # fmt: skip


def _dot_product(array: dict[str, Any], s: Size) -> Fold:
    rows, columns = array["rows"], array["columns"]
    c, across = min(s.n, columns), up(s.n, columns)
    passing = _at(array, "rows", s.words), _at(array, "columns", s.words * c), _at(array, "results", c)
    stream = max(up(s.words, rows), *passing)
    return Fold(
        s.batch * s.m * across, stream, 0, (rows - 1).bit_length(), 0,
        s.batch * across * s.m * s.words, s.batch * s.m * s.words * s.n, s.batch * s.m * s.n, as_scale_sim=False,
    )  # fmt: skip


def _split(array: dict[str, Any], s: Size) -> Fold:
    folds = s.batch * up(s.n, array["rows"] + array["columns"] - 2 * s.m)
    return _two(array, s, folds, 2 * folds)


def _pairs(array: dict[str, Any], s: Size) -> Fold:
    halves = s.batch * up(s.n, array["columns"] - s.m)
    return _two(array, s, up(halves, 2), halves)


def _two(array: dict[str, Any], s: Size, folds: int, halves: int) -> Fold:
    rows, columns = array["rows"], array["columns"]
    stream = max(s.words, _at(array, "rows", s.words * rows), _at(array, "columns", s.words * columns))
    beside = max(rows, _at(array, "results", s.m * (rows + columns - 2 * s.m)))
    return Fold(
        folds, stream, beside, rows + columns - 2, beside,
        halves * s.m * s.words, s.batch * s.words * s.n, s.batch * s.m * s.n,
    )  # fmt: skip


def duration(array: dict[str, Any], size: Size, fold: Fold) -> Duration:
    """Cycles of the array, and from then until the last result is out, of one way to fold a product."""
    if array["folds"] == "serial":
        less = min(size.batch, fold.folds) if fold.as_scale_sim else 0
        period = max(fold.stream + fold.last_sum, fold.beside)
        return Duration(max(fold.folds * fold.stream, fold.folds * period - less))
    period = max(fold.stream, fold.beside)
    last = (fold.folds - 1) * period + fold.last_sum + fold.stream + fold.out
    return Duration(fold.folds * period, last - fold.folds * period)


def quickest(array: dict[str, Any], size: Size) -> list[tuple[Duration, Fold]]:
    """The quickest ways, and of these those that move the fewest elements."""
    found = [(duration(array, size, fold), fold) for fold in ways(array, size)]
    least = min((took.cycles, fold.moved) for took, fold in found)
    return [each for each in found if (each[0].cycles, each[1].moved) == least]


def moved_bytes(size: Size, fold: Fold, widths: Widths) -> Fraction:
    """Bytes between SRAM and array; elements of operands come in words."""
    finished = size.batch * size.m * size.n
    written = finished * widths.result + (fold.results - finished) * widths.partial
    operands = (fold.left * widths.left + fold.right * widths.right) * size.rate
    return operands + written + fold.read_back * widths.partial
