"""Published numbers beside predictions: the data are whole, time adds up as it says, and the page says what is so."""

from __future__ import annotations

import pytest

from bench.published import (
    TARGET,
    Prediction,
    Published,
    WhatIf,
    logits_cycles,
    predict,
    read_published,
    read_what_ifs,
    unfused_speed,
)
from bench.published_page import page
from sim.files.resolve import resolve

NUMBERS, WHAT_IFS = read_published(), read_what_ifs()
BY_NAME = {number.name: number for number in NUMBERS}
TINY = ("layers=1", "sequence_length=64", "dimensions.d_model=64")


def number(unit: str, value: float, **more: object) -> Published:
    base = Published("it", "edge", "mamba1", TINY, "", False, "short", "ms", value, "measured", "first", "a page", "so")
    return base._replace(unit=unit, **more)  # type: ignore[arg-type]


@pytest.mark.parametrize("name", BY_NAME)
def test_a_number_has_inputs_and_a_source(name: str) -> None:
    found = BY_NAME[name]
    resolve(found.workload, found.machine, found.settings)
    assert found.value > 0 and found.source and found.hand in ("first", "second")
    assert (found.unit == "times") == bool(found.over)


@pytest.mark.parametrize("what_if", WHAT_IFS, ids=lambda what_if: f"{what_if.names[0]} {what_if.label}")
def test_a_what_if_is_of_numbers_that_are_there_and_changes_something(what_if: WhatIf) -> None:
    assert what_if.basis and (what_if.settings or what_if.mode) and what_if.mode in ("", "serial", "unfused")
    for found in (BY_NAME[name] for name in what_if.names):
        resolve(found.workload, found.machine, (*found.settings, *what_if.settings))
        assert what_if.mode != "unfused" or found.over


def test_the_page_that_is_there_is_of_these_data() -> None:
    text = TARGET.read_text(encoding="utf-8")
    assert all(f"| {found.name} | {found.machine}" in text and found.source in text for found in NUMBERS)
    assert all(f"| {what_if.label} |" in text for what_if in WHAT_IFS)


class TestPredictions:
    """On a small model, where the run itself says what has to come out."""

    FIXED = (*TINY, "mapping.token_tile=64")

    def test_units_and_speed(self) -> None:
        milliseconds = predict(number("ms", 1.0, settings=self.FIXED))
        assert milliseconds.speed == pytest.approx(1 / milliseconds.value)
        rate = predict(number("tok/s", 1000.0, settings=self.FIXED))
        assert rate.value == pytest.approx(64 / milliseconds.value * 1e3)
        assert rate.speed == pytest.approx(rate.value / 1000)

    def test_serial_adds_up_what_units_are_busy_with(self) -> None:
        plain = predict(number("ms", 1.0, settings=self.FIXED))
        serial = predict(number("ms", 1.0, settings=self.FIXED), mode="serial")
        assert serial.value == pytest.approx(max(plain.value, sum(plain.work_ms.values())))
        assert serial.value > plain.value

    def test_two_machines(self) -> None:
        twice = predict(number("times", 1.0, settings=self.FIXED, over="edge"))
        assert twice.value == twice.speed == 1


def test_logits_of_all_tokens_by_hand() -> None:
    inputs = resolve("mamba-130m", "edge", ["sequence_length=64"])
    # 2 x 1572 folds of 32 x 32 that stream 768 each, and the fill of the first
    folds = 2 * -(-50280 // 32) * 768
    assert folds < logits_cycles(inputs.workload, inputs.machine) < folds + 100
    inputs = resolve("mamba-130m", "edge", ["sequence_length=1"])
    moved = 2 * (768 * 50280 + 768 + 50280)  # one row: DRAM, 136.5 B a cycle, binds
    starved = inputs.machine.model_copy(update={"dram": inputs.machine.dram.model_copy(update={"channels": 1})})
    assert logits_cycles(inputs.workload, starved) == round(moved / starved.dram_bytes_per_cycle)


def test_unfused_is_slower_than_the_state_alone_allows() -> None:
    found = number("tok/s", 1.0, settings=("layers=1", "precision=16bit"))
    state = 3072 * 64 * 2  # decay, input, state: each written and read
    rate = resolve("mamba1", "edge").machine.dram.bytes_per_second
    assert rate / (10 * state) < unfused_speed(found) < rate / (4 * state)


@pytest.mark.parametrize(
    ("speed", "tried", "words"),
    [
        pytest.param(1.3, {"less": 1.05}, "too high, by a factor of 1.30.", id="high"),
        pytest.param(1.3, {"less": 1.05}, 'It would be explained by "less" (1.05).', id="explained"),
        pytest.param(0.5, {"more": 0.8}, "too low, by a factor of 2.00.", id="low"),
        pytest.param(0.5, {"more": 0.8}, 'Closest is "more" (0.80); nothing here explains the rest.', id="partly"),
        pytest.param(2.0, {"half": 0.8}, 'lies between this and "half" (2.00 and 0.80)', id="between"),
        pytest.param(1.3, {"worse": 2.0}, "None of what was tried comes closer.", id="not"),
        pytest.param(1.3, {}, "Of 1 predictions 0 are within 10%, 1 too high and 0 too low.", id="finding"),
        pytest.param(1.0, {}, "Of 1 predictions 1 are within 10%, 0 too high and 0 too low.", id="no miss"),
    ],
)
def test_what_the_page_says(speed: float, tried: dict[str, float], words: str) -> None:
    one = number("tok/s", 10.0)

    def prediction(speed: float) -> Prediction:
        return Prediction(10 * speed, speed, {"mac_array": 0.4, "dram": 0.8}, {})

    what_ifs = [(one.name, WhatIf((one.name,), label, (), "", "b"), prediction(each)) for label, each in tried.items()]
    text = page([one], {one.name: prediction(speed)}, what_ifs)
    assert words in text
    assert ("### it" in text) == (speed != 1.0)
    assert f"| DRAM, 80% | {0.8 / speed:.0%} |" in text
