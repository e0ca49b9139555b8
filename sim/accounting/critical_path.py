"""The critical path of a run: the chain of requests that no cycle of it could have done without.

Every request is remembered with what it got last: its unit (the request before it on that unit), an operand, space in
a buffer, a slot for weights. Walked back from the last result, each request hands over to the one that it waited for at
the very cycle at which that one's time began to matter, so the parts of the path sum to the makespan.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from hw.ledger import Landing
from hw.reasons import COST_NAMES
from sim.execution.observers import RunObserver
from sim.execution.offered import NOBODY, Offered
from sim.program import Program, StreamPlan
from sim.units import apportion

UNIT_BUSY: Final = "unit_busy"  # the next request waited for the unit
BUSY: Final = "busy"
LATENCY: Final = "pipeline_latency"
# the moment of a request that something waited for
START: Final = 0
END: Final = 1
COMPLETION: Final = 2
MOMENTS: Final = 3
VARIANTS: Final = 4  # of tiles
KINDS: Final = len(COST_NAMES)
# what is kept of a request: its number in its stream, three cycles, its cause (rank of the stream + number of streams x
# place in the stream's history, or NOBODY), and the reason's number, the moment of the cause and the variant in one
NUMBER: Final = 0
STARTED: Final = 1
ENDED: Final = 2
COMPLETED: Final = 3
CAUSE: Final = 4
WHY: Final = 5
WIDTH: Final = 6


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
    """The requests of one stream, WIDTH numbers each; ``costs`` are those of transfers, KINDS each."""

    __slots__ = ("_room", "costs", "count", "last_completion", "rows")

    def __init__(self) -> None:
        self._room = 64
        self.count = self.last_completion = 0
        self.rows = array("q", [0]) * (64 * WIDTH)
        self.costs = array("q")

    def add(self, number: int, start: int, end: int, completion: int) -> None:
        """One more request, of which the rest is to be told by :meth:`explain`."""
        if self.count == self._room:
            self.rows = array("q", self.rows) + array("q", [0]) * (self._room * WIDTH)
            self._room *= 2
        row = self.count * WIDTH
        self.rows[row + NUMBER] = number
        self.rows[row + STARTED] = start
        self.rows[row + ENDED] = end
        self.rows[row + COMPLETED] = completion
        self.count += 1
        self.last_completion = max(completion, self.last_completion)

    def explain(self, cause: int, why: int) -> None:
        """What the last request got last."""
        row = (self.count - 1) * WIDTH
        self.rows[row + CAUSE] = cause
        self.rows[row + WHY] = why

    def last(self, count: int) -> int:
        """The place of the last request among the first *count* items of the stream; NOBODY if there is none."""
        low = 0
        high = self.count
        while low < high:
            middle = (low + high) // 2
            if self.rows[middle * WIDTH + NUMBER] < count:
                low = middle + 1
            else:
                high = middle
        return low - 1

    def get(self, place: int, which: int) -> int:
        """One of the numbers kept of the request at *place*."""
        return self.rows[place * WIDTH + which]


class PathTracker(RunObserver):
    """Remembers every request of a section, to walk its critical path once it has run."""

    __slots__ = (
        "_count", "_histories", "_latest", "_moments", "_names", "_now", "_now_moment", "_numbers", "_offers", "_plans",
        "_released", "_since", "_units", "_users",
    )  # fmt: skip

    def __init__(self) -> None:
        self._plans: tuple[StreamPlan, ...] = ()
        self._histories: list[_History] = []
        self._names: list[str] = []  # of reasons
        self._numbers: dict[str, int] = {}
        self._count = 0  # streams
        self._now = NOBODY  # the request of which a moment is just happening, as CAUSE has it
        self._now_moment = START

    def begin(self, section: Any, program: Program, start: int) -> None:
        """The section's program begins; its cycles count from 0."""
        plans = self._plans = program.streams
        self._histories = [_History() for _ in plans]
        self._count = len(plans)
        units = {unit: number for number, unit in enumerate(dict.fromkeys([plan.unit for plan in plans]))}
        self._units = array("q", [units[plan.unit] for plan in plans])  # of each stream
        self._latest = array("q", [NOBODY]) * len(units)  # request on each unit
        self._since = array("q", [0]) * len(plans)  # when each stream offered its request
        self._offers = array("q", [NOBODY]) * len(plans)  # and why then
        self._moments = array("q", [START]) * len(plans)
        self._released = array("q", [0]) * len(plans)  # slots that each loading stream has had back
        self._users = array("q", [NOBODY]) * len(plans)  # which stream uses what a loading stream loads
        for load, user in program.pool.members if program.pool is not None else ():
            self._users[load] = user

    def offered(self, offered: Offered) -> None:
        self._since[offered.rank] = offered.since
        self._offers[offered.rank] = self._now
        self._moments[offered.rank] = self._now_moment

    def released(self, rank: int) -> None:
        self._released[rank] += 1
        self._now = self._last(self._users[rank], self._released[rank])
        self._now_moment = END

    def issued(self, offered: Offered, now: int, end: int, completion: int, landing: Landing | None) -> None:
        rank = offered.rank
        before = self._latest[self._units[rank]]
        free = self._ended(before)
        reason = offered.reason
        if before != NOBODY and free >= now:  # a transfer is issued before the bus is free
            start = free
            cause = before
            moment = END
            reason = UNIT_BUSY
        elif offered.producer != NOBODY and offered.ready_at >= now:
            start = now
            cause = self._last(offered.producer, offered.count)
            moment = END if offered.operands else COMPLETION
        else:
            start = self._since[rank]
            cause = self._offers[rank]
            moment = self._moments[rank]
        history = self._histories[rank]
        history.add(offered.number, start, end, completion)
        history.explain(cause, (self._number(reason) * MOMENTS + moment) * VARIANTS + offered.variant)
        if landing is not None:
            history.costs.extend(landing.costs)
        self._now = rank + self._count * (history.count - 1)
        self._now_moment = START
        self._latest[self._units[rank]] = self._now

    def _number(self, reason: str) -> int:
        if reason not in self._numbers:
            self._numbers[reason] = len(self._names)
            self._names.append(reason)
        return self._numbers[reason]

    def _last(self, rank: int, count: int) -> int:
        """The last request among the first *count* items of the stream *rank*; NOBODY if there is none."""
        history = self._histories[rank]
        place = history.last(count)
        return NOBODY if place < 0 else rank + self._count * place

    def _ended(self, request: int) -> int:
        """When the operands of *request* were read; 0 for NOBODY."""
        if request == NOBODY:
            return 0
        history = self._histories[request % self._count]
        return history.rows[(request // self._count) * WIDTH + ENDED]

    def walk(self, makespan: int) -> Iterator[Segment]:
        """The path, from the last result, at *makespan*, back to cycle 0."""
        time, reason, moment = makespan, "", COMPLETION
        rank = next(number for number, history in enumerate(self._histories) if history.last_completion == makespan)
        place = self._histories[rank].count - 1
        while True:
            history, plan = self._histories[rank], self._plans[rank]
            if moment == COMPLETION:
                while history.get(place, COMPLETED) < time:  # results leave in order: an earlier one held this one up
                    place -= 1
            start, cause = history.get(place, STARTED), history.get(place, CAUSE)
            why, variant = divmod(history.get(place, WHY), VARIANTS)
            if moment != START:
                item = history.get(place, NUMBER) % plan.items
                cycles = self._cycles(rank, place, start, history.get(place, ENDED), time)
                yield Segment(plan, variant, item, start, time, reason, cycles)
                time = start
            if time != start:
                raise AssertionError(f"the critical path breaks at {plan.name}, cycle {time}, not {start}")
            if cause == NOBODY:
                break
            (why, moment), (place, rank) = divmod(why, MOMENTS), divmod(cause, self._count)
            reason = self._names[why]
        if time:
            raise AssertionError(f"the critical path ends at cycle {time}")

    def _cycles(self, rank: int, place: int, start: int, end: int, time: int) -> dict[str, int]:
        """What the cycles of a request up to *time* went to."""
        if self._plans[rank].costs:
            return {BUSY: end - start, LATENCY: time - end}
        costs = self._histories[rank].costs[KINDS * place : KINDS * (place + 1)]
        return apportion(end - start, dict(zip(COST_NAMES, costs, strict=True)))
