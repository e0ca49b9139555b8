"""Whether a mask explains SSM-Scope's step of 3.07: as the seconds say, whatever they are."""

from __future__ import annotations

from typing import Any

import pytest

from sim.paper.gpu.attention import attention_section
from sim.paper.runs import Runs
from tests.support.gpus import measurements, timed


def rate(tokens: int, mask: str, seconds: float) -> dict[str, Any]:
    return {"tokens": tokens, "heads": 14, "key_heads": 2, "head_dim": 64, "mask": mask, "timed": timed(seconds)}


def said(*rates: tuple[int, str, float]) -> str:
    found = measurements(attention=[rate(*each) for each in rates])
    return attention_section({"gpu/a.json": found}, Runs())


@pytest.mark.parametrize(
    ("told", "read", "verdict"),
    [
        (1.8, 10.0, "a mask explains the step, if attention is 20% of the pass of 24,576 tokens"),
        (1.8, 2.0, "a mask does not explain the step"),
        (3.5, 9.0, "the step needs no mask"),
    ],
)
def test_the_step(told: float, read: float, verdict: str) -> None:
    found = said((24_576, "is_causal", 1.0), (32_768, "is_causal", told), (32_768, "explicit", read))
    assert verdict in found
    assert f"| 32,768 | 14 | 2 | 64 | {told:g} s | {read:g} s | {read / told:.1f} |" in found
    assert "| 24,576 | 14 | 2 | 64 | 1 s | not measured |  |" in found


def test_lengths_that_are_missing_are_told() -> None:
    assert "- [a](gpu/a.json): not measured." in said((57_344, "explicit", 1.0))
    assert said() == "Not measured."
