"""What is known of points before any run."""

from __future__ import annotations

from pathlib import Path

import pytest

from sim.studies.candidates import certified_cycles, grid
from tests.support.goals import small_goal


def test_constraints_on_inputs_leave_points_out(tmp_path: Path) -> None:
    goal = small_goal(tmp_path, constraints=["simd.lanes <= mac_array.rows", "area_mm2 <= 2.7", "seconds < 1"])
    points = grid(goal)
    assert [tuple(each.coordinates.values())[:2] for each in points.candidates[::2]] == [(8, 8), (8, 16), (16, 16)]
    assert points.left_out == 12 and not points.wrong


def test_inputs_that_do_not_go_together_are_no_candidates(tmp_path: Path) -> None:
    points = grid(small_goal(tmp_path, axes={"simd.lanes": [0, 8]}))
    assert [each.number for each in points.candidates] == [1] and "simd.lanes" in points.wrong[0]


def test_sides_have_bounds_and_levels_of_what_is_assumed(tmp_path: Path) -> None:
    goal = small_goal(tmp_path, more_is_not_slower=["sram.capacity"], axes={"sram.capacity": ["1MiB", "2MiB"]},
                      maximise=["energy_mj_per_token"])  # fmt: skip
    small, large = grid(goal).candidates
    assert (small.levels, large.levels) == ((2**20,), (2**21,))
    side = small.sides["mamba2"]
    assert 0 < side.cycles <= certified_cycles(side.point) and side.mj > 0 and side.mj_per_cycle > 0
    assert small.values["area_mm2"] < large.values["area_mm2"]
    assert side.tokens == 16 and side.clock == 250_000_000


def test_parameters_are_known_before_a_run(tmp_path: Path) -> None:
    goal = small_goal(tmp_path, axes={"dimensions.d_model": [64, 96]}, constraints=["parameters > 0"])
    found = [each.values["parameters"] for each in grid(goal).candidates]
    assert found[0] < found[1] and found[1] == pytest.approx(found[0] * (96 / 64) ** 2, rel=0.2)
