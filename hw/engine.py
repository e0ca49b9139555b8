"""The event engine: what happens next, and SimPy's clock.

A component is a :class:`Task`: a state machine that the engine calls, not a process. Within a cycle, first all wake-ups
set for it are called in the order of their setting, then the units that have become free or have got work choose what
to start; so a choice does not depend on the order in which news arrive. Time is an integer count of core cycles.

SimPy owns time. With a stride of :data:`CYCLE` every cycle in which something happens is one SimPy event; with
:data:`BORDER` there is a SimPy event only where a task pauses the run (the borders of tiles), and at the end. What
happens is the same, in the same order. Pending calls are few, so they stand unsorted in an array that is searched.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable
from typing import Any, Final

import simpy
from simpy.events import NORMAL

CYCLE: Final = 1
BORDER: Final = 1 << 62
ROOM: Final = 64  # calls that can be pending before arrays grow


class Task:
    """What the engine calls: ``wake`` in the first half of a cycle, ``start`` in the second."""

    __slots__ = ("number",)

    def __init__(self, engine: Engine) -> None:
        self.number = engine.join(self)

    def wake(self) -> None:
        """The cycle that this task was set for has come."""
        raise NotImplementedError

    def start(self) -> None:
        """All wake-ups of the cycle that this start was set for have been called."""
        raise NotImplementedError


class _Tick(simpy.Event):
    """SimPy's event of a cycle; nothing ever waits for its value, so one is enough."""

    _ok = True

    def __init__(self) -> None:  # without callbacks until it is scheduled
        pass


class Engine:
    """Time, and what happens next; ``now`` is the current cycle, ``events`` counts SimPy's.

    *stride* is how many cycles in which something happens a SimPy event stands for at most: CYCLE or BORDER.
    """

    __slots__ = (
        "_callbacks", "_calls", "_clock", "_count", "_cycles", "_left", "_look", "_paused", "_room", "_schedule",
        "_started", "_starting", "_starts", "_stride", "_tasks", "_tick", "_wakes", "events", "now",
    )  # fmt: skip

    def __init__(self, stride: int = CYCLE) -> None:
        self._stride = stride
        self._left = 0  # cycles that may still begin in this SimPy event
        self._clock = 0  # SimPy's time
        self._schedule: Any = None  # SimPy's
        self._tick = _Tick()
        self._callbacks: list[Callable[[Any], None]] = []
        self._look: Callable[[], None] | None = None
        self._tasks: list[Task] = []
        self._room = ROOM
        self._count = 0  # calls that are pending
        self._cycles = array("q", [0]) * ROOM  # when
        self._calls = array("q", [0]) * ROOM  # twice the task's number, + 1 for a start
        self._wakes = array("q", [0]) * ROOM  # this cycle's
        self._starts = array("q", [0]) * ROOM  # this cycle's
        self._starting = self._started = 0  # starts of this cycle, and how many of them have been called
        self._paused = False
        self.now = self.events = 0

    def join(self, task: Task) -> int:
        """The number by which *task* is known from now on."""
        self._tasks.append(task)
        return len(self._tasks) - 1

    def at(self, cycle: int, task: Task) -> None:
        """Wake *task* at *cycle*, which must not lie in the past."""
        self._set(cycle, 2 * task.number)

    def start_at(self, cycle: int, task: Task) -> None:
        """Start *task* at *cycle*, a later one, after all wake-ups of that cycle."""
        self._set(cycle, 2 * task.number + 1)

    def start_now(self, task: Task) -> None:
        """Start *task* in this cycle, after all its wake-ups."""
        if self._starting == self._room:
            self._grow()
        self._starts[self._starting] = task.number
        self._starting += 1

    def call(self, number: int) -> None:
        """Wake the task *number* at once."""
        task = self._tasks[number]
        task.wake()

    def pause(self) -> None:
        """Said by a start: let whoever runs the engine look, with SimPy's clock here, before anything else starts."""
        self._paused = True

    def run(self, look: Callable[[], None] | None = None) -> None:
        """Run until nothing is left to happen; *look* is called wherever a task has paused."""
        environment = simpy.Environment(initial_time=0)
        self._schedule, self._callbacks, self._look = environment.schedule, [self._live], look
        if self._count:
            self._schedule_at(self._next())
            environment.run()
        self._schedule = self._look = None
        self._callbacks = []

    def _schedule_at(self, cycle: int) -> None:
        """Have SimPy call :meth:`_live` at *cycle*."""
        self._tick.callbacks = self._callbacks
        self._schedule(self._tick, NORMAL, cycle - self._clock)
        self._clock = cycle

    def _live(self, _: Any) -> None:
        """SimPy's clock has come to the next cycle in which something happens, or to where the run has paused."""
        self.events += 1
        self._left = self._stride
        while True:
            if self._paused:
                self._paused = False
                if self._look is not None:
                    self._look()
            more = self._go()
            if not self._paused:
                break
            if self.now > self._clock:
                self._schedule_at(self.now)
                return
        if more:
            self._schedule_at(self._next())
        elif self.now > self._clock:
            self._schedule_at(self.now)  # the end

    def _go(self) -> bool:
        """Let cycles begin until this SimPy event has had its share or a task pauses; says whether anything is left."""
        while True:
            while self._started < self._starting:  # grows as starts have consequences within the cycle
                task = self._tasks[self._starts[self._started]]
                self._started += 1
                task.start()
                if self._paused:
                    return True
            if not self._count:
                return False
            if not self._left:
                return True
            self._left -= 1
            self._begin_cycle()

    def _next(self) -> int:
        """The next cycle in which something happens."""
        first = self._cycles[0]
        for place in range(1, self._count):
            if self._cycles[place] < first:
                first = self._cycles[place]
        return first

    def _begin_cycle(self) -> None:
        """Time goes on: note the starts of the next cycle, and call its wake-ups."""
        now = self._next()
        kept = woken = starting = 0
        for place in range(self._count):
            call = self._calls[place]
            if self._cycles[place] != now:
                self._cycles[kept] = self._cycles[place]
                self._calls[kept] = call
                kept += 1
            elif call & 1:
                self._starts[starting] = call >> 1
                starting += 1
            else:
                self._wakes[woken] = call >> 1
                woken += 1
        self.now = now
        self._count = kept
        self._starting = starting
        self._started = 0
        for place in range(woken):
            self.call(self._wakes[place])

    def _set(self, cycle: int, call: int) -> None:
        if self._count == self._room:
            self._grow()
        self._cycles[self._count] = cycle
        self._calls[self._count] = call
        self._count += 1

    def _grow(self) -> None:
        more = array("q", [0]) * self._room
        self._cycles = array("q", self._cycles) + more
        self._calls = array("q", self._calls) + more
        self._wakes = array("q", self._wakes) + more
        self._starts = array("q", self._starts) + more
        self._room *= 2
