"""LPDDR5 at command level: one controller a channel, and an event for every command that it issues.

The controller keeps bursts in a read and a write queue of bounded length and each clock may issue one command: for the
first burst, in order of arrival, whose next command (activate, precharge, read, write) no timing rule holds back
(FR-FCFS, open page). Bursts whose row was opened for them come first. Writes are drained from a high to a low
watermark, or while there is nothing to read. Refresh has precedence over everything but bursts whose row is open for
them. An activation takes two commands, of which the second is put off while there is something better to do; before a
read or write after a pause the data clock is synchronised by a CAS command. A read of what waits to be written is
answered from the queue, a second write to it joins the first.

Where nothing can be issued, time moves on to the first clock at which a rule, a refresh or an arrival changes that.
The policy is that of Ramulator 2.1's LPDDR5 controller (FR-FCFS, watermarks, priorities), written anew; the rules are
hw/dram/timing.py's table. Compiled by numba: interpreted, it takes a hundred times as long.

Not modelled: more than one rank, auto-precharge, power-down, the write data's way through the controller.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numba
import numpy as np
from numpy.typing import NDArray

from hw.dram.timing import BANK_GROUPS, BANKS, BURST_CLOCKS, NEVER, Command, Timing, rules

Ints = NDArray[np.int64]
Refresh = Literal["all-bank", "per-bank", "none"]
COMMANDS = len(Command)
ACT1, ACT2, PRE, PREA, CAS, RD, WR, REFA, REFB = (int(command) for command in Command)
HIGH_WATERMARK, LOW_WATERMARK = 0.8, 0.2
CLOSED = -1
NO_DEADLINE = -1

# fields of a queued burst
BANK, ROW, ARRIVAL, REQUEST, SEEN, ADDRESS, KIND = range(7)
FIELDS = 7
READ, WRITE = 0, 1
# fields of a channel's state
WRITING, SYNCHRONISED, REFRESH_AT, DUE, REFRESH_BANK, SYNCED, SYNCED_FROM, SYNCED_SLOT, ACTIVATIONS = range(9)
FROM_ACTIVE = 2  # SYNCED_FROM is READ, WRITE, or this
# fields of the parameters
P_QUEUE, P_INJECT, P_REFI, P_MODE, P_RL, P_WL, P_AAD, P_POSTAMBLE, P_FAW = range(9)
ALL_BANK, PER_BANK, NO_REFRESH = range(3)
MODES: dict[Refresh, int] = {"all-bank": ALL_BANK, "per-bank": PER_BANK, "none": NO_REFRESH}
# counters
HITS, MISSES, CONFLICTS, CYCLES = range(4)


@dataclass(frozen=True)
class Replay:
    """What a replayed trace took, in clocks: arrays hold one value a read request."""

    cycles: int
    bursts: int
    row_hits: int
    row_misses: int
    row_conflicts: int
    read_latencies: Ints

    @property
    def mean_latency(self) -> float:
        """Mean latency of a read request, 0 without any."""
        return float(self.read_latencies.mean()) if len(self.read_latencies) else 0.0


def replay(
    requests: Ints, timing: Timing, channels: int = 1, refresh: Refresh = "all-bank", queue: int = 32, inject: int = 0
) -> Replay:
    """Replay *requests* [n, 3] (1 for a write, byte address, bytes), in order and as fast as the queues take them.

    A request is cut into bursts of 32 bytes, which go to *channels* (interleaved by 256 bytes) with *queue* places
    each for reads and for writes; at most *inject* bursts arrive a clock (0: four a channel). Cycles are counted to the
    last data read or write command issued, latencies from a request's first arrival to its last data.
    """
    table, starts = _table(timing)
    interval = {ALL_BANK: timing.refi, PER_BANK: timing.refi_pb, NO_REFRESH: NEVER}[MODES[refresh]]
    parameters = np.array(
        [queue, inject or 4 * channels, interval, MODES[refresh], timing.rl, timing.wl, timing.aad,
         timing.wck_postamble, timing.faw],
        dtype=np.int64,
    )  # fmt: skip
    counters = np.zeros(4, dtype=np.int64)
    latencies = np.full(len(requests), -1, dtype=np.int64)
    ordered = np.ascontiguousarray(requests, dtype=np.int64)
    bursts = _run(ordered, channels, table, starts, parameters, counters, latencies)
    return Replay(
        cycles=int(counters[CYCLES]),
        bursts=int(bursts),
        row_hits=int(counters[HITS]),
        row_misses=int(counters[MISSES]),
        row_conflicts=int(counters[CONFLICTS]),
        read_latencies=latencies[latencies >= 0],
    )


def _table(timing: Timing) -> tuple[Ints, Ints]:
    """The rules of window one as rows (scope, following, clocks) by preceding command, and where each begins."""
    listed = sorted(rule for rule in _plain_rules(timing))
    rows = np.array([row[1:] for row in listed], dtype=np.int64)
    starts = np.array([sum(row[0] < command for row in listed) for command in range(COMMANDS + 1)], dtype=np.int64)
    return rows, starts


def _plain_rules(timing: Timing) -> list[tuple[int, int, int, int]]:
    return [(int(r.preceding), int(r.scope), int(r.following), r.clocks) for r in rules(timing) if r.window == 1]


@numba.njit(cache=True)
def _earliest(channel, command, bank, at):
    """The first clock at which *command* may go to *bank*: the latest of what its bank, group and channel allow."""
    first = at[channel, bank, command]
    group = at[channel, BANKS + bank % BANK_GROUPS, command]
    whole = at[channel, BANKS + BANK_GROUPS, command]
    return max(first, group, whole)


@numba.njit(cache=True)
def _issue(channel, command, bank, clock, at, table, starts, state, history, parameters):
    """Let every rule with *command* in front hold back what it is about."""
    for number in range(starts[command], starts[command + 1]):
        scope, following, clocks = table[number, 0], table[number, 1], table[number, 2]
        place = bank if scope == 0 else BANKS + bank % BANK_GROUPS if scope == 1 else BANKS + BANK_GROUPS
        at[channel, place, following] = max(at[channel, place, following], clock + clocks)
    if command == ACT1:  # the rule over four activations
        number = state[channel, ACTIVATIONS]
        history[channel, number % 4] = clock
        state[channel, ACTIVATIONS] = number + 1
        if number >= 3:
            place = BANKS + BANK_GROUPS
            fourth = history[channel, (number + 1) % 4]
            at[channel, place, ACT1] = max(at[channel, place, ACT1], fourth + parameters[P_FAW])


@numba.njit(cache=True)
def _remove(entries, counts, slot):
    """Take *slot* out of a list, keeping the order of the rest."""
    counts[0] -= 1
    for i in range(slot, counts[0]):
        for field in range(FIELDS):
            entries[i, field] = entries[i + 1, field]


@numba.njit(cache=True)
def _inject(requests, position, channels, clock, queues, counts, parameters, first, last, left):
    """Let bursts arrive in order until a queue is full; *position* is (request, burst of it). Returns how many did."""
    arrived = 0
    while arrived < parameters[P_INJECT] and position[0] < len(requests):
        number = position[0]
        kind, address = requests[number, 0], requests[number, 1] // 32 * 32 + 32 * position[1]
        channel, local = 0, address
        if channels > 1:
            channel = address // 256 % channels
            local = address // (256 * channels) * 256 + address % 256
        waiting = queues[channel, WRITE]
        known = False
        for slot in range(counts[channel, WRITE, 0]):
            known = known or waiting[slot, ADDRESS] == local
        if position[1] == 0:
            first[number] = clock
            end = requests[number, 1] + max(requests[number, 2], 1)
            left[number] = (end - 1) // 32 - requests[number, 1] // 32 + 1
        if known:
            left[number] -= 1
            last[number] = max(last[number], clock + 1)
        else:
            count = counts[channel, kind, 0]
            if count == parameters[P_QUEUE]:
                return arrived
            burst = queues[channel, kind, count]
            burst[BANK] = (local >> 6) % 4 + 4 * ((local >> 13) % 4)  # group, then bank within the group
            burst[ROW] = local >> 15
            burst[ARRIVAL], burst[REQUEST], burst[SEEN] = clock, number, 0
            burst[ADDRESS], burst[KIND] = local, kind
            counts[channel, kind, 0] = count + 1
        arrived += 1
        position[1] += 1
        end = requests[number, 1] + max(requests[number, 2], 1)
        if position[1] == (end - 1) // 32 - requests[number, 1] // 32 + 1:
            position[0] += 1
            position[1] = 0
    return arrived


@numba.njit(cache=True)
def _note(burst, row, counters):
    """Count a burst by what its bank holds when its first command is issued."""
    if not burst[SEEN]:
        burst[SEEN] = 1
        if row[burst[BANK]] == burst[ROW]:
            counters[HITS] += 1
        elif row[burst[BANK]] == CLOSED:
            counters[MISSES] += 1
        else:
            counters[CONFLICTS] += 1


@numba.njit(cache=True)
def _retire(burst, clock, parameters, counters, last, left):
    """A read or write command has been issued for *burst*."""
    number = burst[REQUEST]
    done = clock + parameters[P_RL] + BURST_CLOCKS if burst[KIND] == READ else clock
    last[number] = max(last[number], done)
    left[number] -= 1
    counters[CYCLES] = max(counters[CYCLES], done)


@numba.njit(cache=True)
def _second_activation(channel, clock, forced, at, deadlines, opening, active, actives, row, held, counters):
    """Issue an outstanding ACT2, at once or (*forced*) only at its deadline; returns whether one was."""
    best = -1
    for bank in range(BANKS):
        deadline = deadlines[channel, bank]
        if deadline == NO_DEADLINE or (forced and deadline > clock):
            continue
        if best < 0 or deadline < deadlines[channel, best]:
            best = bank
    if best < 0:
        return False
    burst = opening[channel, best]
    row[channel, best] = burst[ROW]
    deadlines[channel, best] = NO_DEADLINE
    count = actives[channel, 0]
    for field in range(FIELDS):
        active[channel, count, field] = burst[field]
    actives[channel, 0] = count + 1
    held[channel, best] += 1
    return True


@numba.njit(cache=True)
def _pending(channel, deadlines):
    """Whether some activation has had its first command only."""
    return deadlines[channel].max() != NO_DEADLINE


@numba.njit(cache=True)
def _transfer(channel, entries, counts, slot, from_active, clock, at, table, starts, state, history, parameters,
              counters, held, last, left):  # fmt: skip
    """Issue the read or write command of a burst and let it go."""
    burst = entries[slot]
    command = RD if burst[KIND] == READ else WR
    latency = parameters[P_RL] if burst[KIND] == READ else parameters[P_WL]
    expiry = clock + latency + BURST_CLOCKS + parameters[P_POSTAMBLE]
    state[channel, SYNCHRONISED] = max(state[channel, SYNCHRONISED], expiry)
    _issue(channel, command, burst[BANK], clock, at, table, starts, state, history, parameters)
    _retire(burst, clock, parameters, counters, last, left)
    if from_active:
        held[channel, burst[BANK]] -= 1
    _remove(entries, counts, slot)


@numba.njit(cache=True)
def _refresh(channel, clock, at, table, starts, state, history, parameters, deadlines, row, held):
    """Try the next command that a due refresh needs; returns the clock at which it may come, or -1 if it was issued."""
    per_bank = parameters[P_MODE] == PER_BANK
    turn = state[channel, REFRESH_BANK]  # group by group
    target = turn // BANK_GROUPS + BANK_GROUPS * (turn % BANK_GROUPS)
    closed, waits = True, False
    for bank in range(BANKS):
        if per_bank and bank != target:
            continue
        closed = closed and row[channel, bank] == CLOSED and deadlines[channel, bank] == NO_DEADLINE
        waits = waits or deadlines[channel, bank] != NO_DEADLINE or held[channel, bank] > 0
    if waits and not closed:
        return NEVER
    command = (REFB if per_bank else REFA) if closed else PRE if per_bank else PREA
    if not per_bank and not closed and _pending(channel, deadlines):
        return NEVER
    bank = target if per_bank else 0
    when = _earliest(channel, command, bank, at)
    if when > clock:
        return when
    _issue(channel, command, bank, clock, at, table, starts, state, history, parameters)
    if command == PREA:
        for each in range(BANKS):
            row[channel, each] = CLOSED
    elif command == PRE:
        row[channel, bank] = CLOSED
    else:
        state[channel, DUE] -= 1
        state[channel, REFRESH_BANK] = (turn + 1) % BANKS
    return -1


@numba.njit(cache=True)
def _run(requests, channels, table, starts, parameters, counters, latencies):
    """The whole replay; fills *counters* and *latencies*, returns the number of bursts."""
    total, length = len(requests), parameters[P_QUEUE]
    at = np.zeros((channels, BANKS + BANK_GROUPS + 1, COMMANDS), dtype=np.int64)
    row = np.full((channels, BANKS), CLOSED, dtype=np.int64)
    deadlines = np.full((channels, BANKS), NO_DEADLINE, dtype=np.int64)
    held = np.zeros((channels, BANKS), dtype=np.int64)
    opening = np.zeros((channels, BANKS, FIELDS), dtype=np.int64)
    active = np.zeros((channels, BANKS + 2, FIELDS), dtype=np.int64)
    actives = np.zeros((channels, 1), dtype=np.int64)
    queues = np.zeros((channels, 2, length + 1, FIELDS), dtype=np.int64)
    counts = np.zeros((channels, 2, 1), dtype=np.int64)
    history = np.zeros((channels, 4), dtype=np.int64)
    state = np.zeros((channels, 9), dtype=np.int64)
    state[:, REFRESH_AT] = parameters[P_REFI]
    first, last, left = np.zeros(total, np.int64), np.zeros(total, np.int64), np.zeros(total, np.int64)
    position = np.zeros(2, dtype=np.int64)
    clock, bursts = 0, 0
    while True:
        arrived = _inject(requests, position, channels, clock, queues, counts, parameters, first, last, left)
        bursts += arrived
        clock += 1
        wake, busy = NEVER, False
        for channel in range(channels):
            then = _tick(channel, clock, at, table, starts, state, history, parameters, deadlines, row, held, opening,
                         active, actives, queues, counts, counters, last, left)  # fmt: skip
            wake = min(wake, then)
            busy = busy or actives[channel, 0] > 0 or counts[channel, READ, 0] > 0 or counts[channel, WRITE, 0] > 0
            busy = busy or _pending(channel, deadlines)
        if position[0] == total and not busy:
            break
        if arrived == 0 and wake > clock + 1:
            clock = wake - 1
    for number in range(total):
        if requests[number, 0] == READ:
            latencies[number] = last[number] - first[number]
    return bursts


@numba.njit(cache=True)
def _tick(channel, clock, at, table, starts, state, history, parameters, deadlines, row, held, opening, active,
          actives, queues, counts, counters, last, left):  # fmt: skip
    """Issue at most one command; returns the next clock at which another may be possible."""
    if clock >= state[channel, REFRESH_AT]:
        state[channel, REFRESH_AT] += parameters[P_REFI]
        state[channel, DUE] += 1
    after = clock + 1
    own, own_count = active[channel], actives[channel]
    if _second_activation(channel, clock, True, at, deadlines, opening, active, actives, row, held, counters):
        return after
    if state[channel, SYNCED]:
        state[channel, SYNCED] = 0
        slot = state[channel, SYNCED_SLOT]
        where = state[channel, SYNCED_FROM]
        if where == FROM_ACTIVE:
            _transfer(channel, own, own_count, slot, True, clock, at, table, starts, state, history, parameters,
                      counters, held, last, left)  # fmt: skip
        else:
            _note(queues[channel, where, slot], row[channel], counters)
            _transfer(channel, queues[channel, where], counts[channel, where], slot, False, clock, at, table, starts,
                      state, history, parameters, counters, held, last, left)  # fmt: skip
        return after
    wake = state[channel, REFRESH_AT]
    pending = _pending(channel, deadlines)
    chosen, where, command = -1, FROM_ACTIVE, -1
    for slot in range(own_count[0]):  # bursts whose row was opened for them
        wanted = RD if own[slot, KIND] == READ else WR
        when = _earliest(channel, wanted, own[slot, BANK], at)
        if when > clock:
            wake = min(wake, when)
        elif chosen < 0 or own[slot, ARRIVAL] < own[chosen, ARRIVAL]:
            chosen, command = slot, wanted
    if chosen < 0 and state[channel, DUE] > 0:
        when = _refresh(channel, clock, at, table, starts, state, history, parameters, deadlines, row, held)
        if when < 0:
            return after
        wake = min(wake, when)
    elif chosen < 0:
        reads, writes = counts[channel, READ, 0], counts[channel, WRITE, 0]
        if not state[channel, WRITING]:
            if writes > HIGH_WATERMARK * parameters[P_QUEUE] or reads == 0:
                state[channel, WRITING] = 1
        elif writes < LOW_WATERMARK * parameters[P_QUEUE] and reads != 0:
            state[channel, WRITING] = 0
        where = WRITE if state[channel, WRITING] else READ
        entries = queues[channel, where]
        for slot in range(counts[channel, where, 0]):
            bank = entries[slot, BANK]
            if deadlines[channel, bank] != NO_DEADLINE:
                continue
            if row[channel, bank] == entries[slot, ROW]:
                wanted = RD if where == READ else WR
            elif row[channel, bank] == CLOSED:
                if pending:
                    continue
                wanted = ACT1
            else:
                if held[channel, bank] > 0:
                    continue
                wanted = PRE
            when = _earliest(channel, wanted, bank, at)
            if when <= clock:
                chosen, command = slot, wanted
                break
            wake = min(wake, when)
    if chosen < 0:
        if pending:
            _second_activation(channel, clock, False, at, deadlines, opening, active, actives, row, held, counters)
            return after
        return wake
    if command in (RD, WR) and clock >= state[channel, SYNCHRONISED]:
        for bank in range(BANKS):  # the CAS takes this clock and the next: an ACT2 that cannot wait goes first
            if deadlines[channel, bank] != NO_DEADLINE and deadlines[channel, bank] <= clock + 1:
                _second_activation(channel, clock, False, at, deadlines, opening, active, actives, row, held, counters)
                return after
        state[channel, SYNCED], state[channel, SYNCED_FROM], state[channel, SYNCED_SLOT] = 1, where, chosen
        return after
    if where == FROM_ACTIVE:
        _transfer(channel, own, own_count, chosen, True, clock, at, table, starts, state, history, parameters,
                  counters, held, last, left)  # fmt: skip
        return after
    burst = queues[channel, where, chosen]
    _note(burst, row[channel], counters)
    bank = burst[BANK]
    if command in (RD, WR):
        _transfer(channel, queues[channel, where], counts[channel, where], chosen, False, clock, at, table, starts,
                  state, history, parameters, counters, held, last, left)  # fmt: skip
        return after
    _issue(channel, command, bank, clock, at, table, starts, state, history, parameters)
    if command == PRE:
        row[channel, bank] = CLOSED
        return after
    deadlines[channel, bank] = clock + parameters[P_AAD]
    for field in range(FIELDS):
        opening[channel, bank, field] = burst[field]
    _remove(queues[channel, where], counts[channel, where], chosen)
    return after
