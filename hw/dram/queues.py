"""What waits in a channel's controller, at either level of replay, and in which direction that is served.

Bursts wait in a read and in a write queue of bounded length, oldest first. Writes are drained from a high to a low
watermark, or while there is nothing to read. A burst whose row has been opened for it waits apart from both.
"""

from __future__ import annotations

from hw.dram.places import Places
from hw.dram.replay import READ, WRITE

HIGH_WATERMARK, LOW_WATERMARK = 0.8, 0.2  # of a queue


class Burst:
    """What one read or write command moves, and where in its channel that lies: the bank, its group, the row."""

    __slots__ = ("address", "arrival", "bank", "group", "kind", "request", "row", "seen")

    def arrive(self, places: Places, kind: int, address: int, clock: int, request: int) -> None:
        """Join a queue at *clock*: READ or WRITE the bytes at *address* for *request*."""
        self.kind = kind
        self.arrival = clock
        self.request = request
        self.seen = False  # whether a command has been issued for it
        self.lie_at(places, address)

    def lie_at(self, places: Places, address: int) -> None:
        """Rows of all bank groups lie side by side, some bytes of each in turn."""
        groups = places.bank_groups
        region = address // places.region_bytes
        self.address = address
        self.group = address // places.group_bytes % groups
        self.bank = self.group + groups * (region % places.regions)
        self.row = region // places.regions


class Queues:
    """The bursts of one channel: ``reads``, ``writes``, and ``opened``, whose row has been opened for them.

    ``served`` is the direction, READ or WRITE, in which bursts are taken from a queue.
    """

    __slots__ = ("_high", "_low", "_places", "length", "opened", "reads", "served", "writes")

    def __init__(self, length: int, places: Places) -> None:
        self._places = places
        self.length = length  # places for reads, and as many for writes
        self._high = HIGH_WATERMARK * length
        self._low = LOW_WATERMARK * length
        self.reads: list[Burst] = []
        self.writes: list[Burst] = []
        self.opened: list[Burst] = []
        self.served = READ

    def of(self, kind: int) -> list[Burst]:
        """The reads or the writes."""
        return self.writes if kind == WRITE else self.reads

    def empty(self) -> bool:
        """Whether no burst is left."""
        return len(self.reads) == 0 and len(self.writes) == 0 and len(self.opened) == 0

    def has_room(self, kind: int) -> bool:
        """Whether one more burst can join its queue."""
        return len(self.of(kind)) < self.length

    def waits_to_be_written(self, address: int) -> bool:
        """Whether a write of *address* is in its queue."""
        for burst in self.writes:
            if burst.address == address:
                return True
        return False

    def join(self, kind: int, address: int, clock: int, request: int) -> Burst:
        """A burst joins its queue at *clock*."""
        burst = Burst()
        burst.arrive(self._places, kind, address, clock, request)
        self.of(kind).append(burst)
        return burst

    def turn(self) -> list[Burst]:
        """Turn the direction round if it is time to; returns the queue that is served."""
        reads = len(self.reads)
        writes = len(self.writes)
        if self.served == READ:
            if writes > self._high or reads == 0:
                self.served = WRITE
        elif writes < self._low and reads != 0:
            self.served = READ
        return self.of(self.served)

    def oldest(self, kind: int) -> Burst:
        """The burst that has been waiting longest to be read or to be written."""
        return self.of(kind)[0]

    def newest(self, kind: int) -> Burst:
        """The burst that arrived last to be read or to be written."""
        entries = self.of(kind)
        return entries[len(entries) - 1]

    def leap(self, kind: int, size: int, clock: int) -> None:
        """*size* bytes have streamed until *clock*: as many bursts wait as before, for what lies behind those."""
        entries = self.of(kind)
        count = len(entries)
        for rank in range(count):
            burst = entries[rank]
            burst.lie_at(self._places, burst.address + size)
            burst.arrival = clock - (count - rank) * self._places.burst_clocks
