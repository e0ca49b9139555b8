"""The compute units of a machine, by name, and the kinds of them: a new kind is a file of its own and an entry here.

``mac_array:`` and ``simd:`` are shorthand for units of these names and kinds; ``units:`` has any others.
"""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, StringConstraints

from hw.mac_array import MacArraySpec
from hw.simd import SimdSpec
from hw.special_functions import SpecialFunctionsSpec

AnyUnit = Annotated[MacArraySpec | SimdSpec | SpecialFunctionsSpec, Field(discriminator="kind")]
KINDS: dict[str, type[MacArraySpec] | type[SimdSpec] | type[SpecialFunctionsSpec]] = {
    "mac_array": MacArraySpec,
    "simd": SimdSpec,
    "special_functions": SpecialFunctionsSpec,
}
UnitKey = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]*$", min_length=1, max_length=40)]
RESERVED = ("auto", "dma", "dram", "sram")  # what results and wishes call something else
