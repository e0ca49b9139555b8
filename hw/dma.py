"""The DMA engine: a bounded number of transfers in flight between SRAM and the LPDDR5 channels.

A transfer is cut evenly over the channels, which therefore do the same at the same time: one timeline stands for all.
The engine counts as busy while anything is in flight; the cycles in which nothing is are put down to what the next
transfer was waiting for. DRAM runs on its own clock: arrivals and ends are converted at this border, rounding up.

The SRAM ports are told of a transfer when it is issued: its bursts move at the peak rate until its end, without a
pause. What a refresh pauses in between counts as before the first of them.
"""

from __future__ import annotations

from array import array
from collections.abc import Collection
from fractions import Fraction
from typing import Final

from hw.accounts import Accounts
from hw.dram import DramSpec
from hw.dram.channel import Channel
from hw.engine import Engine
from hw.integers import apportion
from hw.ledger import Landing
from hw.observer import Observer
from hw.reasons import BANDWIDTH, Reason
from hw.sram_ports import SramPorts
from hw.stream import NEVER, Stream
from hw.unit import Server
from hw.unit_names import DMA

WORD: Final = 1 << 62  # a machine word holds more than this


class Dma(Server):
    """The DMA engine, with *outstanding* transfers at most in flight, and the channels behind it.

    Its transfers take from the SRAM *ports*, if given.
    """

    __slots__ = (
        "_channel_names", "_clock", "_denominator", "_ends", "_far", "_numerator", "_oldest", "_outstanding", "_ports",
        "_ratio", "channel", "channels",
    )  # fmt: skip

    def __init__(
        self, outstanding: int, dram: DramSpec, clock_hz: int, names: tuple[str, ...], engine: Engine,
        ideal: Collection[str] = (), ports: SramPorts | None = None,
    ) -> None:  # fmt: skip
        super().__init__(DMA, names, engine)
        timing = dram.grade
        self.channels = dram.channels
        self.channel = Channel(timing, names, dram.refreshed, ideal)
        self._channel_names = tuple([f"dram.channel{number}" for number in range(dram.channels)])
        self._outstanding = outstanding
        ratio = Fraction(10**15, clock_hz * timing.tck_fs)  # clocks a cycle
        self._ratio = ratio
        self._far = WORD // max(ratio.numerator, ratio.denominator)  # from then on products need more than a word
        self._numerator, self._denominator = ratio.numerator, ratio.denominator
        self._clock = float(1 / ratio)  # cycles of a clock
        self._ports = ports
        self._ends = array("q", [0]) * outstanding  # of the last transfers, in turn
        self._oldest = 0  # of them: one more may be in flight once it has ended

    @property
    def refresh_cycles(self) -> int:
        """Cycles for which a refresh keeps the channels from moving data."""
        return self._cycles(self.channel.refresh_clocks)

    def offer(self, stream: Stream) -> None:
        self._note(stream)
        self._start_when_possible(stream.ready_at)

    def _start_when_possible(self, cycle: int) -> None:
        """Start something at *cycle*, or as soon after it as one more transfer may be in flight."""
        self._start_by(max(cycle, self._ends[self._oldest]))

    def start(self) -> None:
        now = self.engine.now
        if now != self._next_start:
            return  # an earlier start has been set meanwhile
        stream = self._streams[self._take(now)]
        self._next_start = NEVER
        self._issue(stream)
        earliest = self._earliest()
        if earliest < NEVER:
            self._start_when_possible(earliest)

    def _issue(self, stream: Stream) -> None:
        now = self.engine.now
        free_at = self.free_at
        reason = BANDWIDTH  # other transfers, if this one was ready earlier
        before = None
        if now <= stream.ready_at:
            reason = stream.reason
            before = stream.landing()
            if before is not None:
                reason = before.late_reason
        if now > free_at:
            self.ledger.wait(stream.tally, reason, before, free_at, now)
            free_at = now
        channel = self.channel
        address = (stream.origin + stream.address) // self.channels
        channel.serve(self._clocks(now), address, -(-stream.size_bytes // self.channels), stream.write, reason)
        end = self._cycles(channel.free)
        if self._ports is not None and channel.data:
            self._ports.move(now, stream.load, (channel.free - channel.data) * self._clock, channel.free * self._clock)
        self.free_at = end
        stream.tally.busy += end - free_at
        self._ends[self._oldest] = end
        self._oldest += 1
        if self._oldest == self._outstanding:
            self._oldest = 0
        landing = Landing.__new__(Landing)  # every field is set here, so that __init__ would only take time
        landing.issued = now
        landing.late_reason = reason
        landing.before = before
        landing.data = channel.data
        landing.latency = channel.latency
        landing.row_miss = channel.row_miss
        landing.turnaround = channel.turnaround
        landing.refresh = channel.refresh
        if self.ledger.observer is not None:
            self._show(self.ledger.observer, stream, free_at, end)
        stream.issued(end, end, landing)

    def _show(self, observer: Observer, stream: Stream, start: int, end: int) -> None:
        """The engine's lane shows each transfer from the end of the one before, the channels' their data times."""
        observer.busy(self.name, stream.view, start, end)
        begin = min(end, self._cycles(self.channel.begin))
        for name in self._channel_names:
            observer.busy(name, stream.view, begin, end)

    def _clocks(self, cycle: int) -> int:
        """The first DRAM clock that does not begin before *cycle*."""
        if cycle >= self._far:
            return self._exactly(cycle, self._ratio)
        return -(-cycle * self._numerator // self._denominator)

    def _cycles(self, clock: int) -> int:
        """The first cycle that does not begin before DRAM clock *clock*."""
        if clock >= self._far:
            return self._exactly(clock, 1 / self._ratio)
        return -(-clock * self._denominator // self._numerator)

    def _exactly(self, time: int, ratio: Fraction) -> int:
        """*time* x *ratio*, rounded up, where the product needs more than a machine word."""
        whole: int = ratio.numerator * int(time)
        return -(-whole // ratio.denominator)

    def channel_accounts(self, makespan: int) -> dict[str, Accounts]:
        """Accounts of each channel in core cycles, rounded so that busy + stalls = *makespan* exactly."""
        channel = self.channel
        total = self._clocks(makespan)
        clocks = {"busy": channel.data_clocks, **channel.stalls}
        clocks[Reason.NOTHING_LEFT] = clocks.get(Reason.NOTHING_LEFT, 0) + max(0, total - sum(clocks.values()))
        cycles = apportion(makespan, clocks)
        busy = cycles.pop("busy")
        stalls = {reason: count for reason, count in cycles.items() if count}
        return {name: Accounts(busy, dict(stalls)) for name in self._channel_names}
