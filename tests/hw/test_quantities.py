"""Quantities with units: exact integers of a base unit."""

from __future__ import annotations

import pytest

from hw.quantities import BYTES, FEMTOJOULES_PER_BIT, HERTZ, Quantity, format_bytes, parse_quantity


@pytest.mark.parametrize(
    ("text", "scale", "value"),
    [
        pytest.param("64B", BYTES, 64, id="base unit"),
        pytest.param("2MiB", BYTES, 2 * 1024**2, id="binary prefix"),
        pytest.param("2MB", BYTES, 2 * 1000**2, id="decimal prefix"),
        pytest.param("250MHz", HERTZ, 250 * 10**6, id="hertz"),
        pytest.param("0.9375MHz", HERTZ, 937_500, id="decimals that come out whole"),
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


QUANTITY = "a quantity with a unit such as '2MiB'"
UNITS = "one of the units B, kB, MB, GB, TB, KiB, MiB, GiB"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("2", QUANTITY, id="missing unit"),
        pytest.param(2, QUANTITY, id="bare integer"),
        pytest.param(2.5, QUANTITY, id="bare float"),
        pytest.param(None, QUANTITY, id="nothing"),
        pytest.param("", QUANTITY, id="empty"),
        pytest.param("MiB", QUANTITY, id="no number"),
        pytest.param("-2MiB", QUANTITY, id="negative"),
        pytest.param("two MiB", QUANTITY, id="number in words"),
        pytest.param("1" * 5000 + "MiB", QUANTITY, id="5000 digits"),
        pytest.param(10**5000, QUANTITY, id="5000 digits without a unit"),
        pytest.param("2mib", UNITS, id="case"),
        pytest.param("2MHz", UNITS, id="kind"),
        pytest.param("0.5B", "a whole number of B", id="fraction of the base unit"),
        pytest.param("0.0001kB", "a whole number of B", id="fraction after the prefix"),
        pytest.param("1e999999999MB", "an exponent of 30 at most", id="a number that would fill the memory"),
        pytest.param("1e-999999999MB", "an exponent of 30 at most", id="a denominator that would fill the memory"),
        pytest.param(f"1e{'9' * 50}MB", "an exponent of 30 at most", id="an exponent that is long itself"),
    ],
)
def test_what_is_no_quantity_is_said(text: object, expected: str) -> None:
    with pytest.raises(ValueError) as caught:
        parse_quantity(text, BYTES, "2MiB")
    assert str(caught.value) == expected


CLOCK = Quantity(HERTZ, "250MHz", "1kHz", "100GHz")


@pytest.mark.parametrize("text", ["1kHz", "1000Hz", "250MHz", "100GHz", "0.1THz"])
def test_a_quantity_within_its_range(text: str) -> None:
    assert CLOCK.parse(text) == parse_quantity(text, HERTZ, "1Hz")


@pytest.mark.parametrize("text", ["0Hz", "999Hz", "100000000001Hz", "1e30THz"])
def test_a_quantity_beyond_its_range(text: str) -> None:
    with pytest.raises(ValueError) as caught:
        CLOCK.parse(text)
    assert str(caught.value) == "1kHz to 100GHz"


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
