"""LPDDR5 at transaction level, with addresses: bursts where chunks compete, closed form where one streams.

Chunks arrive burst by burst, in order, until a queue is full. Where they compete, hw/dram/bursts.py's controllers
serve them burst by burst: the policy and the rules of the command level, with less book-keeping. As soon as every
channel does nothing but stream one run of consecutive bytes, the rest of that run, but for what is queued, is one
event, whatever its length. This module holds what both work on, as records, and what comes out.

Not modelled: see hw/dram/bursts.py.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from hw.dram.bursts import BEGIN, CLOSED, KIND, READ, SIZE, WRITE, run
from hw.dram.command import ALL_BANK, MODES, NO_REFRESH, PER_BANK, Ints, Refresh, Replay
from hw.dram.timing import BANK_GROUPS, BANKS, BURST_BYTES, BURST_CLOCKS, NEVER, Timing

INT = np.int64
RULES = np.dtype(
    [(name, INT) for name in ["queue", "rcd", "rp", "ras", "rc", "rrd", "ppd", "aad", "rl"]]
    + [
        ("interval", INT),  # between refreshes
        ("rfc", INT),
        ("refresh_to_activate", INT),  # of another bank
        ("banks_refreshed", INT),  # at once
        ("gap", INT, (2, 2, 2)),  # [preceding, following, whether of one bank group] read or write
        ("recovery", INT, 2),  # [direction] until the row may be closed
        ("synchronised", INT, 2),  # [direction] until the data clock stops
    ]
)


def replay_chunks(
    requests: Ints, timing: Timing, channels: int = 1, refresh: Refresh = "all-bank", queue: int = 32
) -> Replay:
    """Replay *requests* [n, 3] (1 for a write, byte address, bytes) as :func:`hw.dram.command.replay` does."""
    rules = _rules(timing, refresh, queue)
    states = _channels(channels, rules)
    ordered = np.ascontiguousarray(requests, dtype=np.int64)
    first, last = np.full(len(ordered), NEVER), np.zeros(len(ordered), dtype=np.int64)
    bursts = run(ordered, run_ends(ordered), states, rules, first, last)
    return Replay(
        cycles=int(states["cycles"].max()),
        bursts=bursts,
        row_hits=int(states["hits"].sum()),
        row_misses=int(states["misses"].sum()),
        row_conflicts=int(states["conflicts"].sum()),
        read_latencies=(last - first)[ordered[:, KIND] == READ],
    )


def run_ends(requests: Ints) -> Ints:
    """For each request the last one of its run: consecutive bytes, in whole bursts, in one direction."""
    kind, begin, end = requests[:, KIND], requests[:, BEGIN], requests[:, BEGIN] + requests[:, SIZE]
    breaks = (kind[1:] != kind[:-1]) | (begin[1:] != end[:-1]) | (begin[1:] % BURST_BYTES != 0)
    last = np.append(np.flatnonzero(breaks), len(requests) - 1)
    return last[np.searchsorted(last, np.arange(len(requests)))]


def _rules(t: Timing, refresh: Refresh, queue: int) -> np.void:
    """What *t* comes to, in clocks, for queues of *queue* bursts."""
    mode = MODES[refresh]
    found = np.zeros(1, dtype=RULES)
    found["queue"], found["rp"] = queue, t.rp_pb
    for name in ("rcd", "ras", "rc", "rrd", "ppd", "aad", "rl"):
        found[name] = getattr(t, name)
    found["interval"] = {ALL_BANK: t.refi, PER_BANK: t.refi_pb, NO_REFRESH: NEVER}[mode]
    found["rfc"] = t.rfc_pb if mode == PER_BANK else t.rfc_ab
    found["refresh_to_activate"] = t.pbr2act
    found["banks_refreshed"] = 1 if mode == PER_BANK else BANKS
    found["gap"][0, READ] = [[t.ccd_s, t.ccd_l], [t.rl + BURST_CLOCKS + 2 - t.wl] * 2]
    found["gap"][0, WRITE] = [[t.wl + BURST_CLOCKS + t.wtr_s, t.wl + t.bl_max + t.wtr_l], [t.ccd_s, t.ccd_l]]
    found["recovery"] = t.rtp, t.wl + BURST_CLOCKS + t.wr
    found["synchronised"] = t.rl + BURST_CLOCKS + t.wck_postamble, t.wl + BURST_CLOCKS + t.wck_postamble
    return found[0]  # type: ignore[no-any-return]


def _channels(number: int, rules: np.void) -> NDArray[np.void]:
    """So many idle channels."""
    bank, queue = (INT, BANKS), (INT, (3, max(int(rules["queue"]), BANKS)))
    fields = [
        ("row", *bank),  # open, or CLOSED
        ("activate", *bank),  # first clock of the next activation
        ("close", *bank),  # first clock at which the open row may be closed
        ("column", *bank),  # first clock of a read or write of the open row
        ("held", *bank),  # 1 until the burst that the row was opened for has gone
        ("group", INT, (2, BANK_GROUPS)),  # [direction, group] first clock of its next read or write
        # the bursts of each queue: order[: count] are the places that are taken, oldest first, the rest are free
        ("order", *queue),
        ("count", INT, 3),
        *((name, *queue) for name in ("bank", "line", "arrival", "request", "seen", "address", "kind")),
        *((name, INT) for name in ("next_activate", "next_close")),  # in any bank
        ("synchronised", INT),  # until when the data clock runs
        ("second_by", INT),  # when the second command of an activation must come
        *((name, INT) for name in ("refresh_at", "due", "turn")),  # next refresh, refreshes put off, whose turn it is
        ("writing", INT),
        ("all_open", INT),  # whether the bursts looked at last need no other rows
        *((name, INT) for name in ("hits", "misses", "conflicts", "cycles")),
    ]
    found = np.zeros(number, dtype=np.dtype(fields))
    found["row"] = found["address"] = CLOSED
    found["order"] = np.arange(found["order"].shape[2])
    found["second_by"], found["refresh_at"] = NEVER, rules["interval"]
    return found
