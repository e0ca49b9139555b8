"""What hardware can be asked to do, and what it answers: requests are pure data, a cost is three cycle counts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from hw.integers import ceil_div


class Gemm(NamedTuple):
    """``batch`` independent products of an (m, k) by a (k, n) matrix; ``k`` counts every accumulated product.

    A PE takes a word of ``rate`` elements that follow each other along k from either operand in a cycle.
    """

    m: int
    n: int
    k: int
    batch: int = 1
    rate: int = 1

    @property
    def macs(self) -> int:
        """Multiply-accumulates in all."""
        return self.batch * self.m * self.n * self.k

    @property
    def words(self) -> int:
        """Words along k, of which the last may be padded."""
        return ceil_div(self.k, self.rate)

    @property
    def macs_in_words(self) -> int:
        """Cycles of a single PE for all of it, if each of its cycles has a whole word."""
        return ceil_div(self.macs, self.rate)

    @property
    def sides(self) -> tuple[int, int, int, int]:
        """(m, n, k, batch) as the array folds them: k in words."""
        return self.m, self.n, self.words, self.batch


class VectorPass(NamedTuple):
    """One scalar function over ``points`` elements, accumulated into ``outputs`` results (= points if it is not).

    ``chain`` equal parts of it have to follow one another, each needing the result of the one before.
    """

    function: str
    points: int
    outputs: int
    chain: int = 1


@dataclass(frozen=True)
class Cost:
    """How long a unit is taken by a request.

    ``cycles`` the unit cannot start anything else; ``tail_cycles`` more pass before the result can be used (pipeline
    drain that the next request overlaps). Of ``cycles``, ``useful_cycles`` would remain on a unit without edges, fill
    or drain, and ``fill_drain_cycles`` fill or empty the pipeline; the rest is edge waste (lanes or PEs without work).
    """

    cycles: int
    tail_cycles: int = 0
    useful_cycles: int = 0
    fill_drain_cycles: int = 0

    def __add__(self, other: Cost) -> Cost:
        """The two requests one after the other, done when both results can be used."""
        return Cost(
            self.cycles + other.cycles,
            max(self.tail_cycles - other.cycles, other.tail_cycles),
            self.useful_cycles + other.useful_cycles,
            self.fill_drain_cycles + other.fill_drain_cycles,
        )


class Work:
    """One request to a compute unit as it is scheduled: its cost, and the bytes it moves in each cluster of SRAM."""

    __slots__ = ("cycles", "demand", "tail_cycles")

    def __init__(self, cycles: int, tail_cycles: int, demand: dict[int, int]) -> None:
        self.cycles = cycles
        self.tail_cycles = tail_cycles
        self.demand = demand

    @property
    def moved_bytes(self) -> int:
        """Bytes between SRAM and the unit."""
        return sum(self.demand.values())


class Transfer(NamedTuple):
    """One request to the DMA engine: consecutive bytes, from DRAM to SRAM or (``write``) back.

    ``address`` is that of the first tile of the first layer; where those of other tiles lie is the stream's to say.
    """

    size_bytes: int
    write: bool = False
    address: int = 0

    @property
    def moved_bytes(self) -> int:
        """Bytes between DRAM and SRAM."""
        return self.size_bytes
