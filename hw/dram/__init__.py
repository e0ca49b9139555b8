"""DRAM at three levels of detail, all on the same figures.

organisation.py  what a channel is: its lines, banks, bursts, where addresses lie, its command bus
timing.py        what a speed grade says; rules.py what follows from it, rule by rule
ddr4.py ...      a standard: its organisation and its grades, each figure with its source; grades.py has all of them
figures.py       a user's own, as a machine's file says it; plain.py one of which only bandwidth and latency are known

channel.py       for runs of whole models: one call a transfer, closed-form time inside
chunks.py        replays a trace at transaction level: bursts.py and banks.py where bursts compete, streams.py past a
                 stream at once
command.py       replays a trace with every command of the protocol, which constraints.py allows
traffic.py, queues.py, places.py, refresh.py are what the two replays share.
"""

from hw.dram.channel import Channel
from hw.dram.grades import TIMINGS
from hw.dram.spec import DramSpec
from hw.dram.timing import Timing

__all__ = ["TIMINGS", "Channel", "DramSpec", "Timing"]
