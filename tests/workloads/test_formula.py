"""Formulas of numbers: their values, exact where they can be, and each mistake."""

from __future__ import annotations

from fractions import Fraction
from math import pi

import pytest

from workloads.formula import names_in, value_of, whole

NAMES = {"d": 12, "h": 4, "i": 2}


@pytest.mark.parametrize(
    ("text", "value"),
    [
        pytest.param("7", 7, id="number"),
        pytest.param("d", 12, id="name"),
        pytest.param("d / h", 3, id="quotient"),
        pytest.param("d / h / 2", Fraction(3, 2), id="exact"),
        pytest.param("(d + 1) // h", 3, id="whole part"),
        pytest.param("(d + 1) % h", 1, id="rest"),
        pytest.param("1 - 2 ** (-5 - i)", Fraction(127, 128), id="power"),
        pytest.param("-d", -12, id="negative"),
        pytest.param("max(h, i) + min(h, i)", 6, id="of two"),
        pytest.param("sqrt(h)", 2.0, id="root"),
        pytest.param("cos(pi)", -1.0, id="angle"),
        pytest.param("log(exp(i))", 2.0, id="logarithm"),
        pytest.param("2.5 * i", 5.0, id="fraction"),
    ],
)
def test_values(text: str, value: float) -> None:
    assert value_of(text, NAMES) == value


def test_pi() -> None:
    assert value_of("pi", {}) == pi


def test_names() -> None:
    assert names_in("d / h + sqrt(pi) * e") == {"d", "h", "e"}
    assert names_in("d /") == frozenset()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        pytest.param("d /", "found 'd /', expected a formula such as '2 * d / h'", id="not read"),
        pytest.param("d; h", "found 'd; h', expected a formula such as '2 * d / h'", id="two"),
        pytest.param("k", "k is not known, in 'k'", id="unknown name"),
        pytest.param("d / 0", "d / 0 has no value that is finite and real, in 'd / 0'", id="nothing"),
        pytest.param("sqrt(0 - 1)", "sqrt(0 - 1) has no value that is", id="root of less than nothing"),
        pytest.param("(0 - 1) ** 0.5", "(0 - 1) ** 0.5 has no value that is finite and real", id="complex"),
        pytest.param("10 ** 301", "10 ** 301 has no value that is finite and real", id="huge"),
        pytest.param("2 ** 2 ** 30", "cannot read '2 ** 2 ** 30'", id="no end"),
        pytest.param("[1]", "cannot read '[1]'", id="list"),
        pytest.param("open('x')", "cannot read \"open('x')\"", id="other functions"),
        pytest.param("True", "cannot read 'True'", id="truth"),
        pytest.param("d if h else i", "cannot read 'd if h else i'", id="choice"),
        pytest.param(f"{'-' * 5000}d", "", id="deep"),
    ],
)
def test_mistakes(text: str, message: str) -> None:
    with pytest.raises(ValueError) as raised:
        value_of(text, NAMES)
    assert message in str(raised.value)
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        pytest.param("d / 8", "'d / 8' is 3/2, expected a whole number, 1 at least", id="remainder"),
        pytest.param("d - 12", "'d - 12' is 0, expected a whole number, 1 at least", id="nothing"),
        pytest.param("0.5", "'0.5' is 0.5, expected a whole number, 1 at least", id="half"),
    ],
)
def test_what_is_no_length(text: str, message: str) -> None:
    with pytest.raises(ValueError) as raised:
        whole(text, NAMES)
    assert str(raised.value) == message


def test_a_length() -> None:
    assert whole("2 * d / h", NAMES) == 6
