"""A DRAM channel for runs of whole models: one call a transfer, closed-form time inside.

Modelled for each channel: data bus occupancy (a burst of LPDDR5 is 32 bytes in two clocks), open rows (a transfer
that finds its first row open pays CAS latency only, another the activation too, and the precharge of what was open;
what earlier data hides, as a controller that looks ahead does, costs nothing), bus turnaround when the direction
changes, all-bank refresh as windows in which no data moves (refresh, then reopening a row). Every one is a counted
cost. Transfers are served in order of arrival.

Not modelled here, but in ``chunks.py``: queues and the reordering of competing chunks, the command bus.
"""

from __future__ import annotations

from array import array
from collections.abc import Collection

from hw.dram.organisation import CLOSED, NEVER, Organisation
from hw.dram.timing import Timing
from hw.reasons import BANDWIDTH


class OpenRows:
    """Which rows are open, region by region: a region's rows, one in each bank group, are opened and closed together.

    A region lies in one of several places, those of as many consecutive ones all in different places, so that so many
    can be open. Data that streams on opens the rows ahead of it for nothing.
    """

    __slots__ = ("_clocks", "_closable", "_last", "_precharge", "_region")

    def __init__(self, organisation: Organisation, precharge: int) -> None:
        self._precharge = precharge  # clocks to close a row
        self._last = organisation.regions - 1  # place; a power of two less one: & is %
        self._clocks = organisation.region_bytes // organisation.burst_bytes * organisation.burst_clocks  # of a region
        self._region = array("q", [CLOSED]) * organisation.regions  # [place] the one that is open there, or CLOSED
        self._closable = array("q", [0]) * organisation.regions  # [place] the first clock at which it may be closed

    def opened_by(self, region: int, clock: int, activate: int) -> int:
        """From when on the rows of *region* can be read or written if that is asked for at *clock*.

        Opened rows can be *activate* clocks after the activation.
        """
        place = region & self._last
        there = self._region[place]
        if there == region or not activate:
            return clock
        if there == CLOSED:
            return clock + activate
        return max(clock, self._closable[place]) + self._precharge + activate

    def close_all(self) -> None:
        """A refresh has closed every row."""
        for place in range(self._last + 1):
            self._region[place] = CLOSED

    def leave_open(self, first: int, last: int, closable: int) -> None:
        """The regions *first* to *last* were used in turn; the last one may be closed from clock *closable* on."""
        for region in range(max(first, last - self._last), last + 1):
            place = region & self._last
            self._region[place] = region
            self._closable[place] = closable - (last - region) * self._clocks


class RefreshWindows:
    """When no data moves because all banks are refreshed.

    A window opens at every multiple of REFI but zero: drain, refresh, reopen.
    """

    __slots__ = ("_interval", "clocks", "next")

    def __init__(self, timing: Timing, refresh: bool) -> None:
        self._interval = timing.refi
        self.clocks = timing.refresh_window if refresh else 0  # of a window
        self.next = timing.refi if refresh else NEVER  # when the next one opens, after all data so far

    def end_of(self, begin: int, work: int) -> int:
        """The clock at which *work* clocks of data that start at *begin* end: no data moves within a window."""
        interval = self._interval
        window = self.clocks
        period = begin // interval
        offset = begin - period * interval
        if period and offset < window:
            offset = window
        available = interval - offset  # until the next window
        if work <= available:
            end = period * interval + offset + work
        else:
            rest = work - available
            full = (rest - 1) // (interval - window)  # further intervals that are filled with data
            end = (period + 1 + full) * interval + window + rest - full * (interval - window)
        self.next = -(-end // interval) * interval
        return end


class Channel:
    """One channel: until when its bus is taken, and what that time went to, all in clocks.

    What *ideal* names costs nothing: ``dram_bandwidth``, ``dram_latency`` (CAS and rows), ``dram_turnaround``,
    ``dram_refresh``. ``begin``, ``free`` and the five costs from ``data`` to ``refresh`` describe the transfer served
    last. *names* are those of the reasons to idle.
    The time up to ``free`` equals ``data_clocks`` plus the sum of ``stalls``.
    """

    __slots__ = (
        "_activate", "_burst_bits", "_burst_bytes", "_cas", "_names", "_pace", "_recovery", "_region_bits", "_rows",
        "_stalls", "_turn", "_windows", "begin", "bursts", "data", "data_clocks", "free", "last_write", "latency",
        "refresh", "row_miss", "turnaround",
    )  # fmt: skip

    def __init__(
        self, timing: Timing, names: tuple[str, ...], refresh: bool = True, ideal: Collection[str] = ()
    ) -> None:
        self._names = names
        self._stalls = array("q", [0]) * len(names)  # clocks without data, by reason
        organisation = timing.organisation
        self._burst_bytes = organisation.burst_bytes
        self._burst_bits = organisation.burst_bytes.bit_length() - 1
        self._region_bits = organisation.region_bytes.bit_length() - 1  # of an address within a region
        self._pace = array("q", (0, 0) if "dram_bandwidth" in ideal else timing.pace)  # [write] clocks a burst
        # figures count from the last clock of a command, these from the first
        column, opening, closing = organisation.column_clocks, organisation.activate_clocks, organisation.other_clocks
        cas = [latency + column - 1 for latency in (timing.rl, timing.wl)]
        activate = [max(0, wait + opening - column) for wait in (timing.rcd, timing.rcd_wr)]
        precharge = max(0, timing.rp_pb + closing - opening)
        if "dram_latency" in ideal:
            cas, activate, precharge = [0, 0], [0, 0], 0
        self._cas = array("q", cas)  # [write] clocks from the command to the data
        self._activate = array("q", activate)  # [write] clocks from an activation to the command
        self._rows = OpenRows(organisation, precharge)
        turn = (0, 0) if "dram_turnaround" in ideal else (timing.write_to_read, timing.read_to_write)
        self._turn = array("q", turn)  # [write] clocks without data before it if the direction changes
        # [write] clocks from the last data to the precharge
        recovery = timing.rtp - timing.rl - organisation.burst_clocks, timing.wr
        self._recovery = array("q", [clocks + 1 - closing for clocks in recovery])
        self._windows = RefreshWindows(timing, refresh and "dram_refresh" not in ideal)
        self.begin = self.free = self.data_clocks = self.bursts = 0
        self.data = self.latency = self.row_miss = self.turnaround = self.refresh = 0
        self.last_write = False

    @property
    def stalls(self) -> dict[str, int]:
        """Clocks without data up to ``free``, by cause."""
        return {name: clocks for name, clocks in zip(self._names, self._stalls, strict=True) if clocks}

    @property
    def refresh_clocks(self) -> int:
        """Clocks for which a refresh keeps data from moving."""
        return self._windows.clocks

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
        if arrival >= self._windows.next:
            self._rows.close_all()
        first = address >> self._region_bits
        begin = max(self._rows.opened_by(first, arrival, self._activate[write]) + cas, free + turnaround)
        wait = begin - free
        if wait:  # put down to, in this order: nothing to do, turnaround, CAS latency, rows
            if arrival > free:
                idle = arrival - free
                self._stalls[idle_reason] += idle
                wait -= idle
                turnaround = max(turnaround - idle, 0)
            turnaround = min(turnaround, wait)
            wait -= turnaround
            latency = min(cas, wait)
            row_miss = wait - latency
        bursts = (size_bytes + self._burst_bytes - 1) >> self._burst_bits
        data = bursts * self._pace[write]
        end = begin + data
        if end > self._windows.next:
            end = self._windows.end_of(begin, data)
            refresh = end - begin - data
        self._stalls[BANDWIDTH + 1] += latency
        self._stalls[BANDWIDTH + 2] += row_miss
        self._stalls[BANDWIDTH + 3] += turnaround
        self._stalls[BANDWIDTH + 4] += refresh
        self.data_clocks += data
        self.bursts += bursts
        self.begin = begin
        self.free = end
        if refresh:
            self._rows.close_all()
        self._rows.leave_open(first, (address + size_bytes - 1) >> self._region_bits, end + self._recovery[write])
        self.data = data
        self.latency = latency
        self.row_miss = row_miss
        self.turnaround = turnaround
        self.refresh = refresh
