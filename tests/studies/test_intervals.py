"""What formulas can be, beside what they are for values in between; and whether that compares."""

from __future__ import annotations

from random import Random

import numpy as np
import pytest

from sim.studies.intervals import Span, compared, span_of
from workloads.formula import value_of

FORMULAS = (
    "a + b * 2", "a - b", "-a * b", "a / (b + 1)", "a / b", "a ** 2 - b ** 0.5", "max(a, 2, b) - min(a, b)",
    "sqrt(a) * exp(b / 4)", "log(a + 1) + rsqrt(b + 1)", "a // 2 + b % 2", "(a - 2) * (b - 3)", "sin(a) + b", "pi * a",
)  # fmt: skip


@pytest.mark.parametrize("formula", FORMULAS)
def test_every_value_lies_within(formula: str) -> None:
    random = Random(formula)
    for _ in range(100):
        ends = {name: sorted(random.choice([0.0, random.uniform(0.1, 5)]) for _ in range(2)) for name in "ab"}
        found = span_of(formula, {name: Span(*(np.array([end]) for end in each)) for name, each in ends.items()})
        inner = {name: random.uniform(*each) for name, each in ends.items()}
        try:
            value = float(value_of(formula, inner))  # type: ignore[arg-type]
        except ValueError:  # divided by nothing
            continue
        assert float(found.least.min()) - 1e-9 <= value <= float(found.most.max()) + 1e-9


@pytest.mark.parametrize("formula", FORMULAS)
def test_what_is_known_stays_known(formula: str) -> None:
    known = {"a": 3.0, "b": 2.0}
    found = span_of(formula, {name: Span(np.array([value]), np.array([value])) for name, value in known.items()})
    assert found.least[0] == found.most[0] == pytest.approx(float(value_of(formula, known)))  # type: ignore[arg-type]


@pytest.mark.parametrize("comparison", ["<", "<=", ">", ">=", "==", "!="])
def test_comparisons_of_what_is_known_in_part(comparison: str) -> None:
    ends = [(0.0, 1.0), (1.0, 1.0), (1.0, 2.0), (0.5, 3.0)]
    for left in ends:
        for right in ends:
            spans = [Span(np.array([least]), np.array([most])) for least, most in (left, right)]
            found = compared(spans[0], comparison, spans[1])
            grid = [np.linspace(*each, 9) for each in (left, right)]
            true = [eval(f"{a} {comparison} {b}") for a in grid[0] for b in grid[1]]
            assert found.may[0] >= any(true) and found.must[0] <= all(true)
            assert found.may[0] == any(true) or comparison == "=="  # of which a few values may have none
            assert 0 <= found.likely[0] <= 1 and (found.likely[0] == 1 if found.must[0] else True)


@pytest.mark.parametrize("formula", ["a +", "c", "a if b else 1", "open(a)", "a; b", "'a'"])
def test_what_is_no_formula(formula: str) -> None:
    one = Span(np.array([1.0]), np.array([1.0]))
    with pytest.raises(ValueError):
        span_of(formula, {"a": one, "b": one})
