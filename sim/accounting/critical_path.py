"""The critical path of a run: from its last result back to cycle 0, always to the request that was waited for.

Each request is remembered with what it got last: its unit (from the request before it there), an operand, space in a
buffer, or a slot for weights. The path takes a request's time from the cycle in which it got that, and goes on with the
request that it got it from. So the parts of the path follow each other without a gap and sum to the makespan.
"""

from __future__ import annotations

from array import array
from typing import Final

from hw.integers import apportion
from hw.ledger import Landing
from hw.reasons import COST_NAMES, Reason
from sim.execution.observers import RunObserver
from sim.execution.offered import NOBODY, Offered
from sim.lowering.program import StreamPlan
from sim.lowering.section import Section

# the moment of a request that something waited for
START: Final = 0
END: Final = 1
COMPLETION: Final = 2
MOMENTS: Final = 3
# what is kept of a request: its number in its stream, three cycles, its cause (rank of the stream + number of streams x
# place in the stream's history, or NOBODY), and why that was its cause: reason, moment of the cause and number of its
# own request in one
NUMBER: Final = 0
STARTED: Final = 1
ENDED: Final = 2
COMPLETED: Final = 3
CAUSE: Final = 4
WHY: Final = 5
WIDTH: Final = 6
KINDS: Final = len(COST_NAMES)
Spent = dict[tuple[int, str, str], int]  # rank of a stream, what cycles went to, why the next request waited -> cycles


class _History:
    """The requests of one stream, WIDTH numbers each; ``costs`` are those of transfers, KINDS each."""

    __slots__ = ("_room", "costs", "count", "last_completion", "rows")

    def __init__(self) -> None:
        self._room = 64
        self.count = self.last_completion = 0
        self.rows = array("q", [0]) * (64 * WIDTH)
        self.costs = array("q")

    def add(self, number: int, start: int, end: int, completion: int, cause: int, why: int) -> None:
        """One more request."""
        if self.count == self._room:
            self._room *= 2
            self.rows = self._longer(self.rows, self._room * WIDTH)
        row = self.count * WIDTH
        self.rows[row + NUMBER] = number
        self.rows[row + STARTED] = start
        self.rows[row + ENDED] = end
        self.rows[row + COMPLETED] = completion
        self.rows[row + CAUSE] = cause
        self.rows[row + WHY] = why
        self.count += 1
        self.last_completion = max(completion, self.last_completion)

    def add_costs(self, landing: Landing) -> None:
        """What the time of the last request, a transfer, was spent on."""
        if self.count * KINDS > len(self.costs):
            self.costs = self._longer(self.costs, self._room * KINDS)
        place = (self.count - 1) * KINDS
        self.costs[place] = landing.data
        self.costs[place + 1] = landing.latency
        self.costs[place + 2] = landing.row_miss
        self.costs[place + 3] = landing.turnaround
        self.costs[place + 4] = landing.refresh

    def _longer(self, numbers: array[int], room: int) -> array[int]:
        """The same *numbers*, with room for more."""
        longer = array("q", [0]) * room
        for place in range(len(numbers)):
            longer[place] = numbers[place]
        return longer

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

    def costs_at(self, place: int) -> dict[str, int]:
        """What the time of the transfer at *place* was spent on, in clocks."""
        return {name: self.costs[place * KINDS + kind] for kind, name in enumerate(COST_NAMES)}


class _Sum:
    """Requests of one kind on the path that were waited for for one reason."""

    __slots__ = ("busy", "count", "latency")

    def __init__(self) -> None:
        self.count = self.busy = self.latency = 0


class PathTracker(RunObserver):
    """Remembers every request of a section, to say what its critical path was spent on once it has run."""

    __slots__ = (
        "_count", "_histories", "_kinds", "_latest", "_moment", "_moments", "_now", "_now_moment", "_offers", "_place",
        "_plans", "_rank", "_reason", "_reasons", "_released", "_since", "_sums", "_time", "_transfers", "_units",
        "_users",
    )  # fmt: skip

    def __init__(self) -> None:
        self._plans: tuple[StreamPlan, ...] = ()
        self._reasons: tuple[str, ...] = ()  # by number; then that the unit was busy
        self._histories: list[_History] = []
        self._count = 0  # streams
        self._kinds = 1  # more than any stream has distinct requests

    def begin(self, section: Section, start: int) -> None:
        """*section* begins; the cycles of its path count from 0."""
        self._now = NOBODY  # the request of which a moment is just happening, as CAUSE has it
        self._now_moment = START
        program = section.program
        plans = self._plans = program.streams
        self._reasons = (*program.reasons, Reason.UNIT_BUSY)
        self._histories = [_History() for _ in plans]
        self._count = len(plans)
        self._kinds = 1 + max([len(plan.requests) for plan in plans])
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
        reason = offered.reason_number
        if before != NOBODY and free >= now:  # a transfer is issued before the bus is free
            start = free
            cause = before
            moment = END
            reason = len(self._reasons) - 1
        elif offered.producer != NOBODY and offered.ready_at >= now:
            start = now
            cause = self._last(offered.producer, offered.count)
            moment = END if offered.operands else COMPLETION
        else:
            start = self._since[rank]
            cause = self._offers[rank]
            moment = self._moments[rank]
        history = self._histories[rank]
        why = (reason * MOMENTS + moment) * self._kinds + offered.request_number
        history.add(offered.number, start, end, completion, cause, why)
        if landing is not None:
            history.add_costs(landing)
        self._now = rank + self._count * (history.count - 1)
        self._now_moment = START
        self._latest[self._units[rank]] = self._now

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

    def spent(self, makespan: int) -> Spent:
        """What the cycles of the path, from the last result, at *makespan*, back to cycle 0, went to; they sum to it.

        The time of compute requests is split as accounts split it. Raises AssertionError if the path breaks.
        """
        if not makespan:
            return {}
        self._sums: dict[int, _Sum] = {}
        self._transfers: Spent = {}
        self._time = makespan
        self._moment = COMPLETION
        self._reason = NOBODY
        self._rank = 0
        for rank in range(self._count):
            history = self._histories[rank]
            if history.last_completion == makespan:
                self._rank = rank
                break
        self._place = history.count - 1
        while self._step():
            pass
        if self._time:
            raise AssertionError(f"the critical path ends at cycle {self._time}")
        return self._named()

    def _step(self) -> bool:
        """Count the request at hand, and go back to the one that it waited for, if there is one."""
        history = self._histories[self._rank]
        row = self._place * WIDTH
        if self._moment == COMPLETION:
            while history.rows[row + COMPLETED] < self._time:  # results leave in order: an earlier one held this one up
                row -= WIDTH
        start = history.rows[row + STARTED]
        why = history.rows[row + WHY]
        if self._moment != START:
            self._add(history, row // WIDTH, why % self._kinds)
            self._time = start
        if self._time != start:
            raise AssertionError(f"the critical path breaks at {self._plans[self._rank].name}, cycle {self._time}")
        cause = history.rows[row + CAUSE]
        if cause == NOBODY:
            return False
        why = why // self._kinds
        self._moment = why % MOMENTS
        self._reason = why // MOMENTS
        self._rank = cause % self._count
        self._place = cause // self._count
        return True

    def _add(self, history: _History, place: int, request: int) -> None:
        """Count the request at *place*, from its start to the time at hand."""
        start = history.rows[place * WIDTH + STARTED]
        end = history.rows[place * WIDTH + ENDED]
        plan = self._plans[self._rank]
        if plan.costs:
            key = ((self._reason + 1) * self._kinds + request) * self._count + self._rank
            found = self._sums.get(key)
            if found is None:
                found = self._sums[key] = _Sum()
            found.count += 1
            found.busy += end - start
            found.latency += self._time - end
        else:
            for name, cycles in apportion(end - start, history.costs_at(place)).items():
                self._note(self._transfers, self._rank, name, self._reason, cycles)

    def _note(self, spent: Spent, rank: int, what: str, reason: int, cycles: int) -> None:
        key = rank, what, "" if reason == NOBODY else self._reasons[reason]
        spent[key] = spent.get(key, 0) + cycles

    def _named(self) -> Spent:
        """What has been counted, with names."""
        spent = self._transfers
        for key, found in self._sums.items():
            rest, rank = divmod(key, self._count)
            reason, request = divmod(rest, self._kinds)
            cost = self._plans[rank].costs[request]
            edge = cost.cycles - cost.useful_cycles - cost.fill_drain_cycles
            self._note(spent, rank, "useful", reason - 1, found.count * cost.useful_cycles)
            self._note(spent, rank, "fill_drain", reason - 1, found.count * cost.fill_drain_cycles)
            self._note(spent, rank, "edge", reason - 1, found.count * edge)
            self._note(spent, rank, Reason.BANK_CONFLICT, reason - 1, found.busy - found.count * cost.cycles)
            self._note(spent, rank, Reason.PIPELINE_LATENCY, reason - 1, found.latency)
        return spent
