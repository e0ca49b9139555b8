"""LPDDR5 channels at transaction level: one call a transfer, closed-form time inside.

Modelled for each channel: data bus occupancy (BL16 on a x16 channel is 32 bytes in two clocks), open rows (a transfer
that finds its first row open pays CAS latency only, another the activation too, and the precharge of what was open;
what earlier data hides, as a controller that looks ahead does, costs nothing), bus turnaround when the direction
changes, all-bank refresh as windows in which no data moves (refresh, then reopening a row). Every one is a counted
cost. Transfers are served in order of arrival.

Not modelled here, but in ``chunks.py``: queues and the reordering of competing chunks, the command bus.
"""

from __future__ import annotations

from array import array
from collections.abc import Collection
from typing import Final

from hw.dram.timing import BURST_BITS, BURST_BYTES, BURST_CLOCKS, REGION_BITS, REGION_CLOCKS, REGIONS, Timing
from hw.reasons import BANDWIDTH

CLOSED: Final = -1
LAST_REGION: Final = REGIONS - 1  # a power of two less one: & is %
NEVER: Final = 1 << 62


class Channel:
    """One LPDDR5 channel: until when its bus is taken, and what that time went to, all in clocks.

    What *ideal* names costs nothing: ``dram_bandwidth``, ``dram_latency`` (CAS and rows), ``dram_turnaround``,
    ``dram_refresh``. ``begin``, ``free`` and the five costs from ``data`` to ``refresh`` describe the transfer served
    last, ``refresh_clocks`` are those without data around a refresh. *names* are those of the reasons to idle.
    The time up to ``free`` equals ``data_clocks`` plus the sum of ``stalls``.
    """

    __slots__ = (
        "_activate", "_burst", "_cas", "_closable", "_covered", "_covered_closable", "_names", "_next_window", "_open",
        "_precharge", "_recovery", "_refi", "_stalls", "_turn", "begin", "bursts", "data", "data_clocks", "free",
        "last_write", "latency", "refresh", "refresh_clocks", "row_miss", "turnaround",
    )  # fmt: skip

    def __init__(
        self, timing: Timing, names: tuple[str, ...], refresh: bool = True, ideal: Collection[str] = ()
    ) -> None:
        self._names = names
        self._stalls = array("q", [0]) * len(names)  # clocks without data, by reason
        self._burst = 0 if "dram_bandwidth" in ideal else BURST_CLOCKS
        latencies = (timing.rl, timing.wl, timing.rcd, timing.rp_pb)
        read, write, self._activate, self._precharge = (0, 0, 0, 0) if "dram_latency" in ideal else latencies
        self._cas = array("q", [read, write])
        turn = (0, 0) if "dram_turnaround" in ideal else (timing.write_to_read, timing.read_to_write)
        self._turn = array("q", turn)
        refresh = refresh and "dram_refresh" not in ideal
        self._open = array("q", [CLOSED]) * REGIONS  # which region is open in each
        self._closable = array("q", [0]) * REGIONS  # from when on it may be closed
        self._covered = CLOSED  # the last region of a transfer since which all open regions are the last of it
        self._covered_closable = 0
        # from the last data to the precharge
        self._recovery = array("q", [timing.rtp - timing.rl - BURST_CLOCKS, timing.wr])
        self._refi = timing.refi
        self.refresh_clocks = timing.rp_ab + timing.rfc_ab + timing.rcd if refresh else 0
        self._next_window = timing.refi if refresh else NEVER  # when the next refresh begins
        self.begin = self.free = self.data_clocks = self.bursts = 0
        self.data = self.latency = self.row_miss = self.turnaround = self.refresh = 0
        self.last_write = False

    @property
    def stalls(self) -> dict[str, int]:
        """Clocks without data up to ``free``, by cause."""
        return {name: clocks for name, clocks in zip(self._names, self._stalls, strict=True) if clocks}

    def serve(self, arrival: int, address: int, size_bytes: int, write: bool, idle_reason: int) -> None:
        """Serve the *size_bytes* at *address* from clock *arrival* on; the last have moved at clock ``free``.

        The bus moves data as soon as it is free and turned round, but not before the first row is open and the CAS
        latency has passed. Idle time is put down to *idle_reason*, a reason's number.
        """
        free = self.free
        cas = self._cas[write]
        turnaround = latency = row_miss = refresh = 0
        if write != self.last_write:
            self.last_write = write
            turnaround = self._turn[write]
        first = address >> REGION_BITS
        begin = max(self._row_open(arrival, first) + cas, free + turnaround)
        wait = begin - free
        if wait:
            if arrival > free:
                idle = arrival - free
                self._stalls[idle_reason] += idle
                wait -= idle
                turnaround = max(turnaround - idle, 0)
            turnaround = min(turnaround, wait)
            wait -= turnaround
            latency = min(cas, wait)
            row_miss = wait - latency
        bursts = (size_bytes + BURST_BYTES - 1) >> BURST_BITS
        data = bursts * self._burst
        end = begin + data
        if end > self._next_window:
            end = self._around_refresh(begin, data)
            refresh = end - begin - data
        self._stalls[BANDWIDTH + 1] += latency
        self._stalls[BANDWIDTH + 2] += row_miss
        self._stalls[BANDWIDTH + 3] += turnaround
        self._stalls[BANDWIDTH + 4] += refresh
        self.data_clocks += data
        self.bursts += bursts
        self.begin = begin
        self.free = end
        closable = end + self._recovery[write]
        last = (address + size_bytes - 1) >> REGION_BITS
        if last - first >= REGIONS - 1:
            self._covered = last
            self._covered_closable = closable
        else:
            self._leave_open(first, last, closable, refresh > 0)
        self.data = data
        self.latency = latency
        self.row_miss = row_miss
        self.turnaround = turnaround
        self.refresh = refresh

    def _row_open(self, arrival: int, region: int) -> int:
        """From when on a transfer that arrives at clock *arrival* finds the row of its first *region* open."""
        if arrival >= self._next_window:
            self._covered = CLOSED
            self._close_all()
        place = region & LAST_REGION
        opened = self._open[place]
        closable = self._closable[place]
        if self._covered != CLOSED:
            back = (self._covered - place) & LAST_REGION
            opened = self._covered - back
            closable = self._covered_closable - back * REGION_CLOCKS
        if opened == region or not self._activate:
            return arrival
        if opened == CLOSED:
            return arrival + self._activate
        return max(arrival, closable) + self._precharge + self._activate

    def _close_all(self) -> None:
        for place in range(REGIONS):
            self._open[place] = CLOSED

    def _leave_open(self, first: int, last: int, closable: int, refreshed: bool) -> None:
        """Note that the regions *first* to *last* are left open, the last one until *closable* at least."""
        if self._covered != CLOSED:
            for back in range(REGIONS):
                place = (self._covered - back) & LAST_REGION
                self._open[place] = self._covered - back
                self._closable[place] = self._covered_closable - back * REGION_CLOCKS
            self._covered = CLOSED
        if refreshed:
            self._close_all()
        for region in range(first, last + 1):
            self._open[region & LAST_REGION] = region
            self._closable[region & LAST_REGION] = closable - (last - region) * REGION_CLOCKS

    def _around_refresh(self, begin: int, work: int) -> int:
        """The clock at which *work* clocks of data that start at *begin* end, around the refresh windows.

        A window opens at every multiple of REFI but zero and lasts RP_ab + RFC_ab + RCD: drain, refresh, reopen.
        """
        interval = self._refi
        window = self.refresh_clocks
        period = begin // interval
        offset = begin - period * interval
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
