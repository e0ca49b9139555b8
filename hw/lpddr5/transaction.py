"""LPDDR5 channels at transaction level: one call a transfer, closed-form time inside.

Modelled for each channel: data bus occupancy (BL16 on a x16 channel is 32 bytes in two clocks), the row activation
and CAS latency that a transfer sees when the bus is idle (hidden behind earlier data otherwise, as a controller that
looks ahead hides it), bus turnaround when the direction changes, all-bank refresh as windows in which no data moves
(refresh, then reopening a row). Every one is a counted cost. Transfers are served in order of arrival.

Not modelled at this level: bank conflicts between competing streams, the command bus, reordering.

Timing figures are in clocks (nCK). LPDDR5-6400: Ramulator 2.1's LPDDR5_6400 preset. LPDDR5X-8533: scaled to the
0.9375 ns clock; RL and WL are not confirmed against the standard.
"""

from __future__ import annotations

from typing import Literal

from pydantic import PositiveInt

from hw.lpddr5.timing import BURST_BYTES, BURST_CLOCKS, ROW_BYTES, TIMINGS, Timing
from sim.documents import Spec


class DramSpec(Spec):
    """``channels`` x16 channels of one speed grade; a transfer is interleaved over all of them."""

    timing: Literal["lpddr5-6400", "lpddr5x-8533"]
    channels: PositiveInt
    refresh: Literal["all-bank", "none"] = "all-bank"

    @property
    def bytes_per_second(self) -> float:
        """Peak of all channels."""
        return self.channels * TIMINGS[self.timing].bytes_per_second


Costs = tuple[int, int, int, int, int]
COST_NAMES = ("dram_bandwidth", "dram_latency", "dram_row_miss", "dram_turnaround", "dram_refresh")


class Channel:
    """One LPDDR5 channel: until when its bus is taken, and what that time went to, all in clocks.

    ``begin``, ``free`` and ``costs`` (by :data:`COST_NAMES`) describe the transfer served last. The time up to
    ``free`` equals ``data_clocks`` plus the sum of ``stalls``.
    """

    __slots__ = (
        "_idle", "_latency", "_next_window", "_refresh", "_row_miss", "_turnaround", "_window", "begin", "bursts",
        "costs", "data_clocks", "free", "last_write", "rows_opened", "timing",
    )  # fmt: skip

    def __init__(self, timing: Timing, refresh: bool = True) -> None:
        self.timing = timing
        self._window = timing.rp_ab + timing.rfc_ab + timing.rcd if refresh else 0
        self._next_window = timing.refi if refresh else 1 << 62  # when the next refresh begins
        self.begin = self.free = 0
        self.last_write = False
        self.costs: Costs = (0, 0, 0, 0, 0)
        self.data_clocks = self.bursts = self.rows_opened = 0
        self._latency = self._row_miss = self._turnaround = self._refresh = 0
        self._idle: dict[str, int] = {}

    @property
    def stalls(self) -> dict[str, int]:
        """Clocks without data up to ``free``, by cause."""
        named = (0, self._latency, self._row_miss, self._turnaround, self._refresh)
        causes = dict(zip(COST_NAMES, named, strict=True))
        for reason, clocks in self._idle.items():
            causes[reason] = causes.get(reason, 0) + clocks
        return {cause: clocks for cause, clocks in causes.items() if clocks}

    def serve(self, arrival: int, size_bytes: int, write: bool, idle_reason: str) -> int:
        """Serve *size_bytes* that arrive at clock *arrival*; returns the clock at which the last data has moved.

        The bus moves data as soon as it is free and turned round, but not before the first row is open and the CAS
        latency has passed. Idle time is put down to *idle_reason*.
        """
        timing, free = self.timing, self.free
        cas = timing.wl if write else timing.rl
        begin = arrival + timing.rp_pb + timing.rcd + cas
        turnaround = latency = row_miss = 0
        if write != self.last_write:
            turnaround = timing.read_to_write if write else timing.write_to_read
            self.last_write = write
        if begin < free + turnaround:
            begin = free + turnaround
        wait = begin - free
        if wait:
            if arrival > free:
                idle = arrival - free
                self._idle[idle_reason] = self._idle.get(idle_reason, 0) + idle
                wait -= idle
                turnaround = turnaround - idle if turnaround > idle else 0
            if turnaround:
                turnaround = min(turnaround, wait)
                wait -= turnaround
                self._turnaround += turnaround
            latency = cas if cas < wait else wait
            row_miss = wait - latency
            self._latency += latency
            self._row_miss += row_miss
        self.rows_opened += -(-size_bytes // ROW_BYTES)
        refresh = self._move(begin, -(-size_bytes // BURST_BYTES))
        self.costs = (self.free - self.begin - refresh, latency, row_miss, turnaround, refresh)
        return self.free

    def serve_bursts(self, ready: int, bursts: int, write: bool, groups: int) -> None:
        """Move *bursts* of so many bank *groups*; their first data can come at clock *ready*, after any turnaround.

        Of several groups a controller reads first the one that was not written last.
        """
        timing = self.timing
        turnaround = 0
        if write != self.last_write:
            turnaround = timing.read_to_write if write else timing.write_to_read
            if groups > 1 and not write:
                turnaround -= timing.bl_max - BURST_CLOCKS + timing.wtr_l - timing.wtr_s
            self.last_write = write
        begin = max(ready, self.free + turnaround)
        self._turnaround += turnaround
        self._row_miss += begin - self.free - turnaround
        self._move(begin, bursts)

    def _move(self, begin: int, bursts: int) -> int:
        """Data of *bursts* from clock *begin* on, around refresh; returns the clocks that refresh took."""
        data = bursts * BURST_CLOCKS
        end = begin + data
        if end > self._next_window:
            end = self._around_refresh(begin, data)
        refresh = end - begin - data
        self._refresh += refresh
        self.data_clocks += data
        self.bursts += bursts
        self.begin, self.free = begin, end
        return refresh

    def _around_refresh(self, begin: int, work: int) -> int:
        """The clock at which *work* clocks of data that start at *begin* end, around the refresh windows.

        A window opens at every multiple of REFI but zero and lasts RP_ab + RFC_ab + RCD: drain, refresh, reopen.
        """
        interval, window = self.timing.refi, self._window
        period, offset = divmod(begin, interval)
        if period and offset < window:
            offset = window
        available = interval - offset
        if work <= available:
            end = period * interval + offset + work
        else:
            rest = work - available
            full = (rest - 1) // (interval - window)
            end = (period + 1 + full) * interval + window + rest - full * (interval - window)
        self._next_window = -(-end // interval) * interval
        return end
