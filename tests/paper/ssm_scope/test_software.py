"""What software adds to the hardware: steps that sum up, and that come out near what was measured."""

from __future__ import annotations

import pytest

from sim.paper.ssm_scope.measured import Device, points
from sim.paper.ssm_scope.software import Prompt, by_class, steps_of

POINTS = {(each.device, each.model, each.tokens): each.seconds for each in points()}


@pytest.mark.parametrize(
    ("model", "tokens", "masked"),
    [("qwen2.5-0.5b", 16_384, False), ("qwen2.5-0.5b", 32_768, True), ("zamba2-1.2b", 4096, True),
     ("falcon-h1-0.5b", 32_768, False), ("mamba2-780m", 65_536, False)],
)  # fmt: skip
def test_which_prompts_have_a_mask(model: str, tokens: int, masked: bool) -> None:
    assert Prompt("rtx4090", model, tokens).masked == masked


def test_steps_sum_up_whatever_the_hardware_takes() -> None:
    first, second = (steps_of(Prompt("rtx4090", "mamba2-130m", 4096), seconds) for seconds in (0.001, 0.002))
    assert first.total == pytest.approx(second.total)
    assert first.products - second.products == pytest.approx(0.001)
    assert first.mask == 0 and first.passes > 0 and first.logits > 0 and first.rates > 0
    assert first.without_mask == first.total


@pytest.mark.parametrize(
    ("device", "model", "tokens", "percent"),
    [
        ("rtx4090", "qwen2.5-0.5b", 16_384, 5),
        ("rtx4090", "qwen2.5-0.5b", 32_768, 20),
        ("rtx4090", "falcon-h1-0.5b", 16_384, 10),
        ("rtx4090", "mamba2-1.3b", 16_384, 5),
        ("rtx4090", "mamba2-780m", 32_768, 10),
        ("rtx4090", "zamba2-1.2b", 4096, 5),
        ("rtx4090", "mamba-130m", 16_384, 15),
        ("jetson_orin_nano", "mamba2-130m", 16_384, 25),
    ],
)
def test_near_what_was_measured(device: Device, model: str, tokens: int, percent: float) -> None:
    prompt = Prompt(device, model, tokens)
    measured = POINTS[device, model, tokens]
    assert steps_of(prompt, 0.0).total == pytest.approx(measured, rel=percent / 100)


def test_classes_sum_up_to_the_same() -> None:
    prompt = Prompt("rtx4090", "zamba2-1.2b", 4096)
    assert sum(by_class(prompt).values()) == pytest.approx(steps_of(prompt, 0.0).total)
