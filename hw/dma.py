"""The DMA engine: a bounded number of transfers in flight between SRAM and the LPDDR5 channels.

A transfer is cut evenly over the channels, which therefore do the same at the same time: one timeline stands for all.
The engine counts as busy while anything is in flight; the cycles in which nothing is are put down to what the next
transfer was waiting for. DRAM runs on its own clock: arrivals and ends are converted at this border, rounding up.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Collection
from fractions import Fraction
from typing import Final

from hw.accounts import Accounts, Landing
from hw.dram import TRANSFER_TIMINGS, Channel, DramSpec
from hw.requests import Transfer
from hw.unit import NEVER, Server, Stream
from sim.engine import Engine
from sim.units import apportion

OTHER_TRANSFERS: Final = "dram_bandwidth"  # why a transfer that was ready started later


class Dma(Server[Transfer]):
    """The DMA engine, with *outstanding* transfers at most in flight, and the channels behind it."""

    __slots__ = ("_clocks", "_landing_at", "_outstanding", "channel", "channels")

    def __init__(
        self, outstanding: int, dram: DramSpec, clock_hz: int, engine: Engine, ideal: Collection[str] = ()
    ) -> None:
        timing = TRANSFER_TIMINGS[dram.timing]
        super().__init__("dma", engine)
        self.channels = dram.channels
        self.channel = Channel(timing, dram.refresh != "none", ideal)
        self._outstanding = outstanding
        clocks = Fraction(10**15, clock_hz * timing.tck_fs)  # a cycle
        self._clocks = clocks.as_integer_ratio()
        self._landing_at: deque[int] = deque()  # ends of the transfers in flight

    @property
    def refresh_cycles(self) -> int:
        """Cycles for which a refresh keeps the channels from moving data."""
        numerator, denominator = self._clocks
        return -(-self.channel.refresh_clocks * denominator // numerator)

    def offer(self, stream: Stream[Transfer]) -> None:
        self._offered.append(stream)
        self._set_start(stream.ready_at)

    def _set_start(self, cycle: int) -> None:
        """Start something at *cycle*, or as soon after it as one more transfer may be in flight."""
        landing_at, now = self._landing_at, self.engine.now
        while landing_at and landing_at[0] <= now:
            landing_at.popleft()
        if len(landing_at) >= self._outstanding:
            cycle = max(cycle, landing_at[-self._outstanding])
        cycle = max(cycle, now)
        if cycle < self._next_start:
            self._next_start = cycle
            if cycle > now:
                self.engine.start_at(cycle, self._start)
            else:
                self.engine.start_now(self._start)

    def _start(self) -> None:
        if self.engine.now != self._next_start:
            return  # an earlier start has been set meanwhile
        stream = None
        for other in self._offered:
            if other.ready_at <= self._next_start and (stream is None or other.priority < stream.priority):
                stream = other
        assert stream is not None, "a start is set only for a transfer that will be ready"
        self._offered.remove(stream)
        self._next_start = NEVER
        self._issue(stream)
        if self._offered:
            self._set_start(min([other.ready_at for other in self._offered]))

    def _issue(self, stream: Stream[Transfer]) -> None:
        now, free_at = self.engine.now, self.free_at
        reason, before = (stream.reason, stream.landing()) if now <= stream.ready_at else (OTHER_TRANSFERS, None)
        if before is not None:
            reason = before.late_reason
        if now > free_at:
            self.ledger.wait(stream, reason, before, free_at, now)
            free_at = now
        transfer, channel = stream.request, self.channel
        numerator, denominator = self._clocks
        arrival = -(-now * numerator // denominator)
        address = (stream.origin + transfer.address) // self.channels
        channel.serve(arrival, address, -(-transfer.size_bytes // self.channels), transfer.write, reason)
        end = self.free_at = -(-channel.free * denominator // numerator)
        stream.accounts.busy += end - free_at
        self._landing_at.append(end)
        if self.ledger.recorder is not None:
            self._record(stream, free_at, end)
        stream.issued(end, end, Landing(now, reason, channel.costs, before))

    def _record(self, stream: Stream[Transfer], start: int, end: int) -> None:
        """The engine's lane shows each transfer from the end of the one before, the channels' their data times."""
        recorder = self.ledger.recorder
        assert recorder is not None
        numerator, denominator = self._clocks
        recorder.busy(self.name, stream, start, end)
        begin = min(end, -(-self.channel.begin * denominator // numerator))
        for number in range(self.channels):
            recorder.busy(f"dram.channel{number}", stream, begin, end)

    def channel_accounts(self, makespan: int) -> dict[str, Accounts]:
        """Accounts of each channel in core cycles, rounded so that busy + stalls = *makespan* exactly."""
        numerator, denominator = self._clocks
        channel = self.channel
        total = -(-makespan * numerator // denominator)
        clocks = {"busy": channel.data_clocks, **channel.stalls}
        clocks["nothing_left"] = clocks.get("nothing_left", 0) + max(0, total - sum(clocks.values()))
        result = {}
        for number in range(self.channels):
            cycles = apportion(makespan, clocks)
            accounts = Accounts()
            accounts.busy = cycles.pop("busy")
            for reason, count in cycles.items():
                accounts.stall(reason, count)
            result[f"dram.channel{number}"] = accounts
        return result
