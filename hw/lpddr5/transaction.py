"""LPDDR5 channels at transaction level: one call a transfer, closed-form time inside.

Modelled for each channel: data bus occupancy (BL16 on a x16 channel is 32 bytes in two clocks), open rows (a transfer
that finds its first row open pays CAS latency only, another the activation too, and the precharge of what was open;
what earlier data hides, as a controller that looks ahead does, costs nothing), bus turnaround when the direction
changes, all-bank refresh as windows in which no data moves (refresh, then reopening a row). Every one is a counted
cost. Transfers are served in order of arrival.

Not modelled here, but in ``chunks.py``: queues and the reordering of competing chunks, the command bus.

Timing figures are in clocks (nCK). LPDDR5-6400: Ramulator 2.1's LPDDR5_6400 preset. LPDDR5X-8533: scaled to the
0.9375 ns clock; RL and WL are not confirmed against the standard.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Literal

from pydantic import PositiveInt

from hw.lpddr5.timing import BANK_GROUPS, BANKS, BURST_BYTES, BURST_CLOCKS, ROW_BYTES, TIMINGS, Timing
from sim.documents import Spec

_HBM3_5200 = Timing(
    765_000, rl=19, wl=9, rcd=19, rp_pb=19, rp_ab=19, ras=43, rc=62, wr=21, rtp=7, wtr_s=4, wtr_l=9, rrd=4, faw=16,
    refi=5098, refi_pb=160, rfc_ab=340, rfc_pb=196, pbr2pbr=96, pbr2act=8,
)  # fmt: skip
TRANSFER_TIMINGS = TIMINGS | {"hbm3-5200": _HBM3_5200}
"""Also a pseudo-channel of HBM3: 32 bytes a burst of two clocks like LPDDR5's; 14.5 ns each for RCD, RP and CAS, RFC
260 ns and REFI 3.9 us are HBM2's (JESD235), the organisation of rows is LPDDR5's: for bandwidth, not for detail."""


class DramSpec(Spec):
    """``channels`` channels of one speed grade; a transfer is interleaved over all of them."""

    timing: Literal["lpddr5-6400", "lpddr5x-8533", "hbm3-5200"]
    channels: PositiveInt
    refresh: Literal["all-bank", "none"] = "all-bank"

    @property
    def bytes_per_second(self) -> float:
        """Peak of all channels."""
        return self.channels * TRANSFER_TIMINGS[self.timing].bytes_per_second


Costs = tuple[int, int, int, int, int]
COST_NAMES = ("dram_bandwidth", "dram_latency", "dram_row_miss", "dram_turnaround", "dram_refresh")
REGION_BYTES = BANK_GROUPS * ROW_BYTES  # rows of the four bank groups lie side by side
REGION_CLOCKS = REGION_BYTES // BURST_BYTES * BURST_CLOCKS
PLACES = BANKS // BANK_GROUPS  # such regions that can be open at a time
CLOSED = -1


class Channel:
    """One LPDDR5 channel: until when its bus is taken, and what that time went to, all in clocks.

    What *ideal* names costs nothing: ``dram_bandwidth``, ``dram_latency`` (CAS and rows), ``dram_turnaround``,
    ``dram_refresh``. ``begin``, ``free`` and ``costs`` (by :data:`COST_NAMES`) describe the transfer served last.
    The time up to ``free`` equals ``data_clocks`` plus the sum of ``stalls``.
    """

    __slots__ = (
        "_activate", "_burst", "_cas", "_closable", "_idle", "_latency", "_next_window", "_precharge", "_refresh",
        "_row_miss", "_rows", "_turn", "_turnaround", "_window", "begin", "bursts", "costs", "data_clocks", "free",
        "last_write", "timing",
    )  # fmt: skip

    def __init__(self, timing: Timing, refresh: bool = True, ideal: Collection[str] = ()) -> None:
        self.timing = timing
        self._burst = 0 if "dram_bandwidth" in ideal else BURST_CLOCKS
        latencies = (timing.rl, timing.wl, timing.rcd, timing.rp_pb)
        read, write, self._activate, self._precharge = (0, 0, 0, 0) if "dram_latency" in ideal else latencies
        self._cas = (read, write)
        self._turn = (0, 0) if "dram_turnaround" in ideal else (timing.write_to_read, timing.read_to_write)
        refresh = refresh and "dram_refresh" not in ideal
        self._rows = [CLOSED] * PLACES  # which row is open in each
        self._closable = [0] * PLACES  # from when on it may be closed
        self._window = timing.rp_ab + timing.rfc_ab + timing.rcd if refresh else 0
        self._next_window = timing.refi if refresh else 1 << 62  # when the next refresh begins
        self.begin = self.free = 0
        self.last_write = False
        self.costs: Costs = (0, 0, 0, 0, 0)
        self.data_clocks = self.bursts = 0
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

    def serve(self, arrival: int, address: int, size_bytes: int, write: bool, idle_reason: str) -> int:
        """Serve the *size_bytes* at *address* from clock *arrival* on; returns the clock at which the last have moved.

        The bus moves data as soon as it is free and turned round, but not before the first row is open and the CAS
        latency has passed. Idle time is put down to *idle_reason*.
        """
        free = self.free
        cas = self._cas[write]
        begin = self._row_open(arrival, address) + cas
        turnaround = latency = row_miss = 0
        if write != self.last_write:
            turnaround = self._turn[write]
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
        refresh = self._move(begin, -(-size_bytes // BURST_BYTES))
        self._leave_open(address, size_bytes, write, refresh > 0)
        self.costs = (self.free - self.begin - refresh, latency, row_miss, turnaround, refresh)
        return self.free

    def _row_open(self, arrival: int, address: int) -> int:
        """From when on a transfer that arrives at clock *arrival* finds the row of *address* open."""
        row, place = divmod(address // REGION_BYTES, PLACES)
        if arrival >= self._next_window:
            self._rows = [CLOSED] * PLACES
        if self._rows[place] == row or not self._activate:
            return arrival
        if self._rows[place] == CLOSED:
            return arrival + self._activate
        return max(arrival, self._closable[place]) + self._precharge + self._activate

    def _leave_open(self, address: int, size_bytes: int, write: bool, refreshed: bool) -> None:
        """Note the rows that a transfer, the one served last, leaves open, and from when on they may be closed."""
        timing = self.timing
        last = (address + size_bytes - 1) // REGION_BYTES
        closable = self.free + (timing.wr if write else timing.rtp - timing.rl - BURST_CLOCKS)
        if refreshed:
            self._rows = [CLOSED] * PLACES
        for region in range(max(address // REGION_BYTES, last - PLACES + 1), last + 1):
            row, place = divmod(region, PLACES)
            self._rows[place] = row
            self._closable[place] = closable - (last - region) * REGION_CLOCKS

    def _move(self, begin: int, bursts: int) -> int:
        """Data of *bursts* from clock *begin* on, around refresh; returns the clocks that refresh took."""
        data = bursts * self._burst
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
