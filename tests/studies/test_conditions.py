"""Conditions on the inputs of a run."""

from __future__ import annotations

import pytest

from sim.files.resolve import resolve
from sim.studies.conditions import broken, parse_condition, value_at

INPUTS = resolve("mamba2", "edge", ["simd.lanes=48", "energy=components"])


@pytest.mark.parametrize(
    ("text", "holds"),
    [
        ("simd.lanes == 48", True),
        ("simd.lanes < 48", False),
        ("simd.lanes <= mac_array.rows", False),
        ("sram.capacity >= 2MiB", True),
        ("sram.capacity > 2 MiB", False),
        ("sram.capacity / simd.lanes < 64KiB", True),
        ("clock == 250MHz", True),
        ("mac_array.rows * mac_array.columns != 1024", False),
        ("max(simd.lanes, 32) == 48", True),
        ("dimensions.d_state >= 64", True),
        ("sequence_length + batch == 1025", True),
        ("parameters > 6e8", True),
        ("2 * area_mm2 < 0", False),
    ],
)
def test_keys_are_compared(text: str, holds: bool) -> None:
    condition = parse_condition(text)
    assert condition.holds(lambda key: value_at(INPUTS, key)) is holds
    assert (broken([condition], INPUTS) is None) is holds


@pytest.mark.parametrize("text", ["simd.lanes", "1 < 2 < 3", "< 3", "a = 3", ""])
def test_one_comparison_is_expected(text: str) -> None:
    with pytest.raises(ValueError, match="expected one comparison such as"):
        parse_condition(text)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("lanes > 3", "lanes is no key of workloads or machines"),
        ("simd.lans > 3", "simd.lans has no value"),
        ("simd > 3", "simd has no value"),
        ("phase > 3", "phase is 'prefill', expected a number"),
        ("simd.fma > 3", "simd.fma is True, expected a number"),
        ("simd.lanes + > 3", "expected a formula"),
        ("simd.lanes / 0 > 3", "no value that is finite and real"),
    ],
)
def test_what_has_no_value_is_said(text: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        broken([parse_condition(text)], INPUTS)


def test_area_needs_a_node() -> None:
    with pytest.raises(ValueError, match=r"area_mm2 is not known: energy\.node"):
        value_at(resolve("mamba2", "edge"), "area_mm2")
