"""Numbers for people: four significant digits, and a unit by their size; tables whose columns sum have exact ones.

All functions are pure; what they return has no line break and is never "0" for something that is not zero.
"""

from __future__ import annotations

from math import floor, isfinite, log10

DIGITS = 4
_PREFIXES = {12: "T", 9: "G", 6: "M", 3: "k", 0: "", -3: "m", -6: "µ", -9: "n"}
_BINARY = {30: "GiB", 20: "MiB", 10: "KiB"}
_EXACT = 100_000  # from here on a count is rounded
_GIGA = 10**10  # from here on a count is one of billions: 1,062 M, not 1.062 G


def number(value: float) -> str:
    """*value* with four significant digits, but all of its whole part, and no zeros behind where it ends.

    >>> [number(each) for each in (241.099, 5786.3, 0.012343, 9.00001, 16.0, 0)]
    ['241.1', '5,786', '0.01234', '9.000', '16', '0']
    """
    if not value or not isfinite(value):
        return f"{value:g}"
    decimals = max(0, DIGITS - 1 - floor(log10(abs(_rounded(value)))))
    while decimals and value == round(value, decimals - 1):
        decimals -= 1
    return f"{value:,.{decimals}f}"


def scaled(value: float, unit: str, smallest: int = -9) -> str:
    """*value* in *unit* with the prefix that fits its size, down to 10 to the *smallest*.

    >>> scaled(0.0000412, "s"), scaled(1.652e9, "OP", 0), scaled(0.99996, "s")
    ('41.2 µs', '1.652 GOP', '1.000 s')
    """
    rounded = _rounded(value)
    powers = [power for power in _PREFIXES if power >= smallest]
    power = next((power for power in powers if abs(rounded) >= 10.0**power), powers[-1] if value else 0)
    return f"{number(value / 10.0**power)} {_PREFIXES[power]}{unit}"


def binary_size(count: int) -> str:
    """*count* bytes with the binary prefix that fits their number.

    >>> binary_size(1_056_964_608), binary_size(1536), binary_size(20)
    ('1,008 MiB', '1.5 KiB', '20 B')
    """
    power, unit = next((each for each in _BINARY.items() if count >= 1 << each[0]), (0, "B"))
    return f"{number(count / (1 << power))} {unit}"


def _rounded(value: float) -> float:
    return float(f"{value:.{DIGITS - 1}e}")


def count(value: int, sign: str = "") -> str:
    """A count, exact below a hundred thousand, in millions up to ten billion; with *sign* ``+`` also a plus.

    >>> count(25283), count(995_807_908), count(1_061_708_303, "+"), count(-246_546)
    ('25,283', '995.8 M', '+1,062 M', '-246.5 k')
    """
    plus = sign if value > 0 else ""
    if abs(value) < _EXACT:
        return f"{plus}{value:,}"
    power = next(power for power in _PREFIXES if abs(value) >= (10**power if power < 9 else _GIGA * 10 ** (power - 9)))
    return f"{plus}{number(value / 10**power)} {_PREFIXES[power]}"


def rough(value: float, sign: str = "") -> str:
    """*value* in whole numbers, or with two significant digits below ten.

    >>> rough(14111.3), rough(0.26, "+"), rough(-3.14159), rough(0.0, "+")
    ('14,111', '+0.26', '-3.1', '0')
    """
    if not value:
        return "0"
    return f"{value:{sign},.0f}" if abs(value) >= 9.95 else f"{value:{sign}.2g}"


def cycles(value: int) -> str:
    """So many cycles: ``995.8 M cycles``."""
    return f"{count(value)} cycle{'' if value == 1 else 's'}"


def seconds(value: float) -> str:
    """A time: ``4.247 s``, ``41.2 µs``."""
    return scaled(value, "s")


def duration(value: float) -> str:
    """A time that somebody waits: ``1.8 s``, ``2.67 h``, ``31.7 years``.

    >>> duration(0.0021), duration(90), duration(864_000)
    ('2.1 ms', '1.5 min', '10 days')
    """
    for unit, length in (("years", 31_557_600), ("days", 86_400), ("h", 3600), ("min", 60)):
        if value >= length:
            return f"{value / length:.3g} {unit}"
    return f"{value:.2g} s" if value >= 1 else f"{1000 * value:.2g} ms"


def joules(value: float) -> str:
    """An energy: ``9.013 mJ``, ``820 nJ``."""
    return scaled(value, "J")


def percent(share: float, sign: str = "") -> str:
    """*share* in percent with a decimal, or with one significant digit if it is less than a tenth of a percent.

    >>> percent(0.2863), percent(0.2863, "+"), percent(0.00002), percent(-1e-9), percent(0)
    ('28.6%', '+28.6%', '0.002%', '≈0%', '0.0%')
    """
    hundredfold = 100 * share
    if not share or abs(hundredfold) >= 0.1:
        return f"{hundredfold:{sign}.1f}%"
    if abs(hundredfold) < 0.0005:
        return "≈0%"
    return f"{hundredfold:{sign}.{_first_decimal(hundredfold)}f}%"


def _first_decimal(value: float) -> int:
    """The place of the first decimal of *value*, rounded there, that is not zero; at most the third."""
    return min(3, -floor(log10(abs(float(f"{value:.0e}")))))


def plural(value: int, one: str, more: str = "") -> str:
    """``1 layer``, ``48 layers``: *one* thing, or *more* of them, which are called *one* and an s unless given.

    >>> plural(1, "layer"), plural(1024, "token"), plural(2, "class", "classes")
    ('1 layer', '1,024 tokens', '2 classes')
    """
    return f"{value:,} {one if value == 1 else more or one + 's'}"
