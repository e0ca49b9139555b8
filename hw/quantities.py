"""Quantities with units: how YAML writes them and the integers that the simulator computes with.

A quantity is a string such as ``2MiB``, ``250MHz`` or ``0.5pJ/bit``; a bare number where a unit is due is an error. A
key that takes one is annotated with a :class:`Quantity`, which says in which range it may be. The value is an exact
integer of the base unit, so that no rounding happens before the first division: bytes, bytes a second, hertz,
femtoseconds, femtojoules (per operation or per bit).
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic_core import CoreSchema, PydanticCustomError, core_schema

_SI = {"": 1, "k": 10**3, "M": 10**6, "G": 10**9, "T": 10**12}
_BINARY = {"Ki": 2**10, "Mi": 2**20, "Gi": 2**30}
_NUMBER = re.compile(r"([0-9][0-9_]*(?:\.[0-9]+)?)(?:[eE]([+-]?[0-9]+))?\s*(\S.*)?")
LONGEST = 64  # characters of a quantity
LARGEST_EXPONENT = 30  # in either direction

BYTES = {f"{prefix}B": factor for prefix, factor in (_SI | _BINARY).items()}
HERTZ = {f"{prefix}Hz": factor for prefix, factor in _SI.items()}
BYTES_PER_SECOND = {f"{prefix}B/s": factor for prefix, factor in (_SI | _BINARY).items()}
FEMTOSECONDS = {"ps": 10**3, "ns": 10**6, "us": 10**9, "ms": 10**12}
FEMTOJOULES_PER_OP = {"fJ/op": 1, "pJ/op": 10**3, "nJ/op": 10**6}
FEMTOJOULES_PER_BIT = {"fJ/bit": 1, "pJ/bit": 10**3, "nJ/bit": 10**6}


def parse_quantity(text: object, scale: dict[str, int], example: str) -> int:
    """The quantity *text* as an integer of the base unit of *scale* (unit name -> base units).

    Raises a ValueError that says what was expected, if the unit is missing or unknown, or if the value is not a whole
    number of base units or has more digits than any quantity; how much is said in *text* does not matter to the time.
    """
    found = _NUMBER.fullmatch(text.strip()) if isinstance(text, str) and len(text) <= LONGEST else None
    if found is None or found[3] is None:
        raise _expected(f"a quantity with a unit such as {example!r}")
    number, exponent, unit = found.groups()
    if unit not in scale:
        raise _expected(f"one of the units {', '.join(scale)}")
    if abs(int(exponent or 0)) > LARGEST_EXPONENT:
        raise _expected(f"an exponent of {LARGEST_EXPONENT} at most")
    value = Fraction(number.replace("_", "")) * Fraction(10) ** int(exponent or 0) * scale[unit]
    if value.denominator != 1:
        raise _expected(f"a whole number of {next(iter(scale))}")
    return int(value)


def _expected(what: str) -> PydanticCustomError:
    return PydanticCustomError("quantity", "{what}", {"what": what})


@dataclass(frozen=True)
class Quantity:
    """Annotates an integer that YAML writes as a quantity from ``least`` to ``most``, in units of ``scale``.

    ``Annotated[int, Quantity(HERTZ, "250MHz", "1kHz", "100GHz")]``
    """

    scale: dict[str, int] = field(hash=False)
    example: str
    least: str
    most: str

    def parse(self, text: object) -> int:
        """The value of *text*; raises a ValueError that says what was expected."""
        value = parse_quantity(text, self.scale, self.example)
        least, most = (parse_quantity(bound, self.scale, self.example) for bound in (self.least, self.most))
        if not least <= value <= most:
            raise _expected(f"{self.least} to {self.most}")
        return value

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_before_validator_function(self.parse, handler(source))

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        units = "|".join(self.scale)
        return {
            "type": "string",
            "pattern": rf"^\s*[0-9][0-9_]*(\.[0-9]+)?([eE][+-]?[0-9]+)?\s*({units})\s*$",
            "examples": [self.example],
            "range": f"{self.least} to {self.most}",
        }


def format_bytes(count: int) -> str:
    """*count* bytes for people: three significant digits and a binary prefix."""
    for prefix, factor in reversed(_BINARY.items()):
        if count >= factor:
            return f"{count / factor:.3g} {prefix}B"
    return f"{count} B"
