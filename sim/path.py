"""The critical path of a run: the chain of requests that no cycle of it could have done without.

Every request is remembered with what it got last: its unit (the request before it on that unit), an operand, space in
a buffer, a slot for weights. Walked back from the last result, each request hands over to the one that it waited for at
the very cycle at which that one's time began to matter, so the parts of the path sum to the makespan.
"""

from __future__ import annotations

from array import array
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from enum import IntEnum
from typing import Any

from hw.accounts import Landing
from hw.dram import COST_NAMES
from sim.program import StreamPlan
from sim.scheduler import Execution
from sim.streams import StreamRun
from sim.units import apportion

UNIT_BUSY = "unit_busy"  # the next request waited for the unit
BUSY, LATENCY = "busy", "pipeline_latency"


class _Moment(IntEnum):
    """The moment of a request that something waited for."""

    START = 0
    END = 1
    COMPLETION = 2


@dataclass(frozen=True, slots=True)
class Segment:
    """Part of the path: a request's cycles ``start`` to ``end``, by what they went to.

    ``reason`` is why the next request on the path waited for this one; empty for the last.
    """

    plan: StreamPlan
    variant: int
    item: int
    start: int
    end: int
    reason: str
    cycles: dict[str, int]


class _History:
    """The requests of one stream: columns, so that a request takes a few machine words."""

    def __init__(self) -> None:
        self.number = array("q")  # its place among the stream's items
        self.variant = array("b")
        self.start, self.end, self.completion = array("q"), array("q"), array("q")
        self.cause_rank, self.cause_index, self.cause_moment = array("h"), array("q"), array("b")
        self.reason: list[str] = []  # what the request was waiting for: shared strings
        self.costs: list[tuple[int, ...]] = []  # of transfers


_Node = tuple[int, int]  # rank of the stream, place in its history
NOBODY: _Node = (-1, -1)


class PathTracker:
    """Remembers every request of a section; give it to :func:`sim.scheduler.run_program`."""

    def __init__(self) -> None:
        self._histories: dict[int, _History] = {}
        self._last_on: dict[str, _Node] = {}
        self._offers: dict[int, tuple[int, _Node, _Moment]] = {}  # of each stream: since when, and who made it so
        self._now: tuple[_Node, _Moment] = (NOBODY, _Moment.START)  # what is just happening
        self._released: dict[int, int] = {}
        self._users: dict[int, int] = {}

    def follow_slots(self, users: dict[int, int]) -> None:
        """Tell which stream uses what a loading stream loads, by rank."""
        self._users = users

    def offered(self, stream: StreamRun[Any]) -> None:
        """*stream*'s next item is offered now, because of what is just happening."""
        self._offers[stream.rank] = (stream.clock, *self._now)

    def released(self, rank: int) -> None:
        """The oldest weight tile that the loading stream *rank* holds has been used now."""
        user, count = self._users[rank], self._released.get(rank, 0)
        self._released[rank] = count + 1
        self._now = ((user, self._place(user, count + 1)), _Moment.END)

    def issued(self, stream: StreamRun[Any], end: int, completion: int, landing: Landing | None) -> None:
        """The offered item of *stream* starts now."""
        history = self._histories.setdefault(stream.rank, _History())
        start, before = stream.clock, self._last_on.get(stream.plan.unit, NOBODY)
        node = (stream.rank, len(history.number))
        node_start, cause, moment, reason = self._cause(stream, start, before)
        history.number.append(stream.results.issued)
        history.variant.append(stream.variant)
        history.start.append(node_start)
        history.end.append(end)
        history.completion.append(completion)
        history.cause_rank.append(cause[0])
        history.cause_index.append(cause[1])
        history.cause_moment.append(moment)
        history.reason.append(reason)
        if landing is not None:
            history.costs.append(landing.costs)
        self._last_on[stream.plan.unit] = node
        self._now = (node, _Moment.START)

    def _cause(self, stream: StreamRun[Any], start: int, before: _Node) -> tuple[int, _Node, _Moment, str]:
        """From when on the request's time counts, and what happened then that let it start."""
        if before != NOBODY:
            free = self._histories[before[0]].end[before[1]]
            if free >= start:  # a transfer is issued before the bus is free
                return free, before, _Moment.END, UNIT_BUSY
        arrival = stream.last_arrival()
        if arrival is not None and stream.ready_at >= start:
            producer, count, operands = arrival
            node = (producer.rank, self._place(producer.rank, count))
            return start, node, _Moment.END if operands else _Moment.COMPLETION, stream.reason
        return *self._offers[stream.rank], stream.reason

    def _place(self, rank: int, count: int) -> int:
        """The last request among the first *count* items of a stream."""
        history = self._histories.get(rank)
        return -1 if history is None else bisect_right(history.number, count - 1) - 1

    def walk(self, execution: Execution) -> Iterator[Segment]:
        """The path, from the last result back to cycle 0."""
        plans = [run.plan for run in execution.streams]
        time, reason, moment = execution.makespan, "", _Moment.COMPLETION
        rank = next(run.rank for run in execution.streams if run.last_completion == time)
        index = len(self._histories[rank].number) - 1
        while index >= 0:
            history, plan = self._histories[rank], plans[rank]
            if moment is _Moment.COMPLETION:
                while history.completion[index] < time:  # results leave in order: an earlier one held this one up
                    index -= 1
            start = history.start[index]
            if moment is not _Moment.START:
                cycles = self._cycles(plan, history, index, time)
                variant, item = history.variant[index], history.number[index] % plan.items
                yield Segment(plan, variant, item, start, time, reason, cycles)
                time = start
            if time != start:
                raise AssertionError(f"the critical path breaks at {plan.name}, cycle {time}, not {start}")
            moment, reason = _Moment(history.cause_moment[index]), history.reason[index]
            rank, index = history.cause_rank[index], history.cause_index[index]
        if time:
            raise AssertionError(f"the critical path ends at cycle {time}")

    def _cycles(self, plan: StreamPlan, history: _History, index: int, time: int) -> dict[str, int]:
        """What the cycles of a request up to *time* went to."""
        start, end = history.start[index], history.end[index]
        if not plan.costs:
            return apportion(end - start, dict(zip(COST_NAMES, history.costs[index], strict=True)))
        return {BUSY: end - start, LATENCY: time - end}
