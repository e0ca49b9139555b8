"""Past a stream at once: what the channels do while they serve nothing but one run of consecutive bytes.

In a stream data takes the clocks of a burst, rows open behind it, and each refresh that is due costs what it keeps the
bus waiting for; the controllers then go on as if they had streamed all of it.

Not modelled: data that is read again while it waits to be written.
"""

from __future__ import annotations

from hw.dram.bursts import Controller
from hw.dram.organisation import INTERLEAVE_BYTES
from hw.dram.queues import Burst
from hw.dram.replay import READ, Ints
from hw.dram.traffic import Traffic
from hw.typed_arrays import typed_array


class Streams:
    """Streams in *traffic*: *run_ends* are, for each request, the last one of its run (see chunks.py)."""

    __slots__ = ("_controllers", "_queue", "_run_ends", "_seen", "_traffic")

    def __init__(
        self, traffic: Traffic, run_ends: Ints, controllers: list[Controller], queue: int, burst_bytes: int
    ) -> None:
        self._traffic = traffic
        self._run_ends = typed_array(run_ends)
        self._controllers = controllers
        self._queue = queue
        # bursts that are sure to be in a queue of a stream: with several channels, the burst that has to wait for room
        # in one keeps others from a full queue, by up to what is interleaved
        self._seen = queue - (INTERLEAVE_BYTES // burst_bytes if len(controllers) > 1 else 0)

    def ahead(self) -> int:
        """Bytes that every channel can stream at once: the rest of the run that arrives, if all serve only that.

        Fewer than a region are not worth it: what a controller has before it at either end is not quite what a stream
        leaves. A queue must see the next rows soon enough to open them behind data.
        """
        traffic = self._traffic
        end = self._run_ends[traffic.number]
        kind = traffic.kinds[end]
        for controller in self._controllers:
            if not controller.streams(kind):
                return 0
            if self._run_ends[controller.queues.oldest(kind).request] != end:
                return 0
        left = traffic.begins[end] + traffic.sizes[end] - traffic.address
        size = left // (INTERLEAVE_BYTES * len(self._controllers)) * INTERLEAVE_BYTES
        first = self._controllers[0]
        rules = first.rules
        places = rules.places
        if size < places.region_bytes or self._seen * places.burst_clocks < rules.rp + rules.rcd[READ]:
            return 0
        return size

    def leap(self, size: int, clock: int) -> int:
        """Let every channel stream *size* bytes of the run that arrives at once; returns the clocks that takes."""
        traffic = self._traffic
        end = self._run_ends[traffic.number]
        kind = traffic.kinds[end]
        oldest = traffic.number
        for controller in self._controllers:
            oldest = min(oldest, controller.queues.oldest(kind).request)
        refreshes, clocks = self._duration(kind, size, clock)
        self._arrive(oldest, end, size * len(self._controllers), clock, clocks)
        for channel in range(len(self._controllers)):
            controller = self._controllers[channel]
            controller.leap(kind, size, clocks, clock + clocks, refreshes)
            self._name_requests(controller.queues.of(kind), channel, oldest, end)
        return clocks

    def _duration(self, kind: int, size: int, clock: int) -> tuple[int, int]:
        """Refreshes and clocks of *size* bytes that a channel, like all of them, streams from *clock* on.

        A refresh of all banks waits for the last data, closes, refreshes and opens the rows. One of a single bank waits
        for its row to be closed, and for the last data if that is in the row which streams.
        """
        controller = self._controllers[0]
        rules = controller.rules
        places = rules.places
        pace = rules.pace[kind]
        coming = controller.refreshes
        begin = controller.queues.oldest(kind).address
        end = clock + size // places.burst_bytes * pace
        refreshes = 0
        moving = clock  # data has moved since, but for what refreshes took
        due = coming.at
        while due < end:
            lost = rules.rp
            if not coming.one_bank:
                lost += rules.recovery[kind] + rules.rfc + rules.rcd[kind] - places.burst_clocks
            else:
                region = (begin + (due - moving) // pace * places.burst_bytes) // places.region_bytes % places.regions
                if region == coming.bank_of(refreshes) // places.bank_groups:
                    lost += rules.recovery[kind]
            refreshes += 1
            moving += lost
            end += lost
            due += coming.interval
        return refreshes, end - clock

    def _arrive(self, oldest: int, end: int, size: int, clock: int, clocks: int) -> None:
        """Let *size* bytes of the run arrive at an even pace during *clocks*, and what waits before them be served.

        *oldest* is the first request of which anything waits, *end* the last of the run.
        """
        traffic = self._traffic
        channels = len(self._controllers)
        first = self._controllers[0]
        rules = first.rules
        begin = traffic.address
        pace = clocks / size  # clocks a byte; a product of whole numbers could be too large
        # from the arrival behind a full queue to the last data
        waits = int(pace * self._queue * rules.places.burst_bytes * channels) + rules.read_clocks
        number = oldest
        while number <= end and traffic.begins[number] < begin + size:
            arrives = traffic.begins[number] - begin
            leaves = arrives + traffic.sizes[number]
            if arrives >= 0:
                traffic.first[number] = clock + int(pace * arrives)
            if leaves > size:
                break
            traffic.ends(number, clock + int(pace * leaves) + waits)
            number += 1
        traffic.go_to(number)
        if number <= end:
            traffic.seek(begin + size)

    def _name_requests(self, entries: list[Burst], channel: int, oldest: int, end: int) -> None:
        """Say which requests, of those from *oldest* to *end*, the bursts that have moved on belong to."""
        for burst in entries:
            turn = burst.address // INTERLEAVE_BYTES * len(self._controllers) + channel
            oldest = self._holding(turn * INTERLEAVE_BYTES + burst.address % INTERLEAVE_BYTES, oldest, end)
            burst.request = oldest

    def _holding(self, address: int, low: int, end: int) -> int:
        """Which of the requests from *low* to *end*, consecutive bytes, holds *address*."""
        high = end + 1
        while high - low > 1:
            middle = (low + high) // 2
            if self._traffic.begins[middle] <= address:
                low = middle
            else:
                high = middle
        return low
