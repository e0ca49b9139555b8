"""What a run may take; what would take more is refused before it begins, see sim/execution/estimate.py."""

from __future__ import annotations

from typing import Final, NamedTuple


class Limits(NamedTuple):
    """What a run may take at most: an hour and 4 GiB unless told otherwise."""

    seconds: float = 3600.0
    memory_bytes: int = 4 << 30


LIMITS: Final = Limits()
