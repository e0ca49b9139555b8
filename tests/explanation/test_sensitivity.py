"""Sensitivities of jobs: their sums, what their keys are, and how they are told."""

from __future__ import annotations

from fractions import Fraction
from functools import cache

import pytest

from sim.explanation.elasticity import Duration, Sensitivities
from sim.explanation.sensitivity import expected, keys, sensitivities
from sim.files.errors import InputError
from sim.files.limits import LIMITS
from sim.presentation.markdown import changed_durations, elasticities
from sim.simulation import makespan_cycles
from tests.support.held import small
from tests.support.mapped import machine

CASES = ("mamba1-edge-prefill", "mamba2-edge_flexpe-prefill", "mamba-130m-edge-decode", "one-bank")


@cache
def found_of(case: str) -> Sensitivities:
    return sensitivities(small(case), None, rerun=())


@pytest.mark.parametrize("case", CASES)
class TestSensitivities:
    def test_classes_of_units_sum_to_the_makespan(self, case: str) -> None:
        """If everything takes a percent longer the run does: one of the longest paths is all of its parts."""
        found = found_of(case)
        assert (found.makespan_cycles, found.lagging) == (makespan_cycles(small(case)), 0)
        units = [each for each in found.classes if each.unit and not each.stream]
        assert sum(each.faster.elasticity for each in units) <= 1 + 1e-9
        assert sum(each.slower.elasticity for each in units) >= 1 - 1e-9

    def test_streams_of_a_unit_sum_to_it(self, case: str) -> None:
        found = found_of(case)
        for unit in {each.unit for each in found.classes if each.unit}:
            streams = [each for each in found.classes if each.unit == unit and each.stream]
            whole = found.of(unit)
            assert sum(each.cycles for each in streams) == whole.cycles
            assert sum(each.slower.elasticity for each in streams) >= whole.slower.elasticity - 1e-9
            assert sum(each.faster.elasticity for each in streams) <= whole.faster.elasticity + 1e-9

    def test_slower_never_costs_less_than_its_line(self, case: str) -> None:
        for each in found_of(case).classes:
            for point in each.points:
                side = each.slower if point.change > 0 else each.faster
                assert point.held >= side.elasticity * point.change - 1e-9
                if side.exact_until is not None and abs(point.change) <= abs(side.exact_until):
                    assert point.held == pytest.approx(side.elasticity * point.change, abs=1e-12)
                if side.right_until is not None and abs(point.change) < abs(side.right_until):
                    assert abs(point.held - side.elasticity * point.change) <= 0.0101

    def test_the_first_matter_most_and_json_round_trips(self, case: str) -> None:
        found = found_of(case)
        largest = [each.largest for each in found.classes]
        assert largest == sorted(largest, reverse=True)
        assert Sensitivities.model_validate_json(found.model_dump_json()) == found
        for shown in (elasticities(found), changed_durations(found)):
            assert found.classes[0].duration.label in shown


def test_reruns_stand_beside_what_is_foretold() -> None:
    """The lanes do nearly all that Mamba-1 waits for, in whatever order: within 2 % of the makespan."""
    found = sensitivities(small("mamba1-edge-prefill"), 1, rerun=[Fraction(-1, 10), Fraction(1, 10)])
    reruns = [point for each in found.classes for point in each.points if point.free is not None]
    assert {point.change for point in reruns} == {-0.1, 0.1}
    assert all(point.free is not None for point in found.of("simd").points if abs(point.change) == 0.1)
    assert "Run again, with units free to choose, what is farthest from that is 10.0% " in found.words
    assert max(abs(point.held - (point.free or 0.0)) for point in reruns) < 0.05


KEYS = [
    pytest.param("edge", Duration("simd", "", "work"), ["simd.lanes"], id="lanes"),
    pytest.param("edge", Duration("simd", "", "tail"), ["simd.pipeline_depth"], id="pipeline"),
    pytest.param("edge", Duration("simd", "update", "work"), [], id="a stream has none"),
    pytest.param("edge", Duration("mac_array", "", "work"), ["mac_array.rows", "mac_array.columns"], id="array"),
    pytest.param("edge", Duration("mac_array", "", "tail"), [], id="its drain"),
    pytest.param("edge", Duration("dma", "", "work"), ["dram.channels"], id="DRAM"),
    pytest.param("edge", Duration("dma", "", "rest"), [], id="its latency"),
    pytest.param("edge", Duration("", "", "work"), ["clock"], id="clock"),
    pytest.param("edge_sfu", Duration("sfu", "", "work"), ["units.sfu.lanes"], id="a unit of one's own"),
]


@pytest.mark.parametrize(("name", "duration", "expected"), KEYS)
def test_keys_of_the_machine(name: str, duration: Duration, expected: list[str]) -> None:
    assert keys(machine(name), duration) == expected


def test_by_key() -> None:
    found = found_of("mamba1-edge-prefill")
    assert found.by_key["simd.lanes"] == found.of("simd")
    with pytest.raises(KeyError):
        found.of("simd", "nothing")


def test_words_say_what_matters_and_until_when() -> None:
    words = found_of("mamba1-edge-prefill").words
    first = next(each for each in found_of("mamba1-edge-prefill").classes if each.unit and not each.stream)
    assert f"1% faster {first.duration.label} gives {first.faster.elasticity:.2f}%" in words
    assert words.startswith("With the order of requests kept:")


def test_progress_counts_classes_and_limits_hold() -> None:
    job = small("mamba1-edge-prefill")
    calls: list[tuple[int, int]] = []
    sensitivities(job, 1, rerun=(), progress=lambda done, total: calls.append((done, total)))
    assert calls == [(number, len(calls)) for number in range(1, len(calls) + 1)]
    assert expected(job, None).memory_bytes > expected(job, 1).memory_bytes
    with pytest.raises(InputError, match="--memory-limit"):
        sensitivities(job, 1, limits=LIMITS._replace(memory_bytes=1 << 20))
