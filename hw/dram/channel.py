"""LPDDR5 channels at transaction level: one call a transfer, closed-form time inside.

Modelled for each channel: data bus occupancy (BL16 on a x16 channel is 32 bytes in two clocks), open rows (a transfer
that finds its first row open pays CAS latency only, another the activation too, and the precharge of what was open;
what earlier data hides, as a controller that looks ahead does, costs nothing), bus turnaround when the direction
changes, all-bank refresh as windows in which no data moves (refresh, then reopening a row). Every one is a counted
cost. Transfers are served in order of arrival.

Not modelled here, but in ``chunks.py``: queues and the reordering of competing chunks, the command bus.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Final

from hw.dram.timing import BANK_GROUPS, BANKS, BURST_BYTES, BURST_CLOCKS, ROW_BYTES, Timing

Costs = tuple[int, int, int, int, int]
COST_NAMES = ("dram_bandwidth", "dram_latency", "dram_row_miss", "dram_turnaround", "dram_refresh")
REGION_BYTES: Final = BANK_GROUPS * ROW_BYTES  # rows of the four bank groups lie side by side
REGION_CLOCKS: Final = REGION_BYTES // BURST_BYTES * BURST_CLOCKS
PLACES: Final = BANKS // BANK_GROUPS  # such regions that can be open at a time
CLOSED: Final = -1


class Channel:
    """One LPDDR5 channel: until when its bus is taken, and what that time went to, all in clocks.

    What *ideal* names costs nothing: ``dram_bandwidth``, ``dram_latency`` (CAS and rows), ``dram_turnaround``,
    ``dram_refresh``. ``begin``, ``free`` and ``costs`` (by :data:`COST_NAMES`) describe the transfer served last,
    ``refresh_clocks`` are those without data around a refresh.
    The time up to ``free`` equals ``data_clocks`` plus the sum of ``stalls``.
    """

    __slots__ = (
        "_activate", "_burst", "_cas", "_closable", "_covered", "_covered_closable", "_idle", "_latency",
        "_next_window", "_open", "_precharge", "_recovery", "_refresh", "_row_miss", "_turn", "_turnaround", "begin",
        "bursts", "costs", "data_clocks", "free", "last_write", "refresh_clocks", "timing",
    )  # fmt: skip

    def __init__(self, timing: Timing, refresh: bool = True, ideal: Collection[str] = ()) -> None:
        self.timing = timing
        self._burst = 0 if "dram_bandwidth" in ideal else BURST_CLOCKS
        latencies = (timing.rl, timing.wl, timing.rcd, timing.rp_pb)
        read, write, self._activate, self._precharge = (0, 0, 0, 0) if "dram_latency" in ideal else latencies
        self._cas = (read, write)
        self._turn = (0, 0) if "dram_turnaround" in ideal else (timing.write_to_read, timing.read_to_write)
        refresh = refresh and "dram_refresh" not in ideal
        self._open = [CLOSED] * PLACES  # which region is open in each
        self._closable = [0] * PLACES  # from when on it may be closed
        self._covered = CLOSED  # the last region of a transfer since which all open regions are the last of it
        self._covered_closable = 0
        self._recovery = (timing.rtp - timing.rl - BURST_CLOCKS, timing.wr)  # from the last data to the precharge
        self.refresh_clocks = timing.rp_ab + timing.rfc_ab + timing.rcd if refresh else 0
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
        free, cas = self.free, self._cas[write]
        turnaround = latency = row_miss = 0
        earliest = free
        if write != self.last_write:
            self.last_write = write
            turnaround = self._turn[write]
            earliest += turnaround
        first = address // REGION_BYTES
        begin = self._row_open(arrival, first) + cas
        if begin < earliest:
            begin = earliest
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
        bursts = -(-size_bytes // BURST_BYTES)
        data = bursts * self._burst
        end = begin + data
        refresh = 0
        if end > self._next_window:
            end = self._around_refresh(begin, data)
            refresh = end - begin - data
            self._refresh += refresh
        self.data_clocks += data
        self.bursts += bursts
        self.begin, self.free = begin, end
        closable = end + self._recovery[write]
        last = (address + size_bytes - 1) // REGION_BYTES
        if last - first >= PLACES - 1:
            self._covered, self._covered_closable = last, closable
        else:
            self._leave_open(first, last, closable, refresh > 0)
        self.costs = (data, latency, row_miss, turnaround, refresh)
        return end

    def _row_open(self, arrival: int, region: int) -> int:
        """From when on a transfer that arrives at clock *arrival* finds the row of its first *region* open."""
        if arrival >= self._next_window:
            self._covered = CLOSED
            self._open = [CLOSED] * PLACES
        place = region % PLACES
        if self._covered != CLOSED:
            back = (self._covered - place) % PLACES
            opened, closable = self._covered - back, self._covered_closable - back * REGION_CLOCKS
        else:
            opened, closable = self._open[place], self._closable[place]
        if opened == region or not self._activate:
            return arrival
        if opened == CLOSED:
            return arrival + self._activate
        return (arrival if arrival > closable else closable) + self._precharge + self._activate

    def _leave_open(self, first: int, last: int, closable: int, refreshed: bool) -> None:
        """Note that the regions *first* to *last* are left open, the last one until *closable* at least."""
        if self._covered != CLOSED:
            for back in range(PLACES):
                place = (self._covered - back) % PLACES
                self._open[place] = self._covered - back
                self._closable[place] = self._covered_closable - back * REGION_CLOCKS
            self._covered = CLOSED
        if refreshed:
            self._open = [CLOSED] * PLACES
        for region in range(first, last + 1):
            self._open[region % PLACES] = region
            self._closable[region % PLACES] = closable - (last - region) * REGION_CLOCKS

    def _around_refresh(self, begin: int, work: int) -> int:
        """The clock at which *work* clocks of data that start at *begin* end, around the refresh windows.

        A window opens at every multiple of REFI but zero and lasts RP_ab + RFC_ab + RCD: drain, refresh, reopen.
        """
        interval, window = self.timing.refi, self.refresh_clocks
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
