"""The event engine: order within a cycle, starts at its end, integer time, and what SimPy sees of it."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import pytest
import simpy
from hypothesis import given, settings
from hypothesis import strategies as st

from hw.engine import BORDER, CYCLE, ROOM, Engine, Task

Entry = tuple[int, str]
STRIDES = [pytest.param(CYCLE, id="cycle"), pytest.param(BORDER, id="border")]


class Call(Task):
    """Does the same whether it is woken or started."""

    def __init__(self, engine: Engine, action: Callable[[], object]) -> None:
        super().__init__(engine)
        self._action = action

    def wake(self) -> None:
        self._action()

    def start(self) -> None:
        self._action()


class Log:
    """Writes down what happened and at which cycle."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.entries: list[Entry] = []

    def note(self, name: str) -> None:
        self.entries.append((self.engine.now, name))

    def noting(self, name: str) -> Task:
        return Call(self.engine, partial(self.note, name))


@pytest.fixture
def engine() -> Engine:
    return Engine()


@pytest.fixture
def log(engine: Engine) -> Log:
    return Log(engine)


@pytest.fixture
def times(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """SimPy's clock at each of its events."""
    seen: list[int] = []

    class Watched(simpy.Environment):
        def step(self) -> None:
            super().step()
            seen.append(int(self.now))

        def run(self, until: object = None) -> None:
            while self.peek() < float("inf"):
                self.step()

    monkeypatch.setattr(simpy, "Environment", Watched)
    return seen


def test_cycles_come_in_order_whatever_the_order_of_setting(engine: Engine, log: Log) -> None:
    for cycle in (7, 0, 3):
        engine.at(cycle, log.noting("x"))
    engine.run()
    assert log.entries == [(0, "x"), (3, "x"), (7, "x")]


def test_wake_ups_of_a_cycle_come_in_the_order_of_their_setting(engine: Engine, log: Log) -> None:
    engine.at(5, log.noting("set first"))
    engine.at(2, Call(engine, lambda: engine.at(5, log.noting("set last"))))
    engine.at(5, log.noting("set second"))
    engine.run()
    assert log.entries == [(5, "set first"), (5, "set second"), (5, "set last")]


def test_starts_come_after_all_wake_ups_of_the_cycle(engine: Engine, log: Log) -> None:
    def early() -> None:
        log.note("early")
        engine.start_now(log.noting("second start"))

    engine.start_at(4, log.noting("first start"))
    engine.at(4, Call(engine, early))
    engine.at(4, log.noting("late"))
    engine.at(5, log.noting("next cycle"))
    engine.run()
    assert log.entries == [
        (4, "early"),
        (4, "late"),
        (4, "first start"),
        (4, "second start"),
        (5, "next cycle"),
    ]


def test_a_start_may_lead_to_another_in_the_same_cycle(engine: Engine, log: Log) -> None:
    def start() -> None:
        log.note("start")
        engine.start_now(log.noting("what it led to"))

    engine.start_at(1, Call(engine, start))
    engine.run()
    assert log.entries == [(1, "start"), (1, "what it led to")]


@pytest.mark.parametrize("again", [pytest.param("at", id="wake-up"), pytest.param("start_at", id="start")])
def test_what_a_start_sets_for_its_own_cycle_still_comes_in_it(engine: Engine, log: Log, again: str) -> None:
    engine.start_at(1, Call(engine, lambda: getattr(engine, again)(engine.now, log.noting("now"))))
    engine.at(2, log.noting("later"))
    engine.run()
    assert log.entries == [(1, "now"), (2, "later")]


def test_time_is_an_integer_even_far_out(engine: Engine) -> None:
    seen: list[int] = []
    far = 2**53 + 1  # not a float
    last = Call(engine, lambda: seen.append(engine.now))
    engine.at(1, Call(engine, lambda: engine.at(far, last)))
    engine.run()
    assert seen == [far]
    assert type(engine.now) is int


def test_run_ends_at_the_last_event(engine: Engine, log: Log) -> None:
    engine.run()
    assert engine.now == 0
    engine.at(9, log.noting("x"))
    engine.run()
    assert engine.now == 9


@pytest.mark.parametrize("method", ["wake", "start"])
def test_a_task_does_nothing_by_itself(engine: Engine, method: str) -> None:
    with pytest.raises(NotImplementedError):
        getattr(Task(engine), method)()


def test_a_mistake_in_a_task_ends_the_run(engine: Engine) -> None:
    def fail() -> None:
        raise ValueError("as it should")

    engine.at(3, Call(engine, fail))
    with pytest.raises(ValueError, match="as it should"):
        engine.run()


@pytest.mark.parametrize("calls", [ROOM, ROOM + 1, 5 * ROOM])
@pytest.mark.parametrize("stride", STRIDES)
def test_any_number_of_calls_can_be_pending(calls: int, stride: int) -> None:
    """Wake-ups and starts, set before the run and in one cycle of it, more than arrays have room for."""
    engine = Engine(stride)
    log = Log(engine)

    def many() -> None:
        for number in range(calls):
            engine.start_now(log.noting(f"now {number}"))
            engine.at(2, log.noting(f"wake {number}"))
            engine.start_at(2, log.noting(f"start {number}"))

    engine.at(1, Call(engine, many))
    engine.run()
    expected = [(1, "now"), (2, "wake"), (2, "start")]
    assert log.entries == [(cycle, f"{what} {number}") for cycle, what in expected for number in range(calls)]


@settings(deadline=None)
@given(cycles=st.lists(st.tuples(st.integers(0, 20), st.booleans()), max_size=30))
def test_the_order_is_by_cycle_then_wake_ups_then_order_of_setting(cycles: list[tuple[int, bool]]) -> None:
    engine = Engine()
    seen: list[tuple[int, bool, int]] = []
    for number, (cycle, is_start) in enumerate(cycles):
        set_for = engine.start_at if is_start else engine.at
        set_for(cycle, Call(engine, partial(lambda *entry: seen.append((engine.now, *entry)), is_start, number)))
    engine.run()
    assert seen == sorted((cycle, is_start, number) for number, (cycle, is_start) in enumerate(cycles))


class TestSimPy:
    """Which of the engine's cycles SimPy has an event for."""

    def ticking(self, stride: int) -> Engine:
        engine = Engine(stride)
        for cycle in (0, 3, 3, 7, 12, 12):
            engine.at(cycle, Call(engine, lambda: None))
        return engine

    def test_every_cycle_in_which_something_happens_is_an_event(self, times: list[int]) -> None:
        engine = self.ticking(CYCLE)
        engine.run()
        assert times == [0, 3, 7, 12]
        assert engine.events == 4

    def test_with_the_long_stride_only_the_first_and_the_last_are(self, times: list[int]) -> None:
        engine = self.ticking(BORDER)
        engine.run()
        assert times == [0, 12]
        assert engine.events == 2

    @pytest.mark.parametrize("stride", STRIDES)
    def test_nothing_to_do_is_no_event(self, stride: int, times: list[int]) -> None:
        engine = Engine(stride)
        engine.run()
        assert (times, engine.events) == ([], 0)

    def test_a_pause_is_an_event(self, times: list[int]) -> None:
        engine = self.ticking(BORDER)
        for cycle in (3, 9):
            engine.start_at(cycle, Call(engine, engine.pause))
        engine.run()
        assert times == [0, 3, 9, 12]
        assert engine.events == 4

    @pytest.mark.parametrize("stride", STRIDES)
    def test_whoever_looks_sees_simpys_clock_here(self, stride: int, times: list[int]) -> None:
        """What has been set before the pause has happened, what comes after it in the cycle has not."""
        engine = Engine(stride)
        log = Log(engine)
        engine.at(3, log.noting("wake-up"))
        engine.start_at(3, log.noting("start before"))
        engine.start_at(3, Call(engine, engine.pause))
        engine.start_at(3, log.noting("start after"))
        engine.at(8, log.noting("next"))
        engine.run(lambda: log.note(f"look after {len(times)} events"))
        before = len([time for time in times if time < 3])
        assert log.entries == [
            (3, "wake-up"),
            (3, "start before"),
            (3, f"look after {before} events"),
            (3, "start after"),
            (8, "next"),
        ]

    @pytest.mark.parametrize("stride", STRIDES)
    def test_a_run_that_nobody_looks_at_pauses_for_nothing(self, stride: int) -> None:
        engine = Engine(stride)
        log = Log(engine)
        engine.start_at(3, Call(engine, engine.pause))
        engine.at(5, log.noting("goes on"))
        engine.run()
        assert log.entries == [(5, "goes on")]


Plan = list[tuple[int, bool, bool, list[tuple[int, int, bool]]]]


@st.composite
def plans(draw: st.DrawFn) -> Plan:
    """For each task: when it is first called, whether that is a start, whether it pauses, and what it sets then.

    What it sets is (task, cycles ahead, whether a start); a task sets those of higher number only, so a run ends.
    """
    count = draw(st.integers(1, 12))
    return [
        (
            draw(st.integers(0, 9)),
            draw(st.booleans()),
            draw(st.integers(0, 3)) == 0,
            [
                (draw(st.integers(number + 1, count - 1)), draw(st.integers(1, 9)), draw(st.booleans()))
                for _ in range(draw(st.integers(0, 2)) if number + 1 < count else 0)
            ],
        )
        for number in range(count)
    ]


def played(stride: int, plan: Plan) -> tuple[list[Entry], Engine]:
    """What happens when, with what is seen at pauses."""
    engine = Engine(stride)
    log = Log(engine)
    tasks: list[Call] = []

    def act(number: int) -> None:
        log.note(str(number))
        for other, ahead, is_start in plan[number][3]:
            (engine.start_at if is_start else engine.at)(engine.now + ahead, tasks[other])
        if plan[number][2]:
            engine.start_now(border)

    border = Call(engine, engine.pause)
    for number, (cycle, is_start, _, _) in enumerate(plan):
        tasks.append(Call(engine, partial(act, number)))
        (engine.start_at if is_start else engine.at)(cycle, tasks[number])
    engine.run(lambda: log.note("look"))
    return log.entries, engine


@given(plan=plans())
def test_the_stride_changes_neither_what_happens_nor_when(plan: Plan) -> None:
    entries, engine = played(CYCLE, plan)
    coarse, other = played(BORDER, plan)
    assert coarse == entries
    assert other.now == engine.now == entries[-1][0]
    assert engine.events == len({cycle for cycle, _ in entries})
    borders = {cycle for cycle, what in entries if what == "look"}
    assert other.events == len({entries[0][0], *borders, engine.now})
