"""How many bits an element has, by class of tensor: weights, activations, states, and partial sums of products.

*Weights* are the matrices that projections multiply by. All other parameters (norms, biases, convolutions, decays) are
read by elementwise work, as wide as the activations that they meet: published quantisers keep them so (LLM.int8(),
arXiv 2208.07339; AWQ, arXiv 2306.00978; Quamba2 for Mamba-2, arXiv 2503.22879). *States* are the tensors of a
recurrence. *Accumulators* are partial sums that leave the array between two folds of one product.

Weights lie packed, two of 4 bit to a byte, each tile of them on whole bytes. With a ``group``, so many weights of a
column that follow each other along the summed index share a scale, which lies with them; a group that a tile cuts has
its scale in both tiles. Without one the scales, one a column or one a matrix, count as nothing.
"""

from __future__ import annotations

from typing import Any, Literal, NamedTuple, get_args

from pydantic import Field, GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic_core import CoreSchema, PydanticCustomError, core_schema

from workloads.spec import Spec

Precision = Literal["8bit", "16bit", "32bit"]
WeightPrecision = Literal["4bit", "8bit", "16bit", "32bit"]


def bits(precision: WeightPrecision) -> int:
    """The bits of an element.

    >>> bits("16bit")
    16
    """
    return int(precision.removesuffix("bit"))


class PrecisionSpec(Spec):
    """Width of an element by class of tensor."""

    weights: WeightPrecision = Field(
        default="16bit", description="Width of what projections multiply by; other parameters are as activations."
    )
    activations: Precision = Field(default="16bit", description="Width of all that is computed, but states.")
    state: Precision | None = Field(
        default=None, description="Width of what belongs to a recurrence; as activations unless given."
    )
    accumulators: Literal["16bit", "32bit"] | None = Field(
        default=None,
        description="Width of partial sums that an array puts into SRAM between two folds of a product; as activations "
        "unless given.",
    )
    group: int | None = Field(
        default=None, ge=1, le=65_536, json_schema_extra={"unit": "elements"},
        description="Weights of a column that share a scale, which counts as bytes; none does unless given.",
    )  # fmt: skip
    scale: Precision = Field(default="16bit", description="Width of a group's scale.")


class OrScalar:
    """Annotates a :class:`PrecisionSpec` for which the width of weights and activations may stand alone.

    One that says no more than that is the width.
    """

    def parse(self, found: object, node: Any) -> object:
        """*found* as it stands if it is a width, else as *node* checks it; raises what says what was expected."""
        if isinstance(found, dict | PrecisionSpec):
            widths: PrecisionSpec = node(found)
            alone = widths.activations
            return alone if widths == PrecisionSpec(weights=alone, activations=alone) else widths
        if found not in get_args(Precision):
            what = "'8bit', '16bit' or '32bit', or a mapping of weights, activations, state"
            raise PydanticCustomError("precision", "{what}", {"what": what})
        return found

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        written = core_schema.plain_serializer_function_ser_schema(
            lambda value: value.model_dump(exclude_defaults=True) if isinstance(value, PrecisionSpec) else value
        )
        return core_schema.no_info_wrap_validator_function(
            self.parse, handler.generate_schema(PrecisionSpec), serialization=written
        )

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        return {"anyOf": [{"type": "string", "enum": list(get_args(Precision))}, handler(schema)]}


class WeightFormat(NamedTuple):
    """How weights lie in memory: their bits, and how many of a column share a scale of so many bits, if any do."""

    bits: int
    group: int | None = None
    scale_bits: int = 16

    def size_bytes(self, column: int, columns: int = 1) -> int:
        """Bytes of *columns* of weights, *column* in each, with their scales.

        >>> WeightFormat(4, 128).size_bytes(256, 3)
        396
        """
        scales = 0 if self.group is None else -(-column // self.group) * self.scale_bits
        return -(-columns * (column * self.bits + scales) // 8)

    @property
    def element_bytes(self) -> float:
        """Bytes of a weight, with its share of a scale."""
        return (self.bits + (self.scale_bits / self.group if self.group else 0)) / 8
