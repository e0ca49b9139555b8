"""The event engine: order within a cycle, starts at its end, integer time."""

from __future__ import annotations

from functools import partial

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sim.engine import Callback, Engine


class Log:
    """Writes down what happened and at which cycle."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.entries: list[tuple[int, str]] = []

    def note(self, name: str) -> None:
        self.entries.append((self.engine.now, name))

    def noting(self, name: str) -> Callback:
        return partial(self.note, name)


@pytest.fixture
def engine() -> Engine:
    return Engine()


@pytest.fixture
def log(engine: Engine) -> Log:
    return Log(engine)


def test_cycles_come_in_order_whatever_the_order_of_setting(engine: Engine, log: Log) -> None:
    for cycle in (7, 0, 3):
        engine.at(cycle, log.noting("x"))
    engine.run()
    assert log.entries == [(0, "x"), (3, "x"), (7, "x")]


def test_wake_ups_of_a_cycle_come_in_the_order_of_their_setting(engine: Engine, log: Log) -> None:
    engine.at(5, log.noting("set first"))
    engine.at(2, lambda: engine.at(5, log.noting("set last")))
    engine.at(5, log.noting("set second"))
    engine.run()
    assert log.entries == [(5, "set first"), (5, "set second"), (5, "set last")]


def test_starts_come_after_all_wake_ups_of_the_cycle(engine: Engine, log: Log) -> None:
    def early() -> None:
        log.note("early")
        engine.start_now(log.noting("second start"))

    engine.start_at(4, log.noting("first start"))
    engine.at(4, early)
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

    engine.start_at(1, start)
    engine.run()
    assert log.entries == [(1, "start"), (1, "what it led to")]


@pytest.mark.parametrize("again", [pytest.param("at", id="wake-up"), pytest.param("start_at", id="start")])
def test_what_a_start_sets_for_its_own_cycle_still_comes_in_it(engine: Engine, log: Log, again: str) -> None:
    engine.start_at(1, lambda: getattr(engine, again)(engine.now, log.noting("now")))
    engine.at(2, log.noting("later"))
    engine.run()
    assert log.entries == [(1, "now"), (2, "later")]


def test_time_is_an_integer_even_far_out(engine: Engine) -> None:
    seen: list[int] = []
    far = 2**53 + 1  # not a float
    engine.at(1, lambda: engine.at(far, lambda: seen.append(engine.now)))
    engine.run()
    assert seen == [far]
    assert type(engine.now) is int


def test_run_ends_at_the_last_event(engine: Engine, log: Log) -> None:
    engine.run()
    assert engine.now == 0
    engine.at(9, log.noting("x"))
    engine.run()
    assert engine.now == 9


@settings(deadline=None)
@given(cycles=st.lists(st.tuples(st.integers(0, 20), st.booleans()), max_size=30))
def test_the_order_is_by_cycle_then_wake_ups_then_order_of_setting(cycles: list[tuple[int, bool]]) -> None:
    engine = Engine()
    seen: list[tuple[int, bool, int]] = []
    for number, (cycle, is_start) in enumerate(cycles):
        set_for = engine.start_at if is_start else engine.at
        set_for(cycle, partial(lambda *entry: seen.append((engine.now, *entry)), is_start, number))
    engine.run()
    assert seen == sorted((cycle, is_start, number) for number, (cycle, is_start) in enumerate(cycles))
