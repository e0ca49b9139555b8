"""Decode on a GPU: where one curve overtakes another, as simulated and as measured, and which machine stands beside."""

from __future__ import annotations

import pytest

from sim.paper.gpu.decode import COARSE, Race, crossing, decoding, measured_race, simulated_machine
from tests.support.gpus import card, measurements, step

RISING = [1, 2, 4, 8]


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        pytest.param([1, 2, 4, 8], [0.5, 1, 8, 16], 2**1.5, id="as far behind as ahead: the geometric mean"),
        pytest.param([1, 2, 4, 8], [0.5, 1, 2, 4], None, id="never"),
        pytest.param([1, 2, 4, 8], [2, 4, 8, 16], 1, id="always"),
        pytest.param([1, 2, 4, 8], [2, 1, 8, 16], 2**1.5, id="the last crossing"),
    ],
)
def test_crossing(first: list[float], second: list[float], expected: float | None) -> None:
    assert crossing(RISING, first, second) == (expected if expected is None else pytest.approx(expected))


@pytest.mark.parametrize(
    ("race", "said", "ends"),
    [
        (Race(RISING, [1, 2, 4, 8], [0.5, 1, 8, 16]), "3", "-50.0 % at B = 1, +100.0 % at 8"),
        (Race(RISING, [1, 2, 4, 8], [0.5, 1, 2, 4]), "never", "-50.0 % at B = 1, -50.0 % at 8"),
        (Race([2], [1], [2]), "not measured", "+100.0 % at B = 2, +100.0 % at 2"),
        (Race([], [], []), "not measured", ""),
    ],
)
def test_what_is_said_of_a_race(race: Race, said: str, ends: str) -> None:
    assert (race.said, race.ends) == (said, ends)


def test_a_measured_race_is_where_both_were_measured() -> None:
    """Weights take 0.4 and 0.5 ms, a sequence 16 and 8 µs: they cross at 12.5 sequences, between 8 and 16."""
    assert measured_race(measurements(), "graph", "mamba2", "mamba3_mimo").crossing == pytest.approx(12.5, rel=0.05)
    steps = [step("mamba2", batch, "graph", 1.0) for batch in (1, 2, 4)]
    steps += [step("mamba3_mimo", batch, "graph", 1.0) for batch in (2, 4, 8)]
    race = measured_race(measurements(decode=steps), "graph", "mamba2", "mamba3_mimo")
    assert list(race.batches) == [2, 4]


def test_what_is_simulated_is_the_first_card_that_decoded() -> None:
    none, other, same = measurements(decode=[]), measurements(card=card("Another GPU", "")), measurements()
    assert simulated_machine({}) == simulated_machine({"a": other}) == COARSE
    assert decoding({"a": none}) is None
    assert decoding({"a": none, "b": other, "c": same}) == ("b", other)
    assert simulated_machine({"a": none, "c": same}) == "h100"
