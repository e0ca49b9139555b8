"""The SRAM suite, and the work that it makes up."""

from __future__ import annotations

from sim.validation import sram
from sim.validation.cases import grouped


def test_sram_suite_has_one_to_six_units_and_holds() -> None:
    cases = sram.cases(mixes=6, horizon=20_000)
    groups = grouped(cases)
    assert [group for _, group in groups] == ["1 unit", *(f"{units} units" for units in range(2, 7))]
    assert [len(members) for members in groups.values()] == [1, 2, 3, 4, 5, 6]
    assert all(each.holds for each in cases)


def test_mixes_are_the_same_every_time_and_of_many_kinds() -> None:
    mixes = [sram.random_mix(number) for number in range(60)]
    assert mixes == [sram.random_mix(number) for number in range(60)]
    assert {mix.spec.banks for mix in mixes} == {1, 2, 4, 8, 16, 32}
    assert {len(mix.work) for mix in mixes} == {1, 2, 3, 4, 5, 6}
