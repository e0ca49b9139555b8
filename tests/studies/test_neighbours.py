"""Points that try the mappings of their neighbours."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from sim.studies.evaluate import Outcome
from sim.studies.neighbours import are_free, improved
from sim.studies.points import Axis, Point

LANES = Axis(("simd.lanes",), ((1,), (2,), (3,), (4,)))
WORKLOADS = Axis(("workload",), (("a",), ("b",)))


def outcome(mapping: str, cycles: int, above: float = 0.5) -> Outcome:
    """A run with *mapping*."""
    return Outcome({"makespan_cycles": cycles, "above_any_mapping": above}, mapping=mapping)


class Machine:
    """Knows how many cycles each mapping takes at each number of lanes; counts what is asked of it."""

    def __init__(self, cycles: dict[str, list[int]]) -> None:
        self.cycles, self.asked = cycles, list[tuple[str, ...]]()

    def run(self, points: Sequence[Point]) -> list[Outcome]:
        """What each of *points* comes to."""
        self.asked += [point.assignments for point in points]
        return [self.one(point) for point in points]

    def one(self, point: Point) -> Outcome:
        """What *point* comes to; a mapping that does not fit there takes 0 cycles in the table."""
        lanes, mapping = (each.partition("=")[2] for each in point.assignments)
        cycles = self.cycles[mapping][int(lanes) - 1]
        return outcome(mapping, cycles) if cycles else Outcome({}, error="does not fit")


PLACES = [{"simd.lanes": lanes} for (lanes,) in LANES.rows]
POINTS = [Point("w", "m", (f"simd.lanes={lanes}",)) for (lanes,) in LANES.rows]


def test_a_good_mapping_comes_as_far_as_it_is_good() -> None:
    machine = Machine({"good": [100, 50, 30, 0], "poor": [150, 80, 60, 55], "last": [0, 0, 40, 20]})
    found = [outcome("good", 100), outcome("poor", 80), outcome("poor", 60), outcome("last", 20)]
    best = improved([LANES], PLACES, POINTS, found, machine.run)
    assert [each.mapping for _, each in best] == ["good", "good", "good", "last"]
    assert [each.figures["makespan_cycles"] for _, each in best] == [100, 50, 30, 20]
    assert [point.assignments for point, _ in best] == [
        ("simd.lanes=1",), ("simd.lanes=2", "mapping=good"), ("simd.lanes=3", "mapping=good"), ("simd.lanes=4",),
    ]  # fmt: skip
    assert len(machine.asked) == len(set(machine.asked))  # nothing twice


def test_what_has_nothing_to_gain_tries_nothing() -> None:
    machine = Machine({})
    found = [outcome("a", 100, 0.0005), outcome("b", 90, 0.0), outcome("c", 80, 0.001), Outcome({}, error="no")]
    assert improved([LANES], PLACES, POINTS, found, machine.run) == list(zip(POINTS, found, strict=True))
    assert not machine.asked


def test_of_equally_quick_ones_the_own_stays() -> None:
    machine = Machine({"a": [100, 90, 90, 90], "b": [100, 90, 90, 90]})
    found = [outcome("a", 100), outcome("b", 90), outcome("a", 90), outcome("b", 90)]
    best = improved([LANES], PLACES, POINTS, found, machine.run)
    assert [point.assignments for point, _ in best] == [point.assignments for point in POINTS]


def test_workloads_have_nothing_to_offer_each_other() -> None:
    machine = Machine({})
    places = [{"workload": "a"}, {"workload": "b"}]
    points = [Point("a", "m"), Point("b", "m")]
    improved([WORKLOADS], places, points, [outcome("a", 9), outcome("b", 8)], machine.run)
    assert not machine.asked


def test_what_is_left_out_is_no_neighbour() -> None:
    machine = Machine({"a": [9, 9, 9, 9]})
    improved([LANES], [PLACES[0], PLACES[2]], [POINTS[0], POINTS[2]], [outcome("a", 9), outcome("b", 8)], machine.run)
    assert not machine.asked


@pytest.mark.parametrize(
    ("keys", "free"),
    [(["simd.lanes"], True), (["mapping.token_tile"], False), (["mapping"], False), (["mappings"], True), ([], True)],
)
def test_a_sweep_of_mappings_keeps_them(keys: list[str], free: bool) -> None:
    assert are_free(keys) is free
