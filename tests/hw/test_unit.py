"""Units on a real engine: order, and a plain SimPy model."""

from __future__ import annotations

from collections.abc import Generator

import simpy
from hypothesis import given, settings

from hw.engine import Engine
from hw.unit import Unit
from tests.support.scripts import NAMES, Item, Script, items, one, work


class TestOrder:
    """What a free unit starts."""

    def test_the_lowest_priority_value_comes_first(self, unit: Unit) -> None:
        scripts = [one(unit, 0, 10, priority) for priority in (2, 0, 1)]
        unit.engine.run()
        assert [script.starts for script in scripts] == [[20], [0], [10]]

    def test_the_stream_added_first_comes_first_among_equals(self, unit: Unit) -> None:
        scripts = [one(unit, 0, 10), one(unit, 5, 10), one(unit, 3, 10)]
        unit.engine.run()
        assert [script.starts for script in scripts] == [[0], [10], [20]]

    def test_any_number_of_streams_and_priorities(self, unit: Unit) -> None:
        """Of 300 streams, the last of the first tile goes before the first of the second."""
        scripts = [Script(unit, [(0, work(1))], number) for number in range(300)]
        again = [Script(unit, [(0, work(1))], len(scripts) + number) for number in range(300)]
        unit.engine.run()
        assert [script.starts for script in (*scripts, *again)] == [[number] for number in range(600)]

    def test_a_running_request_is_not_interrupted(self, unit: Unit) -> None:
        scripts = [one(unit, 0, 10, priority=5), one(unit, 1, 10, priority=0)]
        unit.engine.run()
        assert [script.starts for script in scripts] == [[0], [10]]

    def test_what_gets_ready_as_the_unit_gets_free_takes_part(self, unit: Unit) -> None:
        scripts = [one(unit, 0, 10), one(unit, 4, 10, priority=7), one(unit, 10, 10, priority=1)]
        unit.engine.run()
        assert [script.starts for script in scripts] == [[0], [20], [10]]

    def test_what_gets_ready_in_the_cycle_of_a_start_takes_part(self, unit: Unit) -> None:
        scripts = [one(unit, 3, 10, priority=7), one(unit, 3, 10, priority=1)]
        unit.engine.run()
        assert [script.starts for script in scripts] == [[13], [3]]

    def test_what_is_offered_ahead_does_not_hold_up_what_is_ready(self, unit: Unit) -> None:
        ahead, ready, late = one(unit, 30, 10, ahead=30), one(unit, 5, 10, priority=3), one(unit, 8, 30, priority=7)
        unit.engine.run()
        assert (ready.starts, late.starts, ahead.starts) == ([5], [15], [45])

    def test_what_is_offered_ahead_starts_when_it_is_ready(self, unit: Unit) -> None:
        scripts = [one(unit, 30, 10, ahead=30), one(unit, 20, 5, ahead=3), one(unit, 20, 2, priority=1, ahead=20)]
        unit.engine.run()
        assert [script.starts for script in scripts] == [[30], [20], [25]]

    def test_the_next_request_overlaps_the_tail(self, unit: Unit) -> None:
        script = Script(unit, [(0, work(10, tail=4)), (0, work(10, tail=4))])
        unit.engine.run()
        assert (script.starts, script.ends, script.completions) == ([0, 10], [10, 20], [14, 24])

    def test_a_request_of_no_cycles_passes(self, unit: Unit) -> None:
        scripts = [one(unit, 5, 0), one(unit, 5, 3, priority=1)]
        unit.engine.run()
        assert [script.completions for script in scripts] == [[5], [8]]


def finishes_in_process_style(items: list[Item]) -> list[int]:
    """When each of independent requests completes if each is a SimPy process that queues for a PriorityResource.

    Among equal priorities the earlier item comes first. A resource serves whoever asks first, so processes ask in
    order of priority, and the one that ends lets those that get ready in that very cycle ask before it releases.
    """
    environment = simpy.Environment()
    server = simpy.PriorityResource(environment)
    completions = [0] * len(items)

    def process(number: int) -> Generator[simpy.Event, object, None]:
        ready, cycles, tail, _, _ = items[number]
        yield environment.timeout(ready)
        with server.request(priority=order.index(number)) as turn:
            yield turn
            yield environment.timeout(cycles)
            completions[number] = int(environment.now) + tail
            yield environment.timeout(0)

    order = sorted(range(len(items)), key=lambda number: (items[number][3], number))
    for number in order:
        environment.process(process(number))
    environment.run()
    return completions


@settings(deadline=None)
@given(items=items)
def test_independent_requests_end_as_in_a_plain_simpy_model(items: list[Item]) -> None:
    unit = Unit("simd", NAMES, Engine())
    scripts = [
        Script(unit, [(ready, work(cycles, tail))], priority * len(items) + number, ahead=ahead)
        for number, (ready, cycles, tail, priority, ahead) in enumerate(items)
    ]
    unit.engine.run()
    assert [script.completions[0] for script in scripts] == finishes_in_process_style(items)
