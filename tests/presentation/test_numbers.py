"""Numbers for people: digits, units by size, and never a zero for something."""

from __future__ import annotations

import pytest

from sim.presentation import numbers
from sim.presentation.numbers import count, cycles, joules, number, percent, plural, rough, scaled, seconds


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        pytest.param(number(0), "0", id="zero"),
        pytest.param(number(241.0996), "241.1", id="a number"),
        pytest.param(number(217013.9), "217,014", id="all of the whole part"),
        pytest.param(number(0.00001234), "0.00001234", id="a small number"),
        pytest.param(number(-9.0123), "-9.012", id="below zero"),
        pytest.param(number(float("inf")), "inf", id="endless"),
        pytest.param(count(99_999), "99,999", id="a count that is exact"),
        pytest.param(count(100_000), "100 k", id="a count that ends"),
        pytest.param(count(995_807_908), "995.8 M", id="a large count"),
        pytest.param(count(9_999_960), "10,000 k", id="all of the whole part of a count"),
        pytest.param(count(50_000_001, "+"), "+50.00 M", id="a plus"),
        pytest.param(count(0, "+"), "0", id="nothing has no sign"),
        pytest.param(count(-246_546, "+"), "-246.5 k", id="a minus"),
        pytest.param(count(10**17), "100,000 T", id="beyond the last prefix"),
        pytest.param(cycles(1), "1 cycle", id="one cycle"),
        pytest.param(cycles(1_061_708_303), "1,062 M cycles", id="many cycles"),
        pytest.param(rough(14_111.3), "14,111", id="rough"),
        pytest.param(rough(0.0004, "+"), "+0.0004", id="rough, and not zero"),
        pytest.param(rough(-0.0), "0", id="rough, and no minus zero"),
        pytest.param(seconds(4.2468), "4.247 s", id="seconds"),
        pytest.param(seconds(0.0001769), "176.9 µs", id="microseconds"),
        pytest.param(seconds(4e-9), "4 ns", id="nanoseconds"),
        pytest.param(seconds(4e-12), "0.004 ns", id="less than that is not zero"),
        pytest.param(seconds(0), "0 s", id="no time"),
        pytest.param(joules(0.009012), "9.012 mJ", id="millijoules"),
        pytest.param(joules(2.491e-6), "2.491 µJ", id="microjoules"),
        pytest.param(scaled(47_570_000, "B", 0), "47.57 MB", id="bytes"),
        pytest.param(scaled(0.5, "OP", 0), "0.5 OP", id="no prefix below the smallest"),
        pytest.param(percent(0.77778), "77.8%", id="percent"),
        pytest.param(percent(0.0006), "0.06%", id="a small share"),
        pytest.param(percent(0.00001), "0.001%", id="the smallest share that is shown"),
        pytest.param(percent(1e-9, "+"), "≈0%", id="less than that"),
        pytest.param(percent(0.232, "+"), "+23.2%", id="a share with its sign"),
        pytest.param(percent(0.0), "0.0%", id="no share"),
        pytest.param(plural(1, "layer"), "1 layer", id="one"),
        pytest.param(plural(0, "layer"), "0 layers", id="none"),
        pytest.param(plural(1024, "token"), "1,024 tokens", id="many"),
        pytest.param(plural(2, "class", "classes"), "2 classes", id="another plural"),
    ],
)
def test_numbers(found: str, expected: str) -> None:
    assert found == expected


def test_examples() -> None:
    from doctest import testmod

    assert testmod(numbers).failed == 0
