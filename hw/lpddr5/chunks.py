"""LPDDR5 at transaction level, with addresses: a chunk of consecutive bytes of one row is one event.

What a controller with queues makes of a sequence of chunks, in closed form. Which chunk is served when follows from
counting: bursts arrive in order until the read or the write queue is full, writes are drained from a high to a low
watermark; of the chunks that wait, the oldest whose row can be open goes first (FR-FCFS). When it can be open follows
from what its bank did last: activation, column access, recovery, precharge; chunks that wait have their rows opened
meanwhile. Bus, turnaround and refresh are those of :class:`~hw.lpddr5.transaction.Channel`, which serves the result.

Not modelled at this level: the order of commands within a chunk, CAS synchronisation, rules over four activations,
refreshes of single banks within a long stream.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from hw.lpddr5.command import HIGH_WATERMARK, LOW_WATERMARK, Ints, Refresh, Replay
from hw.lpddr5.timing import BANK_GROUPS, BANKS, BURST_BYTES, BURST_CLOCKS, ROW_BYTES, Timing
from hw.lpddr5.transaction import Channel

REGION_BYTES = BANK_GROUPS * ROW_BYTES  # rows of the four groups that lie side by side
GROUP_BYTES = 64  # consecutive bytes in one bank group
GROUP_CLOCKS = GROUP_BYTES // BURST_BYTES * BURST_CLOCKS
INTERLEAVE_BYTES = 256
ARRIVALS = 8  # bursts that leave a full queue before the next chunk is looked at


@dataclass(slots=True)
class _Chunk:
    """Bursts of one direction in one row of each of ``banks``; ``bursts`` are still to be served."""

    write: bool
    banks: tuple[int, ...]
    row: int
    bursts: int
    admitted: int = 0
    requests: int = 1


class _Banks:
    """What each bank did last: its open row, and when its next activation or precharge may come."""

    def __init__(self, timing: Timing) -> None:
        self._timing = timing
        self.row = [-1] * BANKS
        self._activated = [-(1 << 40)] * BANKS
        self._precharge = [0] * BANKS  # when the open row may be closed
        self._closed = [0] * BANKS  # when a closed bank may be opened
        self.group_free = [0] * BANK_GROUPS
        self.owner: list[_Chunk | None] = [None] * BANKS  # whose row was opened and is not used yet
        self.misses = self.conflicts = 0

    def ready(self, chunk: _Chunk) -> int:
        """The first clock at which a column command of *chunk* may come; its banks take turns every GROUP_CLOCKS."""
        timing, first = self._timing, chunk.admitted
        for turn, bank in enumerate(chunk.banks):
            group = self.group_free[bank % BANK_GROUPS]
            if self.row[bank] == chunk.row:
                opened = self._activated[bank] + timing.rcd
            else:
                opened = self._activation(bank, chunk.admitted) + timing.rcd
            first = max(first, opened - turn * GROUP_CLOCKS, group if len(chunk.banks) == 1 else 0)
        return first

    def _activation(self, bank: int, earliest: int) -> int:
        timing = self._timing
        if self.row[bank] < 0:
            return max(earliest, self._closed[bank], self._activated[bank] + timing.rc)
        return max(max(earliest, self._precharge[bank]) + timing.rp_pb, self._activated[bank] + timing.rc)

    def open(self, chunk: _Chunk, now: int, wanted: set[int]) -> None:
        """Open what rows of *chunk* can be by clock *now*, in banks that nobody older has *wanted*.

        Rows of younger chunks are closed, unless they were opened for one and not used yet.
        """
        for bank in chunk.banks:
            older = bank in wanted
            wanted.add(bank)
            if self.row[bank] == chunk.row or older or self.owner[bank] not in (None, chunk):
                continue
            if self.row[bank] >= 0 and self._precharge[bank] > now:
                continue
            if self.row[bank] < 0:
                self.misses += 1
            else:
                self.conflicts += 1
            activated = self._activation(bank, chunk.admitted)
            self.row[bank], self._activated[bank] = chunk.row, activated
            self._precharge[bank] = activated + self._timing.ras
            self.owner[bank] = chunk

    def use(self, chunk: _Chunk, begin: int, end: int, bursts: int) -> None:
        """Data of *chunk* from *begin* to *end*, counted from its column commands."""
        timing = self._timing
        recovery = timing.wl + timing.wr if chunk.write else timing.rtp - BURST_CLOCKS
        for turn, bank in enumerate(chunk.banks):
            if self.owner[bank] is chunk:
                self.owner[bank] = None
            last = end - (len(chunk.banks) - 1 - turn) * GROUP_CLOCKS
            self._precharge[bank] = max(self._precharge[bank], last + recovery)
            each = -(-bursts // len(chunk.banks))
            self.group_free[bank % BANK_GROUPS] = begin + each * timing.ccd_l

    def close(self, bank: int, until: int) -> None:
        """The row of *bank* is closed by a refresh that ends at *until*."""
        self.row[bank], self._closed[bank], self.owner[bank] = -1, until, None


class _Replayer:
    """One channel: queues, banks and bus."""

    def __init__(self, timing: Timing, refresh: Refresh, queue: int) -> None:
        self.timing = timing
        self.queue = queue
        self.channel = Channel(timing, refresh == "all-bank")
        self.banks = _Banks(timing)
        self.waiting: tuple[deque[_Chunk], deque[_Chunk]] = (deque(), deque())
        self.counts = [0, 0]
        self.writing = False
        self.misses = self.conflicts = self.bursts = 0
        self.latency: list[tuple[int, int]] = []  # (clocks, requests)
        self._commands = 0  # when the command bus is free
        self._refresh = refresh
        self._bank_refreshes = 0

    def room(self, write: bool) -> int:
        """Bursts that the queue of that direction can still take."""
        return self.queue - self.counts[write]

    def take(self, write: bool, banks: tuple[int, ...], row: int, bursts: int, requests: int) -> None:
        """Let *bursts* arrive, as fast as there is room: more than a queue holds keep it full until the last are in."""
        if bursts > self.queue:
            self.admit(_Chunk(write, banks, row, bursts, requests=requests))
            while self.counts[write] > self.queue - ARRIVALS:
                self.make_room(write)
            return
        while bursts:
            part = min(bursts, self.room(write))
            if part > 0:
                self.admit(_Chunk(write, banks, row, part, requests=requests))
                bursts -= part
            else:
                self.make_room(write)

    def admit(self, chunk: _Chunk) -> None:
        """Put *chunk* into its queue."""
        chunk.admitted = self.channel.free
        self.waiting[chunk.write].append(chunk)
        self.counts[chunk.write] += chunk.bursts

    def make_room(self, write: bool) -> None:
        """Serve until that direction's queue has some room again, so that what arrives next is seen early."""
        self.serve(write, max(ARRIVALS, self.counts[write] - self.queue + ARRIVALS))

    def serve(self, limited: bool | None = None, most: int = 0) -> bool:
        """Serve the best chunk, of the *limited* direction *most* bursts of it; False if nothing waits."""
        reads, writes = self.counts
        if not reads and not writes:
            return False
        if not self.writing:
            self.writing = writes > HIGH_WATERMARK * self.queue or not reads
        elif writes < LOW_WATERMARK * self.queue and reads:
            self.writing = False
        waiting = self.waiting[self.writing]
        chunk, ready = self._first_ready(waiting)
        count = min(chunk.bursts, most) if self.writing == limited else chunk.bursts
        if self.writing and self.counts[0]:
            count = min(count, max(1, writes - int(LOW_WATERMARK * self.queue)))
        self.banks.open(chunk, 1 << 60, set())
        self._serve(chunk, ready, count)
        chunk.requests -= min(chunk.requests - 1, chunk.requests * count // chunk.bursts)
        chunk.bursts -= count
        self.counts[self.writing] -= count
        if not chunk.bursts:
            waiting.remove(chunk)
        return True

    def _first_ready(self, waiting: deque[_Chunk]) -> tuple[_Chunk, int]:
        """The oldest chunk whose first column command need not wait, else the one that waits least."""
        now = self.channel.free - self.timing.rl  # commands run ahead of data
        if self._refresh == "per-bank":
            self._refresh_banks(now)
        wanted: set[int] = set()
        for chunk in waiting:
            self.banks.open(chunk, now, wanted)
        best, soonest = waiting[0], 1 << 60
        for chunk in waiting:
            ready = self.banks.ready(chunk)
            if ready <= now:
                return chunk, ready
            if ready < soonest:
                best, soonest = chunk, ready
        return best, soonest

    def _refresh_banks(self, now: int) -> None:
        """Refresh one bank after the other, group by group, as often as is due by clock *now*."""
        timing = self.timing
        for number in range(self._bank_refreshes, now // timing.refi_pb):
            bank = number // BANK_GROUPS % BANK_GROUPS + BANK_GROUPS * (number % BANK_GROUPS)
            self.banks.close(bank, (number + 1) * timing.refi_pb + timing.rp_pb + timing.rfc_pb)
        self._bank_refreshes = max(self._bank_refreshes, now // timing.refi_pb)

    def _serve(self, chunk: _Chunk, ready: int, count: int) -> None:
        timing, channel, whole = self.timing, self.channel, chunk.bursts
        opened = 2 * (self.banks.misses - self.misses) + 3 * min(
            len(chunk.banks), self.banks.conflicts - self.conflicts
        )
        self.misses, self.conflicts = self.banks.misses, self.banks.conflicts
        self.bursts += count
        commands = count + opened
        begin = max(ready, self._commands)
        self._commands = max(self._commands, begin) + commands
        cas = timing.wl if chunk.write else timing.rl
        before = channel.free
        channel.serve_bursts(begin + cas, count, chunk.write, len(chunk.banks))
        if channel.free // timing.refi != before // timing.refi and self._refresh == "all-bank":
            for bank in range(BANKS):
                self.banks.close(bank, channel.free // timing.refi * timing.refi + timing.rp_ab + timing.rfc_ab)
        first = channel.begin - cas
        self.banks.use(chunk, first, max(first + BURST_CLOCKS * count, channel.free - cas), count)
        if not chunk.write:
            waited = BURST_CLOCKS * self.queue if count > self.queue else channel.begin - chunk.admitted
            requests = max(1, chunk.requests * count // whole)
            self.latency.append((waited + timing.rl + BURST_CLOCKS * min(count, 2), requests))


def replay_chunks(
    requests: Ints, timing: Timing, channels: int = 1, refresh: Refresh = "all-bank", queue: int = 32
) -> Replay:
    """Replay *requests* [n, 3] (1 for a write, byte address, bytes) as :func:`hw.lpddr5.command.replay` does."""
    replayers = [_Replayer(timing, refresh, queue) for _ in range(channels)]
    for write, channel, banks, row, bursts, count in _chunks(requests, channels):
        one = replayers[channel]
        one.banks.conflicts += max(0, -(-bursts * BURST_BYTES // REGION_BYTES) - 1) * BANK_GROUPS  # hidden in a stream
        one.take(write, banks, row, bursts, count)
    for one in replayers:
        while one.serve():
            pass
    bursts, misses, conflicts = (sum(getattr(o, n) for o in replayers) for n in ("bursts", "misses", "conflicts"))
    latencies = np.repeat(
        *np.array([pair for one in replayers for pair in one.latency], dtype=np.int64).reshape(-1, 2).T
    )
    return Replay(
        max(one.channel.free for one in replayers),
        bursts,
        bursts - misses - conflicts,
        misses,
        conflicts,
        latencies,
    )


def _chunks(requests: Ints, channels: int) -> Iterator[tuple[bool, int, tuple[int, ...], int, int, int]]:
    """(write, channel, banks, row, bursts, requests) of each chunk: consecutive bytes, cut where rows end."""
    if not len(requests):
        return
    write, address, size = requests.T
    joins = (write[1:] == write[:-1]) & (address[1:] == address[:-1] + size[:-1])
    starts = np.concatenate([[0], np.flatnonzero(~joins) + 1, [len(requests)]])
    for first, after in zip(starts[:-1].tolist(), starts[1:].tolist(), strict=True):
        begin, end = int(address[first]), int(address[after - 1] + size[after - 1])
        line = max(1, (end - begin) // (after - first))
        yield from _cut(
            bool(write[first]), begin // BURST_BYTES * BURST_BYTES, -(-end // BURST_BYTES) * BURST_BYTES, channels, line
        )


def _cut(
    write: bool, begin: int, end: int, channels: int, line: int
) -> Iterator[tuple[bool, int, tuple[int, ...], int, int, int]]:
    """The chunks of consecutive bytes *begin* to *end* in each channel, whose trace lines have *line* bytes."""
    stripe = INTERLEAVE_BYTES * channels
    for channel in range(channels):
        low = _local(begin, channel, channels, stripe)
        high = _local(end, channel, channels, stripe)
        while low < high:
            stop = min(high, (low // REGION_BYTES + 1) * REGION_BYTES)
            if low % REGION_BYTES == 0 and high - low > 2 * BANKS * ROW_BYTES:  # a stream: rows open behind data
                stop = (high // REGION_BYTES - BANKS // BANK_GROUPS) * REGION_BYTES
            groups = range(low // GROUP_BYTES, min(low // GROUP_BYTES + BANK_GROUPS, -(-stop // GROUP_BYTES)))
            bank = (low >> 13) % 4
            banks = tuple(sorted({group % BANK_GROUPS + BANK_GROUPS * bank for group in groups}))
            yield write, channel, banks, low >> 15, (stop - low) // BURST_BYTES, max(1, (stop - low) * channels // line)
            low = stop


def _local(address: int, channel: int, channels: int, stripe: int) -> int:
    """How many bytes of *channel* lie before *address*."""
    whole, rest = divmod(address, stripe)
    return whole * INTERLEAVE_BYTES + min(max(rest - channel * INTERLEAVE_BYTES, 0), INTERLEAVE_BYTES)
