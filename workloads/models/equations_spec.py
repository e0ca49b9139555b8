"""The description of a model that is written as equations in YAML: every key of it, and what it may be."""

from __future__ import annotations

from typing import Annotated

from pydantic import BeforeValidator, Discriminator, Field, StringConstraints, Tag

from workloads.models.generator import LONGEST_CHUNK
from workloads.spec import VISIBLE, Description, Spec

Index = Annotated[str, StringConstraints(pattern=r"^[A-Za-z][A-Za-z0-9_]*$", max_length=40)]
Tensor = Annotated[str, StringConstraints(pattern=r"^[A-Za-z_][A-Za-z0-9_]*$", max_length=100)]
Words = Annotated[str, StringConstraints(min_length=1, max_length=100, pattern=VISIBLE)]
Text = Annotated[str, StringConstraints(min_length=1, max_length=2000)]
Length = Annotated[int, Field(ge=1, le=2**24)]
Tokens = Annotated[int, Field(ge=1, le=LONGEST_CHUNK, json_schema_extra={"unit": "tokens"})]
FORMULA, OTHER = "formula", "other"


def _formula_or_not(found: object) -> str:
    return FORMULA if isinstance(found, str) else OTHER


_FormulaOrNot = Discriminator(_formula_or_not)
Formula = Annotated[Text, Tag(FORMULA)]
Size = Annotated[Formula | Annotated[Length, Tag(OTHER)], _FormulaOrNot]


def _operation(found: object) -> object:
    if not (isinstance(found, list) and len(found) == 3 and all(isinstance(each, str) for each in found)):
        raise ValueError(f'found {found!r}, expected [name, kind, "equation"], the equation in quotes')
    return found


Entry = Annotated[list[Text], BeforeValidator(_operation), Field(min_length=3, max_length=3)]
Operations = Annotated[list[Entry], Field(min_length=1, max_length=1000)]
Finite = Annotated[float, Field(ge=-1e30, le=1e30)]
Values = Annotated[list[Finite], Field(min_length=1, max_length=65_536)]
Constant = Annotated[
    list[Annotated[Formula | Annotated[Values, Tag(OTHER)], _FormulaOrNot]], Field(min_length=2, max_length=2)
]
Range = Annotated[list[Finite], Field(min_length=2, max_length=2)]


class ChunkedSpec(Spec):
    """A chunk of tokens at once, instead of the recurrence token by token."""

    axis: Index = Field(description="The index of a chunk's tokens, which every tensor of a token gets first.")
    tokens: Tokens = Field(description="Tokens of a chunk unless the workload says otherwise.")
    longest: Tokens = Field(default=LONGEST_CHUNK, description="Tokens of the longest chunk for which this holds.")
    indices: list[Index] = Field(
        default_factory=list, max_length=100, description="Further indices that are as long as a chunk."
    )
    masked: list[Words] = Field(
        default_factory=list,
        max_length=1000,
        description="Operations whose result is zero at tokens that pad a last chunk, so that these change no state.",
    )
    replaces: list[Words] = Field(
        min_length=1, max_length=1000, description="Operations of the token by token form that are left out."
    )
    operations: Operations = Field(description="What stands in their place; the axis is written where it is meant.")


class EquationsSpec(Spec):
    """A layer as tensor equations, in the notation of papers."""

    description: Description = Field(default="", description="A line about it.")
    sizes: dict[Index, Size] = Field(
        min_length=1, max_length=100,
        description="Length of the axis of each index: a number, or a formula of others such as d / h.",
    )  # fmt: skip
    input: Text = Field(description="What a layer reads, with its axes, such as u[t,d].")
    more_inputs: list[Text] = Field(
        default_factory=list, max_length=100,
        description="Further tensors that are given for each token, such as B[t,n]: for a part of a layer by itself.",
    )  # fmt: skip
    constants: dict[Tensor, Constant] = Field(
        default_factory=dict, max_length=1000,
        description="Vectors that are not learned: their index, and the values or a formula of index and sizes.",
    )  # fmt: skip
    operations: Operations = Field(
        description="Name, kind and equation of each operation of one token; all that is read without t is learned."
    )
    output: Tensor = Field(description="The tensor that a layer hands on, as large as what it reads.")
    ranges: dict[Tensor, Range] = Field(
        default_factory=dict, max_length=1000,
        description="Least and most of a parameter, where it is drawn from in a proof; others are drawn around 0.",
    )  # fmt: skip
    chunked: ChunkedSpec | None = Field(default=None, description="How a chunk of tokens is computed at once.")
