"""A figure as sources give it: low, typical, high; and where it is from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal, get_args

Level = Literal["low", "typical", "high"]
LEVELS: Final[tuple[Level, ...]] = get_args(Level)


@dataclass(frozen=True, slots=True)
class Levels:
    """Three values of one quantity; ``low`` <= ``typical`` <= ``high`` in every figure, and so in every sum of them."""

    low: float
    typical: float
    high: float

    def __add__(self, other: Levels) -> Levels:
        return Levels(self.low + other.low, self.typical + other.typical, self.high + other.high)

    def __mul__(self, factor: float) -> Levels:
        return Levels(self.low * factor, self.typical * factor, self.high * factor)

    def by(self, other: Levels) -> Levels:
        """The product level by level."""
        return Levels(self.low * other.low, self.typical * other.typical, self.high * other.high)

    def at(self, level: Level) -> float:
        """The value at *level*."""
        value: float = getattr(self, level)
        return value


NOTHING: Final = Levels(0, 0, 0)  # whole, so that sums of whole numbers are exact


def exactly(value: float) -> Levels:
    """A *value* that is known."""
    return Levels(value, value, value)


@dataclass(frozen=True, slots=True)
class Figure:
    """A published or assumed figure; the unit stands in the name of its table. ``source`` says "assumed" if it is."""

    low: float
    typical: float
    high: float
    source: str

    @property
    def levels(self) -> Levels:
        """The three values."""
        return Levels(self.low, self.typical, self.high)
