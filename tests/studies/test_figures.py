"""Figures of a result by name."""

from __future__ import annotations

import pytest

from sim.simulation import simulate
from sim.studies.figures import USUAL, chosen_columns, figures

RESULT = simulate("mamba2", "edge", ["energy=components"], layers=1, sequence_length=16, stride="tile")
FIGURES = figures(RESULT)


def test_figures_are_those_of_the_result() -> None:
    assert FIGURES["tokens_per_second"] == RESULT.tokens_per_second
    assert FIGURES["bounds.resource_cycles"] == RESULT.bounds.resource_cycles
    assert FIGURES["mapping.token_tile"] == RESULT.mapping.token_tile
    assert FIGURES["mapping.placement.update"] == RESULT.mapping.placement["update"]
    assert FIGURES["above_any_mapping"] == RESULT.above_any_mapping
    assert RESULT.area_mm2 is not None
    assert FIGURES["area_mm2"] == pytest.approx(sum(each.typical for each in RESULT.area_mm2.values()))
    assert all(not isinstance(value, list | dict) for value in FIGURES.values())


def test_shares_sum_to_the_time() -> None:
    for unit in RESULT.units:
        stalls = [share for name, share in FIGURES.items() if name.startswith(f"stall.{unit}.")]
        assert FIGURES[f"utilisation.{unit}"] == RESULT.utilisation(unit)
        assert sum(stalls) + RESULT.utilisation(unit) == pytest.approx(1)  # type: ignore[arg-type]


def test_the_busiest_unit_and_what_it_waits_for() -> None:
    unit, reason = FIGURES["busiest_unit"], FIGURES["largest_stall"]
    assert FIGURES["busiest_share"] == max(RESULT.busy.values()) == RESULT.utilisation(str(unit))
    assert RESULT.units[str(unit)].stalls[str(reason)] == max(RESULT.units[str(unit)].stalls.values())


def test_columns_are_those_asked_for_or_the_usual_ones() -> None:
    assert chosen_columns(["seconds"], [FIGURES]) == ["seconds"]
    assert chosen_columns([], [FIGURES]) == list(USUAL)
    without = {key: value for key, value in FIGURES.items() if key != "area_mm2"}
    assert chosen_columns([], [without]) == [name for name in USUAL if name != "area_mm2"]
    assert chosen_columns(["anything"], []) == ["anything"]
    with pytest.raises(ValueError, match="no result has the figure 'second'; did you mean 'seconds'"):
        chosen_columns(["second"], [FIGURES])
