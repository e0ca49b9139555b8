"""Why a unit or a channel does nothing: names in results, small numbers (places in an account) while a run goes on.

``start`` says that nothing was missing; ``dram`` is a wait for a transfer, which accounts share out over what the
transfer's time was spent on, the five kinds from ``dram_bandwidth`` on. A program adds reasons of its own.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

COST_NAMES: Final = ("dram_bandwidth", "dram_latency", "dram_row_miss", "dram_turnaround", "dram_refresh")
NAMES: Final = ("start", *COST_NAMES, "no_buffer", "dram", "bank_conflict", "nothing_left")
START: Final = NAMES.index("start")
BANDWIDTH: Final = NAMES.index("dram_bandwidth")
NO_BUFFER: Final = NAMES.index("no_buffer")
DRAM: Final = NAMES.index("dram")
BANK_CONFLICT: Final = NAMES.index("bank_conflict")
NOTHING_LEFT: Final = NAMES.index("nothing_left")


def reason_names(more: Iterable[str] = ()) -> tuple[str, ...]:
    """The names of all reasons by their numbers: those that every run knows, then *more*."""
    return tuple(dict.fromkeys((*NAMES, *more)))
