"""The compute units of a machine, by name: a new kind is a file of its own and one more in AnyUnit.

``mac_array:`` and ``simd:`` are shorthand for units of these names and kinds; ``units:`` has any others.
"""

from __future__ import annotations

import re
from typing import Annotated, Final

from pydantic import AfterValidator, Field

from hw.mac_array import MacArraySpec
from hw.simd import SimdSpec
from hw.special_functions import SpecialFunctionsSpec

AnyUnit = Annotated[MacArraySpec | SimdSpec | SpecialFunctionsSpec, Field(discriminator="kind")]
RESERVED: Final = ("auto", "dma", "dram", "sram")  # what results and wishes call something else
_NAME: Final = re.compile(r"[a-z][a-z0-9_]{0,39}")


def _unit_name(name: str) -> str:
    if name in RESERVED or _NAME.fullmatch(name) is None:
        known = ", ".join(RESERVED)
        message = f"is no name for a unit, expected up to 40 of a-z, 0-9 and _, a letter first, and none of {known}"
        raise ValueError(message)
    return name


UnitKey = Annotated[str, AfterValidator(_unit_name)]
