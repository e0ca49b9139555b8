"""DRAM with addresses, at transaction level: bursts where chunks compete, closed form where one streams.

Chunks arrive burst by burst, in order, until a queue is full. Where they compete, the controllers of bursts.py serve
them burst by burst: the policy and the rules of the command level, with less book-keeping. As soon as every channel
does nothing but stream one run of consecutive bytes, the rest of that run, but for what is queued, is one event,
whatever its length (streams.py).

Not modelled: see bursts.py, banks.py and streams.py.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from hw.dram.bursts import Controller
from hw.dram.organisation import NEVER
from hw.dram.refresh import Refresh
from hw.dram.replay import Ints, Replay
from hw.dram.streams import Streams
from hw.dram.timing import Timing
from hw.dram.traffic import Traffic

ARRIVALS: Final = 4  # bursts a channel and clock


def replay_chunks(
    requests: Ints, timing: Timing, channels: int = 1, refresh: Refresh = "all-bank", queue: int = 32
) -> Replay:
    """Replay *requests* [n, 3] (1 for a write, byte address, bytes) as :func:`hw.dram.command.replay` does."""
    burst_bytes = timing.organisation.burst_bytes
    traffic = Traffic(requests, channels, burst_bytes)
    controllers = [Controller(timing, refresh, queue, traffic) for _ in range(channels)]
    streams = Streams(traffic, run_ends(requests, burst_bytes), controllers, queue, burst_bytes)
    bursts = _run(traffic, controllers, streams, burst_bytes)
    return Replay.of(controllers, bursts, traffic.read_latencies())


def run_ends(requests: Ints, burst_bytes: int) -> Ints:
    """For each request the last one of its run: consecutive bytes, in whole bursts, in one direction."""
    kind, begin, end = requests[:, 0], requests[:, 1], requests[:, 1] + requests[:, 2]
    before = len(requests) - 1
    breaks = (kind[1:] != kind[:before]) | (begin[1:] != end[:before]) | (begin[1:] % burst_bytes != 0)
    last = np.append(np.flatnonzero(breaks), before)
    return last[np.searchsorted(last, np.arange(len(requests)))]


def _run(traffic: Traffic, controllers: list[Controller], streams: Streams, burst_bytes: int) -> int:
    """The whole replay; returns the number of bursts."""
    clock = bursts = 0
    while True:
        arrived = _arrive(traffic, controllers, clock)
        bursts += arrived
        clock += 1
        soonest = NEVER
        for controller in controllers:
            if controller.wake <= clock:
                controller.wake = controller.step(clock)
            soonest = min(soonest, controller.wake)
        if not traffic.arrived():
            size = streams.ahead()
            if size:
                clocks = streams.leap(size, clock)
                bursts += size * len(controllers) // burst_bytes
                soonest += clocks
                clock += clocks
        elif _idle(controllers):
            return bursts
        if arrived == 0 and not _fits(traffic, controllers):
            clock = max(clock, soonest - 1)


def _idle(controllers: list[Controller]) -> bool:
    """Whether nothing is left to be served."""
    for controller in controllers:
        if not controller.queues.empty():
            return False
    return True


def _fits(traffic: Traffic, controllers: list[Controller]) -> bool:
    """Whether a burst is yet to arrive and finds room."""
    if traffic.arrived():
        return False
    controller = controllers[traffic.channel]
    return controller.queues.has_room(traffic.kinds[traffic.number])


def _arrive(traffic: Traffic, controllers: list[Controller], clock: int) -> int:
    """Let bursts arrive in order until a queue is full; returns how many did."""
    most = ARRIVALS * len(controllers)
    for arrived in range(most):
        if not _fits(traffic, controllers):
            return arrived
        number = traffic.number
        controller = controllers[traffic.channel]
        if controller.queues.waits_to_be_written(traffic.local):
            traffic.ends(number, clock + 1)
        else:
            controller.accept(traffic.kinds[number], traffic.local, clock, number)
        traffic.arrive(clock)
    return most
