"""Verdicts on SSM-Scope's claims: what they say follows from the numbers, whatever these are."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import pytest

from sim.paper.ssm_scope.facts import LONG, SSM, TRANSFORMER
from sim.paper.ssm_scope.verdicts import Ratio, judged, ratio, ssm_share, verdicts
from sim.paper.verdicts import Verdict
from tests.support.ssm_scope import fake_facts, timed


@cache
def claims() -> list[Verdict]:
    return verdicts(fake_facts())


def claim(words: str) -> Verdict:
    return next(each for each in claims() if words in each.claim)


def test_a_ratio_lies_between_what_bounds_leave_open() -> None:
    found = ratio(timed(1, 4.0, gap=2.0), timed(1, 1.0, gap=1.25))
    assert found == Ratio(2.0, 4.0, 5.0)
    assert str(found) == "4.00x (2.00 to 5.00)"


@pytest.mark.parametrize(
    ("one", "other", "verdict"),
    [
        pytest.param(Ratio(4, 4, 4), Ratio(3.7, 5, 6), "holds", id="near enough, whatever the mappings"),
        pytest.param(Ratio(4, 4, 4), Ratio(1, 2, 3), "holds only on a", id="on one"),
        pytest.param(Ratio(4, 4, 4), Ratio(3, 3.5, 4), "holds only on a; open on b", id="open on the other"),
        pytest.param(Ratio(1, 2, 3), Ratio(1, 1, 1), "does not hold", id="on none"),
        pytest.param(Ratio(3, 4, 5), Ratio(1, 1, 1), "does not hold; open on a", id="open on one, on none else"),
    ],
)
def test_a_claimed_ratio(one: Ratio, other: Ratio, verdict: str) -> None:
    assert judged({"a": one, "b": other}, 4.0) == verdict


def test_every_claim_is_judged() -> None:
    assert len(claims()) == 6
    assert all(each.verdict and each.numbers and each.command.startswith("python -m sim ") for each in claims())


def test_memory_is_that_of_logits() -> None:
    found = claim("less memory")
    assert found.verdict == "holds only with logits of all positions"
    assert "-64 % (7,156 MiB over 19,856" in found.numbers


def test_tokens_that_fit() -> None:
    assert "233,574 tokens of Mamba2-780m and 64,118 of Qwen2.5-0.5B" in claim("220K").numbers


def test_a_long_prompt_is_told_with_and_without_the_mask() -> None:
    facts = fake_facts()
    assert "holds" in claim("At about 57K").verdict  # 14 times as long, with these numbers
    (steps, other) = (facts.steps("rtx4090", model, LONG) for model in (TRANSFORMER, SSM))
    assert steps.mask > 0 and f"{steps.without_mask / other.total:.1f}x" in claim("At about 57K").numbers


def test_a_claim_that_only_a_mask_makes() -> None:
    facts = fake_facts()
    alike = {
        key: [replace(each, seconds=0.5, least_seconds=0.5) for each in curve] for key, curve in facts.devices.items()
    }
    edge = {key: [replace(each, seconds=1.0, least_seconds=1.0) for each in c] for key, c in facts.edge.curves.items()}
    given = replace(facts, devices=alike, edge=replace(facts.edge, curves=edge))
    found = next(each for each in verdicts(given) if "At about 57K" in each.claim)
    assert found.verdict == "holds only with the L x L mask of Qwen2.5's software"


def test_a_share() -> None:
    assert ssm_share({"SSM_Scan": 1.0, "GEMM": 3.0}) == 0.25
