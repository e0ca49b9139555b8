"""Quantities with units: how YAML writes them and the integers that the simulator computes with.

A quantity is a string such as ``2MiB``, ``250MHz``, ``0.9375ns`` or ``15pJ/bit``; a bare number where a unit is due
is an error. Each type below holds its value as an exact integer of its base unit, so that no rounding happens before
the first division: bytes, hertz, femtoseconds, femtojoules (per operation or per bit).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from fractions import Fraction
from typing import Annotated

from pydantic import BeforeValidator

_SI = {"": 1, "k": 10**3, "M": 10**6, "G": 10**9, "T": 10**12}
_BINARY = {"Ki": 2**10, "Mi": 2**20, "Gi": 2**30}
_NUMBER = re.compile(r"([0-9][0-9_]*(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?)\s*(\S.*)?")

BYTES = {f"{prefix}B": factor for prefix, factor in (_SI | _BINARY).items()}
HERTZ = {f"{prefix}Hz": factor for prefix, factor in _SI.items()}
FEMTOSECONDS = {"fs": 1, "ps": 10**3, "ns": 10**6, "us": 10**9, "ms": 10**12}
FEMTOJOULES_PER_OP = {"fJ/op": 1, "pJ/op": 10**3, "nJ/op": 10**6}
FEMTOJOULES_PER_BIT = {"fJ/bit": 1, "pJ/bit": 10**3, "nJ/bit": 10**6}


def parse_quantity(text: object, scale: dict[str, int], example: str) -> int:
    """The quantity *text* as an integer of the base unit of *scale* (unit name -> base units).

    Raises ValueError if the unit is missing or unknown, or if the value is not a whole number of base units.
    """
    found = _NUMBER.fullmatch(text.strip()) if isinstance(text, str) else None
    if found is None or found[2] is None:
        raise ValueError(f"must be a quantity with a unit such as {example!r}, not {text!r}")
    if found[2] not in scale:
        raise ValueError(f"has the unknown unit {found[2]!r}, expected one of {', '.join(scale)}")
    value = Fraction(found[1].replace("_", "")) * scale[found[2]]
    if value.denominator != 1:
        raise ValueError(f"must be a whole number of {next(iter(scale))}, not {text!r}")
    return int(value)


def _quantity(scale: dict[str, int], example: str) -> BeforeValidator:
    def validate(value: object) -> int:
        return parse_quantity(value, scale, example)

    parse: Callable[[object], int] = validate
    return BeforeValidator(parse)


Bytes = Annotated[int, _quantity(BYTES, "2MiB")]
Hertz = Annotated[int, _quantity(HERTZ, "250MHz")]
Femtoseconds = Annotated[int, _quantity(FEMTOSECONDS, "1.25ns")]
FemtojoulesPerOp = Annotated[int, _quantity(FEMTOJOULES_PER_OP, "2pJ/op")]
FemtojoulesPerBit = Annotated[int, _quantity(FEMTOJOULES_PER_BIT, "15pJ/bit")]


def format_bytes(count: int) -> str:
    """*count* bytes for people: three significant digits and a binary prefix."""
    for prefix, factor in reversed(_BINARY.items()):
        if count >= factor:
            return f"{count / factor:.3g} {prefix}B"
    return f"{count} B"
