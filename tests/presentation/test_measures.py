"""Figures of many runs, and names of axes and values."""

from __future__ import annotations

from pathlib import Path

from sim.presentation.measures import (
    MEASURES,
    axis_title,
    binding_title,
    by_name,
    known_measures,
    place_words,
    value_title,
)
from sim.studies.points import Axis
from tests.support.studies import figures, points


def test_the_best_is_the_first_of_the_best(tmp_path: Path) -> None:
    _, found = points(
        tmp_path,
        lambda at: figures(float(at["simd.lanes"] % 7), energy_mj_per_token=at["simd.lanes"]),
        axes={"simd.lanes": [8, 13, 20]},
    )
    assert [each.name for each in known_measures(found)] == [each.name for each in MEASURES if each.name != "area_mm2"]
    assert by_name("tokens_per_second").best(found) is found[1]
    assert by_name("energy_mj_per_token").best(found) is found[0]
    assert by_name("area_mm2").best(found) is None


def test_keys_that_change_together_are_one_axis() -> None:
    shape = Axis(("mac_array.rows", "mac_array.columns"), ((8, 16), (16, 8)))
    assert (axis_title(shape), value_title(shape, 1)) == ("mac_array.rows × columns", "16 × 8")
    mixed = Axis(("simd.lanes", "sram.capacity"), ((8, "1MiB"),))
    assert (axis_title(mixed), value_title(mixed, 0)) == ("simd.lanes × sram.capacity", "8 × 1MiB")


def test_where_a_point_is(tmp_path: Path) -> None:
    sweep, found = points(
        tmp_path, lambda at: figures(1.0), workload=["mamba1", "mamba2"], axes={"simd.lanes": [8, 16], "batch": [1]}
    )
    assert place_words(sweep.axes, found[3]) == "mamba2, simd.lanes 16"
    assert place_words(sweep.axes, found[3], [0]) == "simd.lanes 16"
    alone, (point,) = points(tmp_path, lambda at: figures(1.0))
    assert place_words(alone.axes, point) == "mamba2"


def test_what_binds_in_words() -> None:
    assert binding_title(("mac_array", "waits_for_simd")) == "MAC array; waits for SIMD"
    assert binding_title(("dma", "no_buffer")) == "DMA; ahead (waits for space)"
    assert binding_title(("simd", "")) == "SIMD"
