"""How far cards of one model are apart."""

from __future__ import annotations

import pytest

from sim.paper.gpu.spread import spread_section, spreads
from sim.paper.runs import Runs
from tests.support.gpus import card, gpu, measurements


def test_what_two_files_have_is_compared() -> None:
    found = spreads({"a": measurements(), "b": measurements(**gpu(slower=1.25))})
    assert list(found["launches"].values()) == [0.0, 0.0]
    assert set(found) == {
        "launches", "copies", "products", "state updates, plain", "state updates, graph", "watts of state updates",
        "decode, plain", "decode, graph", "attention",
    }  # fmt: skip
    assert all(apart == pytest.approx(0.25) for apart in found["state updates, graph"].values())


def test_what_one_file_has_is_not() -> None:
    found = spreads({"a": measurements(), "b": measurements(decode=[])})
    assert not any(section.startswith("decode") for section in found)


def test_only_cards_of_one_model_are_compared() -> None:
    other = measurements(card=card("Another GPU", "c"))
    alone = {"gpu/a.json": measurements(), "gpu/c.json": other}
    assert spread_section(alone, Runs()) == "No two files are of one model of card."
    again = measurements(**gpu(slower=1.25))
    page = spread_section(alone | {"gpu/b.json": again}, Runs())
    assert "2 files of 1 card, [a](gpu/a.json), [b](gpu/b.json)." in page
    assert "| copies | 2 | 25.0% | 25.0% | 16,777,216 bytes |" in page
    assert "2 files of 2 cards" in spread_section(
        alone | {"gpu/b.json": measurements(card=card("NVIDIA H100 80GB HBM3", "b2"))}, Runs()
    )
