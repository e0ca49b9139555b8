"""The requests of a trace, cut into bursts that arrive one after the other and are spread over the channels.

Channels are interleaved: INTERLEAVE_BYTES of one, then as many of the next.
"""

from __future__ import annotations

from array import array

import numpy as np

from hw.dram.organisation import INTERLEAVE_BYTES, NEVER
from hw.dram.replay import READ, Ints
from hw.typed_arrays import typed_array


class Traffic:
    """The burst that arrives next, and when each request began and ended.

    ``number`` is the request of that burst, ``address`` where it lies; ``channel`` and ``local`` say the same as a
    channel and an address in there.
    """

    __slots__ = (
        "_burst_bytes", "_channels", "address", "begins", "channel", "first", "kinds", "last", "local", "number",
        "sizes", "total",
    )  # fmt: skip

    def __init__(self, requests: Ints, channels: int, burst_bytes: int) -> None:
        """*requests* [n, 3]: READ or WRITE, byte address, bytes."""
        self._burst_bytes = burst_bytes
        self._channels = channels
        self.kinds, self.begins, self.sizes = (typed_array(requests[:, column]) for column in range(3))
        self.total = len(requests)
        self.first = array("q", [NEVER]) * self.total  # [request] clock of the first arrival
        self.last = array("q", [0]) * self.total  # [request] clock of the last data so far
        self.address = self.channel = self.local = 0
        self.go_to(0)

    def arrived(self) -> bool:
        """Whether nothing is left to arrive."""
        return self.number == self.total

    def arrive(self, clock: int) -> None:
        """The next burst has arrived at *clock*: go on to the one behind it."""
        number = self.number
        self.first[number] = min(self.first[number], clock)
        after = self.address + self._burst_bytes
        if after >= self.begins[number] + self.sizes[number]:
            self.go_to(number + 1)
        elif after % INTERLEAVE_BYTES == 0:
            self.seek(after)
        else:
            self.address = after
            self.local += self._burst_bytes

    def go_to(self, number: int) -> None:
        """Go on to the first burst of request *number*."""
        self.number = number
        if number < self.total:
            self.seek(self.begins[number] // self._burst_bytes * self._burst_bytes)

    def seek(self, address: int) -> None:
        """Go on to the burst at *address*, of the same request."""
        turn = address // INTERLEAVE_BYTES
        self.address = address
        self.channel = turn % self._channels
        self.local = turn // self._channels * INTERLEAVE_BYTES + address % INTERLEAVE_BYTES

    def ends(self, number: int, clock: int) -> None:
        """Data of that request are done at *clock*."""
        self.last[number] = max(self.last[number], clock)

    def read_latencies(self) -> Ints:
        """Clocks from the first arrival to the last data, of read requests."""
        begin, end = np.array(self.first, np.int64), np.array(self.last, np.int64)
        found: Ints = (end - begin)[np.array(self.kinds) == READ]
        return found
