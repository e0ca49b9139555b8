"""DRAM at three levels of detail, all on the same figures (timing.py; lpddr5.py and hbm3.py hold them).

channel.py      for runs of whole models: one call a transfer, closed-form time inside
chunks.py       replays a trace burst by burst, and a stream at once
command.py      replays a trace with every command of the protocol
"""

from hw.dram.channel import Channel
from hw.dram.lpddr5 import TIMINGS
from hw.dram.spec import TRANSFER_TIMINGS, DramSpec
from hw.dram.timing import BANK_GROUPS, BURST_BYTES, BURST_CLOCKS, ROW_BYTES, Timing

__all__ = [
    "BANK_GROUPS", "BURST_BYTES", "BURST_CLOCKS", "ROW_BYTES", "TIMINGS", "TRANSFER_TIMINGS", "Channel",
    "DramSpec", "Timing",
]  # fmt: skip
