"""LPDDR5: timing (tables), command (an event a command), channel (an event a transfer, for whole models)."""

from hw.dram.channel import Channel
from hw.dram.spec import TRANSFER_TIMINGS, DramSpec
from hw.dram.timing import BANK_GROUPS, BURST_BYTES, BURST_CLOCKS, ROW_BYTES, TIMINGS, Timing

__all__ = [
    "BANK_GROUPS", "BURST_BYTES", "BURST_CLOCKS", "ROW_BYTES", "TIMINGS", "TRANSFER_TIMINGS", "Channel",
    "DramSpec", "Timing",
]  # fmt: skip
