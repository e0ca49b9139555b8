"""The SRAM suite, and the work that it makes up."""

from __future__ import annotations

from statistics import median

import pytest

from sim.validation import sram
from sim.validation.cases import grouped


def test_sram_suite_has_one_to_six_units_and_rtl_and_holds() -> None:
    cases = sram.cases(mixes=6, horizon=20_000)
    groups = {group: members for (_, group), members in grouped(cases).items()}
    assert {group: len(members) for group, members in groups.items()} == {
        **{"1 unit" if units == 1 else f"{units} units": units for units in range(1, 7)},
        "RTL, 2 units, 32 words ahead": 71,
        "RTL, 3 units, 32 words ahead": 74,
        "RTL, 2 units, no words ahead": 71,
        "RTL, 3 units, no words ahead": 74,
    }
    assert all(each.holds for each in cases)


@pytest.mark.parametrize(
    ("group", "middle", "nine_of_ten"),
    [
        pytest.param("RTL, 2 units, 32 words ahead", 0.003, 0.01),
        pytest.param("RTL, 3 units, 32 words ahead", 0.005, 0.015),
        pytest.param("RTL, 2 units, no words ahead", 0.01, 0.04),
        pytest.param("RTL, 3 units, no words ahead", 0.02, 0.07),
    ],
)
def test_most_rows_of_rtl_are_closer_than_the_tolerance(group: str, middle: float, nine_of_ten: float) -> None:
    errors = sorted(abs(case.error) for case in sram.cases(mixes=0) if case.group == group)
    assert median(errors) < middle
    assert errors[len(errors) * 9 // 10] < nine_of_ten


def test_units_that_fetch_nothing_ahead_lose_what_the_model_of_those_that_do_does_not_see() -> None:
    """By up to a third: the comparison could tell the one model from the other."""
    lost = [max(row["rtl_no_prefetch"]) / max(sram.ends_by_ports(row["want"], row["cycles"], 32)) - 1
            for row in sram.rtl_rows()]  # fmt: skip
    assert max(lost) > 0.3
    assert median(lost) > 0.05


def test_mixes_are_the_same_every_time_and_of_many_kinds() -> None:
    mixes = [sram.random_mix(number) for number in range(60)]
    assert mixes == [sram.random_mix(number) for number in range(60)]
    assert {mix.spec.banks for mix in mixes} == {1, 2, 4, 8, 16, 32}
    assert {len(mix.work) for mix in mixes} == {1, 2, 3, 4, 5, 6}
