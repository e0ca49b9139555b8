"""The DMA engine: a bounded number of transfers in flight between SRAM and the LPDDR5 channels.

A transfer is cut evenly over the channels and ends when the last of them has served its part. The engine counts as
busy while anything is in flight; the cycles in which nothing is are put down to what the next transfer was waiting
for. DRAM runs on its own clock: arrivals and ends are converted at this border, rounding up.
"""

from __future__ import annotations

from collections import deque
from typing import Protocol

from pydantic import PositiveInt

from hw.lpddr5 import COST_NAMES, TIMINGS, Channel, DramSpec
from hw.requests import Transfer
from hw.unit import Accounts, Landing, Recorder, Stream
from sim.documents import Spec
from sim.engine import Engine
from sim.units import apportion, ceil_div


class DmaSpec(Spec):
    """``outstanding`` transfers at most are in flight."""

    outstanding: PositiveInt


class TransferStream(Stream[Transfer], Protocol):
    """A stream of transfers, which keeps the record of each until it has landed."""

    in_flight: deque[Landing]


class Dma:
    """The DMA engine and the channels behind it."""

    __slots__ = (
        "_busy_since", "_clocks", "_free_at", "_in_flight", "_outstanding", "_queued", "_ready",
        "accounts", "channels", "engine", "name", "recorder",
    )  # fmt: skip

    def __init__(self, spec: DmaSpec, dram: DramSpec, clock_hz: int, engine: Engine) -> None:
        timing = TIMINGS[dram.timing]
        self.name = "dma"
        self.engine = engine
        self.accounts = Accounts()
        self.recorder: Recorder | None = None
        self.channels = [Channel(timing, dram.refresh != "none") for _ in range(dram.channels)]
        self._outstanding = spec.outstanding
        self._clocks = (10**15, clock_hz * timing.tck_fs)  # clocks = cycles * first / second
        self._ready: list[TransferStream] = []
        self._in_flight = 0
        self._queued = False
        self._busy_since = self._free_at = 0

    def offer(self, stream: TransferStream) -> None:
        """*stream*'s next transfer is ready."""
        self._ready.append(stream)
        if self._in_flight < self._outstanding and not self._queued:
            self._queued = True
            self.engine.dispatches.append(self._dispatch)

    def _dispatch(self) -> None:
        self._queued = False
        ready = self._ready
        while ready and self._in_flight < self._outstanding:
            stream = ready[0]
            for other in ready:
                if other.priority < stream.priority:
                    stream = other
            ready.remove(stream)
            self._issue(stream)

    def _issue(self, stream: TransferStream) -> None:
        now, reason = self.engine.now, stream.reason
        if self._in_flight == 0:
            self._busy_since = now
            if now > self._free_at:
                self.accounts.waited(reason, stream.landing, self._free_at, now)
        transfer = stream.request
        numerator, denominator = self._clocks
        arrival = -(-now * numerator // denominator)
        part = -(-transfer.size_bytes // len(self.channels))
        slowest = self.channels[0]
        for channel in self.channels:
            channel.serve(arrival, part, transfer.write, reason)
            if channel.free > slowest.free:
                slowest = channel
        end = -(-slowest.free * denominator // numerator)
        stream.in_flight.append(Landing(now, reason, dict(zip(COST_NAMES, slowest.costs, strict=True))))
        self._in_flight += 1
        self.engine.at(end, stream.completed)
        self.engine.at(end, self._release)
        if self.recorder is not None:
            for number, channel in enumerate(self.channels):
                begin, free = (-(-clock * denominator // numerator) for clock in (channel.begin, channel.free))
                self.recorder.busy(f"dram.channel{number}", stream, begin, free)
        stream.issued()

    def _release(self) -> None:
        self._in_flight -= 1
        if self._in_flight == 0:
            self._free_at = self.engine.now
            self.accounts.busy += self._free_at - self._busy_since
        if self._ready and not self._queued:
            self._queued = True
            self.engine.dispatches.append(self._dispatch)

    def finish(self, makespan: int) -> None:
        """Close the accounts at *makespan*."""
        self.accounts.stall("nothing_left", makespan - self._free_at)

    def channel_accounts(self, makespan: int) -> dict[str, Accounts]:
        """Accounts of each channel in core cycles, rounded so that busy + stalls = *makespan* exactly."""
        numerator, denominator = self._clocks
        total = -(-makespan * numerator // denominator)
        result = {}
        for number, channel in enumerate(self.channels):
            clocks = {"busy": channel.data_clocks, **channel.stalls}
            clocks["nothing_left"] = clocks.get("nothing_left", 0) + max(0, total - channel.free)
            cycles = apportion(makespan, clocks)
            accounts = Accounts()
            accounts.busy = cycles.pop("busy")
            for reason, count in cycles.items():
                accounts.stall(reason, count)
            result[f"dram.channel{number}"] = accounts
        return result
