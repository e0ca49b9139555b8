"""The page about what the order depends on."""

from __future__ import annotations

from sim.paper.ranking import VARIANTS
from sim.paper.ranking_page import order_of, page
from tests.support.reproduction import standing


def test_signs_tell_what_is_certain() -> None:
    assert order_of(standing((300, 290), (100, 99), (200, 190))) == "2 > 3 > 1"
    assert order_of(standing((300, 101), (100, 99), (101, 100))) == "2 ~ 3 ~ 1"


def test_a_row_has_rates_gaps_order_and_penalty() -> None:
    text = page({"decode": [standing((300, 290), (100, 80), (120, 95))]})
    assert f"| {VARIANTS[0].name} |" in text and "| 2 ~ 3 > 1 | +20.0 % | -5.0 % to +50.0 % |" in text
    assert "Mamba-2 before Mamba-1 whatever the schedules: on 1 of 1 machines" in text
    assert "Mamba-2 before Mamba-3 whatever the schedules: on 0 of 1 machines; the reverse: on none; open: 1." in text
