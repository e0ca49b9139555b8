"""LPDDR5: timing (tables), command (an event a command), transaction (an event a transfer, for whole models)."""

from hw.lpddr5.spec import TRANSFER_TIMINGS, DramSpec
from hw.lpddr5.timing import BANK_GROUPS, BURST_BYTES, BURST_CLOCKS, ROW_BYTES, TIMINGS, Timing
from hw.lpddr5.transaction import COST_NAMES, Channel, Costs

__all__ = [
    "BANK_GROUPS", "BURST_BYTES", "BURST_CLOCKS", "COST_NAMES", "ROW_BYTES", "TIMINGS", "TRANSFER_TIMINGS", "Channel",
    "Costs", "DramSpec", "Timing",
]  # fmt: skip
