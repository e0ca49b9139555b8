"""DRAM at three levels of detail, all on the same figures: the class is in timing.py, the tables in lpddr5.py, hbm3.py.
plain.py has those of a memory of which only bandwidth and latency are known.

channel.py      for runs of whole models: one call a transfer, closed-form time inside
chunks.py       replays a trace at transaction level: bursts.py and banks.py where bursts compete, streams.py past a
                stream at once
command.py      replays a trace with every command of the protocol, which constraints.py allows
traffic.py, queues.py, refresh.py are what the two replays share.
"""

from hw.dram.channel import Channel
from hw.dram.lpddr5 import TIMINGS
from hw.dram.spec import TRANSFER_TIMINGS, DramSpec
from hw.dram.timing import BANK_GROUPS, BURST_BYTES, BURST_CLOCKS, ROW_BYTES, Timing

__all__ = [
    "BANK_GROUPS", "BURST_BYTES", "BURST_CLOCKS", "ROW_BYTES", "TIMINGS", "TRANSFER_TIMINGS", "Channel",
    "DramSpec", "Timing",
]  # fmt: skip
