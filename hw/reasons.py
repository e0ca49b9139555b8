"""Why a unit or a channel does nothing: names in results, small numbers (places in an account) while a run goes on.

``Reason`` has the names, each spelt here and nowhere else. The numbers are those of the reasons that every run knows;
a program adds those of its waits for units. ``Reason.DRAM`` is a wait for a transfer, which accounts share out over
what the transfer's time was spent on, the five kinds of :data:`COST_NAMES`.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final


class Reason:
    """The names of reasons; see sim/accounting/taxonomy.py for what each means."""

    START: Final = "start"
    DRAM_BANDWIDTH: Final = "dram_bandwidth"
    DRAM_LATENCY: Final = "dram_latency"
    DRAM_ROW_MISS: Final = "dram_row_miss"
    DRAM_TURNAROUND: Final = "dram_turnaround"
    DRAM_REFRESH: Final = "dram_refresh"
    NO_BUFFER: Final = "no_buffer"
    DRAM: Final = "dram"
    BANK_CONFLICT: Final = "bank_conflict"
    NOTHING_LEFT: Final = "nothing_left"
    NO_ACCESS: Final = "no_access"  # of SRAM banks
    UNIT_BUSY: Final = "unit_busy"  # on the critical path: the next request waited for the unit
    PIPELINE_LATENCY: Final = "pipeline_latency"  # or for a result that had not left the pipeline

    @staticmethod
    def waits_for(unit: str) -> str:
        """A result of *unit* came last."""
        return f"{_WAITS}{unit}"

    @staticmethod
    def recurrence_on(unit: str) -> str:
        """The result of an earlier timestep, inside a recurrence, came last, from *unit*."""
        return f"{_RECURRENCE}{unit}"

    @staticmethod
    def unit_of(reason: str) -> str | None:
        """The unit that one of :meth:`waits_for` and :meth:`recurrence_on` is about; None for any other *reason*."""
        prefix = next((each for each in (_WAITS, _RECURRENCE) if reason.startswith(each)), None)
        return None if prefix is None else reason.removeprefix(prefix)

    @staticmethod
    def is_recurrence(reason: str) -> bool:
        """Whether *reason* is one of :meth:`recurrence_on`."""
        return reason.startswith(_RECURRENCE)


_WAITS: Final = "waits_for_"
_RECURRENCE: Final = "recurrence_on_"
COST_NAMES: Final = (
    Reason.DRAM_BANDWIDTH, Reason.DRAM_LATENCY, Reason.DRAM_ROW_MISS, Reason.DRAM_TURNAROUND, Reason.DRAM_REFRESH
)  # fmt: skip
NAMES: Final = (
    Reason.START, *COST_NAMES, Reason.NO_BUFFER, Reason.DRAM, Reason.BANK_CONFLICT, Reason.NOTHING_LEFT
)  # fmt: skip
START: Final = NAMES.index(Reason.START)
BANDWIDTH: Final = NAMES.index(Reason.DRAM_BANDWIDTH)
NO_BUFFER: Final = NAMES.index(Reason.NO_BUFFER)
DRAM: Final = NAMES.index(Reason.DRAM)
BANK_CONFLICT: Final = NAMES.index(Reason.BANK_CONFLICT)
NOTHING_LEFT: Final = NAMES.index(Reason.NOTHING_LEFT)


def reason_names(more: Iterable[str] = ()) -> tuple[str, ...]:
    """The names of all reasons by their numbers: those that every run knows, then *more*."""
    return tuple(dict.fromkeys((*NAMES, *more)))
