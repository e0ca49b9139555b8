"""What a run may take, and how much to search: what would take more is refused, see sim/execution/estimate.py."""

from __future__ import annotations

from typing import Final, Literal, NamedTuple

Search = Literal["short", "quick", "full"]
TRIALS: Final[dict[Search, int]] = {"quick": 60, "full": 300}
"""How many mappings a search simulates at most; a short one simulates those alone that its few guesses leave."""


class Limits(NamedTuple):
    """What a run may take at most, an hour and 4 GiB unless told otherwise, and how hard to ``search`` for mappings."""

    seconds: float = 3600.0
    memory_bytes: int = 4 << 30
    search: Search = "short"


LIMITS: Final = Limits()
