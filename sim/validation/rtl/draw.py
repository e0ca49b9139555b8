"""Numbers drawn at random, the same in every Python: of random's methods only random() is."""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import TypeVar

One = TypeVar("One")


class Draw:
    """A source of numbers that begins at a *seed*."""

    def __init__(self, seed: int) -> None:
        self._source = random.Random(seed)

    def whole(self, low: int, high: int) -> int:
        """A whole number from *low* to *high*, each as likely."""
        return low + int(self._source.random() * (high - low + 1))

    def spread(self, low: int, high: int) -> int:
        """A whole number from *low* to *high*, small ones likelier: its logarithm is drawn."""
        return min(high, int(low * ((high + 1) / low) ** self._source.random()))

    def one_of(self, choices: Sequence[One]) -> One:
        """One of *choices*."""
        return choices[self.whole(0, len(choices) - 1)]
