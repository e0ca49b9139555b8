"""LPDDR5 controllers stepped command by command where bursts compete, and past a whole stream where one is alone.

The policy is hw/dram/command.py's (FR-FCFS, bursts whose row was opened for them first, watermarks, refresh before
the rest), with its rules as what they come to: when each bank can be activated, closed and used, and when each bank
group can move data in either direction. ``c`` is the record of a channel and ``t`` that of the rules, as
hw/dram/chunks.py lays them out. Everything that is compiled is in this one file, because numba's cache looks at no
other.

In a stream data takes BURST_CLOCKS a burst, rows open behind it, and each refresh that is due costs what it keeps the
bus waiting for; the controllers then go on as if they had streamed all of it.

Not modelled, unlike at command level: a rule over four activations (four of them are never closer than RRD allows), the
distance between refreshes of two banks, commands between a CAS and its read or write. In a stream, data that is read
again while it waits to be written.
"""

from __future__ import annotations

import numba
import numpy as np

from hw.dram.command import HIGH_WATERMARK, LOW_WATERMARK
from hw.dram.timing import BANK_GROUPS, BANKS, BURST_BYTES, BURST_CLOCKS, NEVER, ROW_BYTES

GROUP_BYTES = 64  # consecutive bytes in one bank group
REGION_BYTES = BANK_GROUPS * ROW_BYTES  # rows of the four groups that lie side by side
REGIONS = BANKS // BANK_GROUPS  # until they are in the same banks again
INTERLEAVE_BYTES = 256  # of one channel before the next, and of all bank groups once
ARRIVALS = 4  # bursts a channel and clock
CLOSED = -1
READ, WRITE, OPENED = range(3)  # the queues, the third for bursts whose row was opened for them
TRANSFER, ACTIVATE, CLOSE = range(3)
KIND, BEGIN, SIZE = range(3)  # columns of requests
NUMBER, ADDRESS, CHANNEL, LOCAL = range(4)  # the request whose bursts arrive, its next burst, where that goes to


@numba.njit(cache=True)
def run(requests, run_ends, states, t, first, last):
    """The whole replay; fills *states*, *first* arrivals and *last* data. Returns the number of bursts."""
    head = np.zeros(4, dtype=np.int64)
    wake = np.zeros(len(states), dtype=np.int64)
    clock, bursts = 0, 0
    _next(requests, head, len(states), 0)
    while True:
        arrived = _arrive(requests, states, t, head, clock, wake, first, last)
        bursts += arrived
        clock += 1
        soonest = NEVER
        for number in range(len(states)):
            if wake[number] <= clock:
                wake[number] = _step(states[number], t, clock, last)
            soonest = min(soonest, wake[number])
        if head[NUMBER] < len(requests):
            end = run_ends[head[NUMBER]]
            size = _streamed(requests, run_ends, end, states, t, head)
            if size:
                clocks = _leap(requests, end, size, states, t, head, clock, first, last)
                bursts += size * len(states) // BURST_BYTES
                wake += clocks
                soonest += clocks
                clock += clocks
        elif _idle(states):
            return bursts
        if arrived == 0 and not _fits(requests, states, t, head):
            clock = max(clock, soonest - 1)


@numba.njit(cache=True)
def _idle(states):
    """Whether nothing is left to be served."""
    waiting = 0
    for number in range(len(states)):
        waiting += states[number].count.sum()
    return waiting == 0


@numba.njit(cache=True)
def _next(requests, head, channels, number):
    """Go on to the first burst of request *number*."""
    head[NUMBER] = number
    if number < len(requests):
        _seek(head, channels, requests[number, BEGIN] // BURST_BYTES * BURST_BYTES)


@numba.njit(cache=True)
def _seek(head, channels, address):
    """Go on to the burst at *address*."""
    turn, offset = divmod(address, INTERLEAVE_BYTES)
    head[ADDRESS], head[CHANNEL] = address, turn % channels
    head[LOCAL] = turn // channels * INTERLEAVE_BYTES + offset


@numba.njit(cache=True)
def _fits(requests, states, t, head):
    """Whether a burst is yet to arrive and finds room."""
    number = head[NUMBER]
    return number < len(requests) and states[head[CHANNEL]].count[requests[number, KIND]] < t.queue


@numba.njit(cache=True)
def _arrive(requests, states, t, head, clock, wake, first, last):
    """Let bursts arrive in order until a queue is full; returns how many did."""
    most = ARRIVALS * len(states)
    for arrived in range(most):
        if not _fits(requests, states, t, head):
            return arrived
        number, channel, local = head[NUMBER], head[CHANNEL], head[LOCAL]
        c, kind = states[channel], requests[number, KIND]
        first[number] = min(first[number], clock)
        if _waits_to_be_written(c, local):
            last[number] = max(last[number], clock + 1)
        else:
            _put(c, kind, local, clock, number, kind)
            wake[channel] = min(wake[channel], _ready(c, kind, local)) if kind == c.writing else clock
        after = head[ADDRESS] + BURST_BYTES
        if after >= requests[number, BEGIN] + requests[number, SIZE]:
            _next(requests, head, len(states), number + 1)
        elif after % INTERLEAVE_BYTES == 0:
            _seek(head, len(states), after)
        else:
            head[ADDRESS] = after
            head[LOCAL] += BURST_BYTES
    return most


@numba.njit(cache=True)
def _bank_of(local):
    """The bank of a channel's address: rows of the four groups lie side by side, by GROUP_BYTES in turn."""
    return local // GROUP_BYTES % BANK_GROUPS + BANK_GROUPS * (local // REGION_BYTES % REGIONS)


@numba.njit(cache=True)
def _row_of(local):
    """The row of a channel's address in its bank."""
    return local // (REGIONS * REGION_BYTES)


@numba.njit(cache=True)
def _put(c, queue, address, arrival, request, kind):
    """Let a burst join *queue*."""
    place = c.order[queue, c.count[queue]]
    c.bank[queue, place] = _bank_of(address)
    c.line[queue, place] = _row_of(address)
    c.arrival[queue, place] = arrival
    c.request[queue, place] = request
    c.seen[queue, place] = 0
    c.address[queue, place] = address
    c.kind[queue, place] = kind
    c.count[queue] += 1


@numba.njit(cache=True)
def _remove(c, queue, rank):
    """Free the place of the burst of that *rank*."""
    place = c.order[queue, rank]
    c.address[queue, place] = CLOSED
    last = c.count[queue] - 1
    for i in range(rank, last):
        c.order[queue, i] = c.order[queue, i + 1]
    c.order[queue, last] = place
    c.count[queue] = last


@numba.njit(cache=True)
def _waits_to_be_written(c, address):
    """Whether a write of *address* is in its queue."""
    if c.count[WRITE] == 0:
        return False
    found = False
    for place in range(c.order.shape[1]):
        found |= c.address[WRITE, place] == address
    return found


@numba.njit(cache=True)
def _ready(c, queue, address):
    """The clock before which no command can come for a burst that joins *queue*."""
    bank = _bank_of(address)
    return _next_command(c, queue, bank, c.row[bank] == _row_of(address))[1]


@numba.njit(cache=True)
def _step(c, t, clock, last):
    """Issue at most one command of a channel; returns the next clock at which another may be possible."""
    c.all_open = 0
    if clock >= c.refresh_at:
        c.refresh_at += t.interval
        c.due += 1
    if clock >= c.second_by:  # the second command of an activation cannot wait any longer
        c.second_by = NEVER
        return clock + 1
    rank, wake = _oldest_opened(c, clock)
    if rank >= 0:
        return _transfer(c, t, OPENED, rank, clock, last)
    wake = min(wake, c.refresh_at)
    if c.due:
        when = _refresh(c, t, clock)
        if when == clock:
            return clock + 1
        wake = min(wake, when)
    else:
        queue = _direction(c, t)
        rank, command, when = _first_ready(c, queue, clock)
        if rank >= 0:
            if command == TRANSFER:
                after = _transfer(c, t, queue, rank, clock, last)
                return after + 1 if c.all_open and c.second_by == NEVER else after
            if command == ACTIVATE:
                _activate(c, t, queue, rank, clock)
            else:
                _close(c, t, queue, rank, clock)
            return clock + 1
        wake = min(wake, when)
    if c.second_by != NEVER:
        c.second_by = NEVER
        return clock + 1
    return wake


@numba.njit(cache=True)
def _oldest_opened(c, clock):
    """The rank of the oldest opened burst that can go, or -1 and when one can."""
    best, wake, arrival = -1, NEVER, NEVER
    for rank in range(c.count[OPENED]):
        place = c.order[OPENED, rank]
        bank = c.bank[OPENED, place]
        kind = c.kind[OPENED, place]
        when = max(c.column[bank], c.group[kind, bank % BANK_GROUPS])
        if when > clock:
            wake = min(wake, when)
        elif c.arrival[OPENED, place] < arrival:
            best, arrival = rank, c.arrival[OPENED, place]
    return best, wake


@numba.njit(cache=True)
def _direction(c, t):
    """Which queue is served: writes from the high to the low watermark, or while there is nothing to read."""
    reads, writes = c.count[READ], c.count[WRITE]
    if not c.writing:
        if writes > HIGH_WATERMARK * t.queue or reads == 0:
            c.writing = 1
    elif writes < LOW_WATERMARK * t.queue and reads != 0:
        c.writing = 0
    return c.writing


@numba.njit(cache=True)
def _first_ready(c, queue, clock):
    """The rank and command of the oldest burst that a command can be issued for; -1 and when there is one.

    Bursts of one bank that all want its open row, or all another, can go at the same time: one of each is looked at.
    """
    first, wake, tried = -1, NEVER, 0
    for rank in range(c.count[queue]):
        place = c.order[queue, rank]
        bank = c.bank[queue, place]
        hit = c.row[bank] == c.line[queue, place]
        kind = 1 << (bank if hit else BANKS + bank)
        if tried & kind:
            continue
        tried |= kind
        command, when = _next_command(c, queue, bank, hit)
        if when > clock:
            wake = min(wake, when)
        elif command != TRANSFER and first < 0:
            return rank, command, when
        elif first < 0:
            first = rank
    c.all_open = tried >> BANKS == 0
    return first, TRANSFER, wake


@numba.njit(cache=True)
def _next_command(c, queue, bank, hit):
    """What a burst of *queue* needs next, with its row open or not, and when that may be."""
    if hit:
        return TRANSFER, max(c.column[bank], c.group[queue, bank % BANK_GROUPS])
    if c.row[bank] != CLOSED:
        return CLOSE, NEVER if c.held[bank] else max(c.close[bank], c.next_close)
    return ACTIVATE, NEVER if c.second_by != NEVER else max(c.activate[bank], c.next_activate)


@numba.njit(cache=True)
def _transfer(c, t, queue, rank, clock, last):
    """Read or write a burst, after a CAS if the data clock has stopped; returns the clock after."""
    place = c.order[queue, rank]
    bank, kind = c.bank[queue, place], c.kind[queue, place]
    request = c.request[queue, place]
    if clock >= c.synchronised:
        clock += 1
    c.synchronised = max(c.synchronised, clock + t.synchronised[kind])
    for following in range(2):
        for group in range(BANK_GROUPS):
            gap = t.gap[kind, following, int(group == bank % BANK_GROUPS)]
            c.group[following, group] = max(c.group[following, group], clock + gap)
    c.close[bank] = max(c.close[bank], clock + t.recovery[kind])
    if queue == OPENED:
        c.held[bank] = 0
    elif not c.seen[queue, place]:
        c.hits += 1
    done = clock
    if kind == READ:
        done += t.rl + BURST_CLOCKS
    last[request] = max(last[request], done)
    c.cycles = max(c.cycles, done)
    _remove(c, queue, rank)
    return clock + 1


@numba.njit(cache=True)
def _activate(c, t, queue, rank, clock):
    """Open the row of a burst, which is then held for it; the second command follows when there is nothing better."""
    place = c.order[queue, rank]
    bank = c.bank[queue, place]
    if not c.seen[queue, place]:
        c.misses += 1
    c.row[bank], c.held[bank] = c.line[queue, place], 1
    c.column[bank] = clock + t.rcd
    c.close[bank] = clock + t.ras
    c.activate[bank] = clock + t.rc
    c.next_activate = max(c.next_activate, clock + t.rrd)
    c.second_by = clock + t.aad
    _put(c, OPENED, c.address[queue, place], c.arrival[queue, place],
        c.request[queue, place], queue)  # fmt: skip
    _remove(c, queue, rank)


@numba.njit(cache=True)
def _close(c, t, queue, rank, clock):
    """Close the row that is in a burst's way, wanted by others or not."""
    place = c.order[queue, rank]
    bank = c.bank[queue, place]
    if not c.seen[queue, place]:
        c.conflicts += 1
        c.seen[queue, place] = 1
    c.row[bank] = CLOSED
    c.activate[bank] = max(c.activate[bank], clock + t.rp)
    c.next_close = clock + t.ppd


@numba.njit(cache=True)
def _refreshed(turn):
    """The bank that is refreshed alone in that turn: group by group."""
    return turn % BANKS // BANK_GROUPS + BANK_GROUPS * (turn % BANK_GROUPS)


@numba.njit(cache=True)
def _refresh(c, t, clock):
    """Close or refresh all banks, or the one whose turn it is; returns when that can be, *clock* if it was done."""
    first = _refreshed(c.turn) if t.banks_refreshed == 1 else 0
    banks = range(first, first + t.banks_refreshed)
    opened = False
    for bank in banks:
        if c.held[bank]:
            return NEVER
        opened |= c.row[bank] != CLOSED
    when = c.next_close if opened else clock
    for bank in banks:
        when = max(when, c.close[bank] if opened else c.activate[bank])
    if when > clock:
        return when
    for bank in banks:
        c.row[bank] = CLOSED
        c.activate[bank] = max(c.activate[bank], clock + (t.rp if opened else t.rfc))
    if opened:
        c.next_close = clock + t.ppd
    else:
        c.next_activate = max(c.next_activate, clock + t.refresh_to_activate)
        c.due -= 1
        c.turn += 1
    return clock


@numba.njit(cache=True)
def _streamed(requests, run_ends, end, states, t, head):
    """Bytes that every channel can stream at once: what is to arrive of the run up to *end*, if all serve only that.

    Fewer than a region are not worth it: what a controller has before it at either end is not quite what a stream
    leaves. A queue must see the next rows soon enough to open them behind data; with several channels, the burst that
    has to wait for room in one keeps others from a full queue, by up to what is interleaved.
    """
    seen = t.queue - (INTERLEAVE_BYTES // BURST_BYTES if len(states) > 1 else 0)
    size = (requests[end, BEGIN] + requests[end, SIZE] - head[ADDRESS]) // (INTERLEAVE_BYTES * len(states))
    size *= INTERLEAVE_BYTES
    if size < REGION_BYTES or seen * BURST_CLOCKS < t.rp + t.rcd:
        return 0
    for number in range(len(states)):
        if not _streams(run_ends, states[number], requests[end, KIND], end):
            return 0
    return size


@numba.njit(cache=True)
def _streams(run_ends, c, kind, end):
    """Whether a channel serves nothing but the run up to request *end*, and all rows that this needs are open."""
    if c.writing != kind or c.count[kind] == 0 or c.count[OPENED] or c.due or not c.all_open:
        return False
    return run_ends[c.request[kind, c.order[kind, 0]]] == end


@numba.njit(cache=True)
def _leap(requests, end, size, states, t, head, clock, first, last):
    """Let every channel stream *size* bytes of the run up to request *end* at once; returns the clocks that takes."""
    kind, begin, jump = requests[end, KIND], head[ADDRESS], size * len(states)
    refreshes, clocks = _duration(states[0], t, kind, size, clock)
    pace = clocks / jump  # clocks a byte; a product of whole numbers could be too large
    waits = int(pace * t.queue * BURST_BYTES * len(states)) + t.rl + BURST_CLOCKS  # behind a full queue
    oldest = head[NUMBER]
    for channel in range(len(states)):
        c = states[channel]
        oldest = min(oldest, c.request[kind, c.order[kind, 0]])
    number = oldest
    while number <= end and requests[number, BEGIN] < begin + jump:
        arrives = requests[number, BEGIN] - begin
        leaves = arrives + requests[number, SIZE]
        if arrives >= 0:
            first[number] = clock + int(pace * arrives)
        if leaves > jump:
            break
        last[number] = max(last[number], clock + int(pace * leaves) + waits)
        number += 1
    _next(requests, head, len(states), number)
    if number <= end:
        _seek(head, len(states), begin + jump)
    for channel in range(len(states)):
        c = states[channel]
        c.group += clocks
        c.synchronised += clocks
        c.refresh_at += refreshes * t.interval
        c.turn += refreshes
        opened = BANK_GROUPS * _move(
            requests[: end + 1], oldest, c, channel, len(states), kind, size, clock + clocks, t.recovery[kind]
        )
        missed = min(opened, refreshes * t.banks_refreshed)
        c.misses += missed
        c.conflicts += opened - missed
        c.hits += size // BURST_BYTES - opened
    return clocks


@numba.njit(cache=True)
def _duration(c, t, kind, size, clock):
    """Refreshes and clocks of *size* bytes that a channel streams from *clock* on.

    A refresh of all banks waits for the last data, closes, refreshes and opens the rows. One of a single bank waits for
    its row to be closed, and for the last data if that is in the row which streams.
    """
    begin, end = c.address[kind, c.order[kind, 0]], clock + size // BURST_BYTES * BURST_CLOCKS
    refreshes, moving, due = 0, clock, c.refresh_at  # data has moved since *moving*, but for what refreshes took
    while due < end:
        lost = t.rp
        if t.banks_refreshed == BANKS:
            lost += t.recovery[kind] + t.rfc + t.rcd - BURST_CLOCKS
        elif (begin + (due - moving) // BURST_CLOCKS * BURST_BYTES) // REGION_BYTES % REGIONS == _refreshed(
            c.turn + refreshes
        ) // BANK_GROUPS:
            lost += t.recovery[kind]
        refreshes, moving, end, due = refreshes + 1, moving + lost, end + lost, due + t.interval
    return refreshes, end - clock


@numba.njit(cache=True)
def _move(requests, oldest, c, channel, channels, kind, size, clock, recovery):
    """Put what is queued at *clock* *size* bytes further on, with rows open; returns how many of each group opened."""
    count = c.count[kind]
    begin = c.address[kind, c.order[kind, 0]]
    before = c.address[kind, c.order[kind, count - 1]] // REGION_BYTES
    for rank in range(count):
        place = c.order[kind, rank]
        local = c.address[kind, place] + size
        turn, offset = divmod(local, INTERLEAVE_BYTES)
        c.address[kind, place], c.bank[kind, place], c.line[kind, place] = local, _bank_of(local), _row_of(local)
        c.arrival[kind, place] = clock - (count - rank) * BURST_CLOCKS
        address = (turn * channels + channel) * INTERLEAVE_BYTES + offset
        c.request[kind, place] = oldest = _holding(requests, address, oldest)
    newest = c.address[kind, c.order[kind, count - 1]] // REGION_BYTES
    for region in range(max(newest - REGIONS + 1, begin // REGION_BYTES), newest + 1):
        for group in range(BANK_GROUPS):
            bank = _bank_of(region * REGION_BYTES + group * GROUP_BYTES)
            c.row[bank] = _row_of(region * REGION_BYTES)
            if region == newest:
                c.close[bank] = clock + recovery
    return newest - before


@numba.njit(cache=True)
def _holding(requests, address, low):
    """Which of *requests* from *low* on, consecutive bytes, holds *address*."""
    high = len(requests)
    while high - low > 1:
        middle = (low + high) // 2
        if requests[middle, BEGIN] <= address:
            low = middle
        else:
            high = middle
    return low
