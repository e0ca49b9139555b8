"""The weights of projections in tiles: how a matrix is cut, and how its tiles are dealt out between equal arrays.

Whole columns of tiles are dealt out: the tiles of a column, one below the other, accumulate one partial sum, and so do
those of all blocks where a projection sums over them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from math import ceil
from typing import NamedTuple

import numpy as np

from hw.integers import ceil_div
from hw.requests import Gemm
from sim.lowering.order import Numbers, Segment
from workloads.precision import WeightFormat

Column = tuple[Gemm, ...]
"""Tiles that are as wide and, one below the other, as deep as all of the matrix."""


class Cut(NamedTuple):
    """The weights of the projection ``part`` for one block (None: for all), in columns of tiles, in their order.

    Where it ``accumulates``, the blocks are summed up: columns of the same number are of one partial sum. Of all rows,
    a tile has the ``share`` that choose its weights.
    """

    part: str
    block: int | None
    columns: Sequence[Column]
    accumulates: bool = False
    share: Fraction = Fraction(1)


@dataclass(frozen=True, eq=False)
class WeightTiles:
    """The weights of the projections of a stream in tiles: ``segments`` in the order of use, and which tile has what.

    ``shapes`` are the GEMMs of one timestep of one sequence that differ, as if it chose all weights, and ``shares`` how
    much of their rows there is; ``numbers`` says which of them each tile does. ``stored`` says how they lie in memory,
    ``used`` how they do where they have been dequantised for the array.
    """

    segments: tuple[Segment, ...]
    shapes: tuple[Gemm, ...]
    shares: tuple[Fraction, ...]
    numbers: Numbers
    stored: WeightFormat
    used: WeightFormat | None = None

    @classmethod
    def of(cls, cuts: Sequence[Cut], stored: WeightFormat, used: WeightFormat | None) -> WeightTiles:
        """The tiles of *cuts*, one after the other."""
        known: dict[tuple[Gemm, Fraction], int] = {}
        segments, numbers = list[Segment](), list[int]()
        for cut in cuts:
            of_column: dict[int, list[int]] = {}  # columns that are alike are one object
            before = len(numbers)
            for column in cut.columns:
                if id(column) not in of_column:
                    of_column[id(column)] = [known.setdefault((tile, cut.share), len(known)) for tile in column]
                numbers += of_column[id(column)]
            segments.append(Segment(cut.part, cut.block, len(numbers) - before))
        shapes, shares = tuple(shape for shape, _ in known), tuple(share for _, share in known)
        return cls(tuple(segments), shapes, shares, np.array(numbers, np.int64), stored, used)

    def products(self, rows: int) -> list[Gemm]:
        """What each of the shapes is for so many *rows*: timesteps of all sequences."""
        both = zip(self.shapes, self.shares, strict=True)
        return [shape._replace(m=ceil(shape.m * rows * share)) for shape, share in both]

    @cached_property
    def elements(self) -> Numbers:
        """Weights in each tile."""
        return np.array([_elements(gemm) for gemm in self.shapes], np.int64)[self.numbers]

    def macs(self, part: str) -> int:
        """MACs of the tiles of the projection *part*, for one timestep of one sequence."""
        own = np.repeat([segment.part == part for segment in self.segments], [each.items for each in self.segments])
        of_each = [shape.macs * share for shape, share in zip(self.shapes, self.shares, strict=True)]
        return round(sum((of_each[number] for number in self.numbers[own].tolist()), Fraction(0)))

    @cached_property
    def sizes(self) -> Numbers:
        """Bytes of each tile, the scales of its groups included."""
        return np.array([tile_bytes(gemm, self.stored) for gemm in self.shapes], np.int64)[self.numbers]

    @cached_property
    def cut(self) -> tuple[object, ...]:
        """What is equal for weights that are cut alike."""
        return self.segments, self.shapes, self.shares, self.numbers.tobytes()

    @cached_property
    def largest(self) -> int:
        """Bytes of the largest tile."""
        return int(self.sizes.max())

    @cached_property
    def largest_used(self) -> int:
        """Bytes of the largest tile that has been dequantised; 0 if none is."""
        return 0 if self.used is None else max(tile_bytes(gemm, self.used) for gemm in self.shapes)

    @cached_property
    def total(self) -> int:
        """Bytes of all tiles."""
        return int(self.sizes.sum())


def _elements(gemm: Gemm) -> int:
    return gemm.batch * gemm.n * gemm.k


def tile_bytes(gemm: Gemm, lying: WeightFormat) -> int:
    """Bytes of the tile of weights that *gemm* multiplies by, *lying* so."""
    return lying.size_bytes(gemm.k, gemm.batch * gemm.n)


def weight_columns(gemm: Gemm, shape: tuple[int, int], most_elements: int) -> list[Column]:
    """Cut the weights of *gemm* (k x n) into tiles of at most *most_elements*, in the order of their use.

    *shape* is (rows of the array, columns of the weights that a fold does). Tiles are full folds wide. Only where one
    such tile is too large, k is cut as well: evenly, in whole words, never below as many as the array has rows; the
    partial sums accumulate.
    """
    rows, columns = shape
    width = min(gemm.n, columns)
    parts = max(1, min(ceil_div(gemm.k * width, most_elements), gemm.words // rows))
    depth = ceil_div(gemm.words, parts) * gemm.rate
    if parts == 1:
        width = min(gemm.n, max(1, most_elements // (gemm.k * columns)) * columns)
    depths = [min(depth, gemm.k - bottom) for bottom in range(0, gemm.k, depth)]
    full, rest = divmod(gemm.n, width)
    widths = [width] * full + [rest] * bool(rest)
    made = {wide: tuple(gemm._replace(n=wide, k=each) for each in depths) for wide in set(widths)}
    return [made[wide] for wide in widths]


def deal(cuts: Sequence[Cut], parts: Sequence[int]) -> list[list[Cut]]:
    """*cuts* dealt out in shares of so many *parts*, which keep their order.

    Each column goes where the weights then are the fewest for a part. A share has every cut of the projections of which
    it has a column, be it without columns; none of the others.
    """
    weights = [0] * len(parts)
    some = [number for number, part in enumerate(parts) if part]
    shares: list[list[Cut]] = [[] for _ in parts]
    owner: dict[tuple[str, int], int] = {}  # of each partial sum
    for cut in cuts:
        own: list[list[Column]] = [[] for _ in parts]
        for number, column in enumerate(cut.columns):
            more = sum(map(_elements, column))
            least = min(some, key=lambda each: Fraction(weights[each] + more, parts[each]))
            if cut.accumulates:
                least = owner.setdefault((cut.part, number), least)
            own[least].append(column)
            weights[least] += more
        for share, columns in zip(shares, own, strict=True):
            share.append(cut._replace(columns=columns))
    return [_with_columns(share) for share in shares]


def _with_columns(cuts: list[Cut]) -> list[Cut]:
    """Without those of projections that have no column in any of *cuts*."""
    there = {cut.part for cut in cuts if cut.columns}
    return [cut for cut in cuts if cut.part in there]


def operations_of(cuts: Sequence[Cut]) -> list[str]:
    """The projections that *cuts* are of."""
    return list(dict.fromkeys(cut.part for cut in cuts))
