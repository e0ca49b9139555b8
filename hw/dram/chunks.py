"""LPDDR5 at transaction level, with addresses: bursts where chunks compete, closed form where one streams.

Chunks arrive burst by burst, in order, until a queue is full. Where they compete, hw/dram/bursts.py's controllers
serve them burst by burst: the policy and the rules of the command level, with less book-keeping. As soon as every
channel does nothing but stream one run of consecutive bytes, the rest of that run, but for what is queued, is one
event, whatever its length. This module sets them up and collects what comes out.

Not modelled: see hw/dram/bursts.py.
"""

from __future__ import annotations

import numpy as np

from hw.dram.bursts import Controller, Rules, Traffic
from hw.dram.command import Refresh
from hw.dram.replay import Ints, Replay
from hw.dram.timing import BURST_BYTES, Timing


def replay_chunks(
    requests: Ints, timing: Timing, channels: int = 1, refresh: Refresh = "all-bank", queue: int = 32
) -> Replay:
    """Replay *requests* [n, 3] (1 for a write, byte address, bytes) as :func:`hw.dram.command.replay` does."""
    rules = Rules(timing, refresh, queue)
    controllers = [Controller(rules) for _ in range(channels)]
    traffic = Traffic(requests, run_ends(requests), rules, controllers)
    bursts = traffic.run()
    return Replay.of(controllers, bursts, traffic.read_latencies())


def run_ends(requests: Ints) -> Ints:
    """For each request the last one of its run: consecutive bytes, in whole bursts, in one direction."""
    kind, begin, end = requests[:, 0], requests[:, 1], requests[:, 1] + requests[:, 2]
    breaks = (kind[1:] != kind[:-1]) | (begin[1:] != end[:-1]) | (begin[1:] % BURST_BYTES != 0)
    last = np.append(np.flatnonzero(breaks), len(requests) - 1)
    return last[np.searchsorted(last, np.arange(len(requests)))]
