"""What a run may take, and how much to search: what would take more is refused, see sim/execution/estimate.py."""

from __future__ import annotations

from typing import Final, Literal, NamedTuple

Search = Literal["short", "quick", "full"]


class Budget(NamedTuple):
    """What a search for a mapping ends with: so many ``trials``, or ``requests`` in all of them."""

    trials: int
    requests: int


BUDGETS: Final[dict[Search, Budget]] = {
    "short": Budget(24, 3_000_000),
    "quick": Budget(120, 14_000_000),
    "full": Budget(300, 40_000_000),
}


class Limits(NamedTuple):
    """What a run may take at most, an hour and 4 GiB unless told otherwise, and how hard to ``search`` for mappings.

    Unless that is said, a quick search is made where no mapping is shipped.
    """

    seconds: float = 3600.0
    memory_bytes: int = 4 << 30
    search: Search | None = None


LIMITS: Final = Limits()
FEW_LAYERS: Final = 2  # that experiments simulate, unless more are asked for
