"""Official models beside each other, matched by their layers."""

from __future__ import annotations

import pytest

from sim.paper.official_models import comparisons, interpolated
from sim.paper.runs import Runs
from tests.support.reproduction import fake


def test_interpolation_is_exact_for_powers_and_goes_on_outside() -> None:
    xs = [1.0, 2.0, 8.0]
    for x in (0.5, 1.0, 1.5, 4.0, 8.0, 16.0):
        assert interpolated(x, xs, [3 * each**1.5 for each in xs]) == pytest.approx(3 * x**1.5)


def test_official_models_are_matched_by_their_layers() -> None:
    found = {each.model.name: each for each in comparisons(Runs(simulate=fake))}
    assert found["mamba3-siso-187m"].nearest.name == "mamba2-130m"
    assert found["mamba3-mimo-894m"].nearest.name == "mamba2-780m"
    for each in found.values():
        assert each.nearest.layer_parameters == pytest.approx(each.model.layer_parameters, rel=0.025)
    assert found["mamba3-siso-893m"].roofline_penalty == pytest.approx(-1.2, abs=0.05)
    assert found["mamba3-mimo-894m"].roofline_penalty == pytest.approx(6.2, abs=0.05)


def test_what_the_penalty_lies_between_whatever_the_mappings() -> None:
    for each in comparisons(Runs(simulate=fake)):
        for (machine, phase), (mamba2, mamba3) in each.cycles.items():
            least2, least3 = each.least_cycles[machine, phase]
            least, most = each.penalties(machine, phase)
            assert least <= each.penalty(machine, phase) <= most
            assert (least, most) == pytest.approx((100 * (least3 / mamba2 - 1), 100 * (mamba3 / least2 - 1)))
