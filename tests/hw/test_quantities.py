"""Quantities with units: exact integers of a base unit."""

from __future__ import annotations

import pytest

from hw.quantities import BYTES, FEMTOJOULES_PER_BIT, FEMTOSECONDS, HERTZ, format_bytes, parse_quantity


@pytest.mark.parametrize(
    ("text", "scale", "value"),
    [
        pytest.param("64B", BYTES, 64, id="base unit"),
        pytest.param("2MiB", BYTES, 2 * 1024**2, id="binary prefix"),
        pytest.param("2MB", BYTES, 2 * 1000**2, id="decimal prefix"),
        pytest.param("250MHz", HERTZ, 250 * 10**6, id="hertz"),
        pytest.param("0.9375ns", FEMTOSECONDS, 937_500, id="decimals that come out whole"),
        pytest.param("15pJ/bit", FEMTOJOULES_PER_BIT, 15_000, id="unit with a slash"),
        pytest.param("1_000 kB", BYTES, 10**6, id="underscore and space"),
        pytest.param("  1kB ", BYTES, 1000, id="space around"),
        pytest.param("1e3MHz", HERTZ, 10**9, id="exponent"),
        pytest.param("25e-1GHz", HERTZ, 2_500_000_000, id="negative exponent"),
        pytest.param("0B", BYTES, 0, id="zero"),
        pytest.param("9007199254740993B", BYTES, 2**53 + 1, id="more digits than a float has"),
    ],
)
def test_a_quantity_is_an_exact_integer_of_its_base_unit(text: str, scale: dict[str, int], value: int) -> None:
    assert parse_quantity(text, scale, "1") == value


NEEDS_UNIT = "must be a quantity with a unit such as '2MiB', not "


@pytest.mark.parametrize(
    ("text", "message"),
    [
        pytest.param("2", NEEDS_UNIT + "'2'", id="missing unit"),
        pytest.param(2, NEEDS_UNIT + "2", id="bare integer"),
        pytest.param(2.5, NEEDS_UNIT + "2.5", id="bare float"),
        pytest.param(None, NEEDS_UNIT + "None", id="nothing"),
        pytest.param("", NEEDS_UNIT + "''", id="empty"),
        pytest.param("MiB", NEEDS_UNIT + "'MiB'", id="no number"),
        pytest.param("-2MiB", NEEDS_UNIT + "'-2MiB'", id="negative"),
        pytest.param("two MiB", NEEDS_UNIT + "'two MiB'", id="number in words"),
        pytest.param("2mib", "has the unknown unit 'mib', expected one of B, kB, MB, GB, TB, KiB, MiB, GiB", id="case"),
        pytest.param("2MHz", "has the unknown unit 'MHz', expected one of B, kB, MB, GB, TB, KiB, MiB, GiB", id="kind"),
        pytest.param("0.5B", "must be a whole number of B, not '0.5B'", id="fraction of the base unit"),
        pytest.param("0.0001kB", "must be a whole number of B, not '0.0001kB'", id="fraction after the prefix"),
    ],
)
def test_what_is_no_quantity_is_said(text: object, message: str) -> None:
    with pytest.raises(ValueError) as caught:
        parse_quantity(text, BYTES, "2MiB")
    assert str(caught.value) == message


@pytest.mark.parametrize(
    ("count", "text"),
    [
        pytest.param(0, "0 B", id="zero"),
        pytest.param(1023, "1023 B", id="below the first prefix"),
        pytest.param(1024, "1 KiB", id="one KiB"),
        pytest.param(1536, "1.5 KiB", id="one and a half"),
        pytest.param(2 * 1024**2, "2 MiB", id="MiB"),
        pytest.param(int(3.14159 * 1024**3), "3.14 GiB", id="three significant digits"),
        pytest.param(1000 * 1024**3, "1e+03 GiB", id="beyond the largest prefix"),
    ],
)
def test_format_bytes(count: int, text: str) -> None:
    assert format_bytes(count) == text
