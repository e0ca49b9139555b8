"""A sweep as YAML writes it: what is run, the axes along which keys change, which points are left out, which columns.

An axis is a list of values, a :class:`Range`, or a mapping of several keys to lists of equal length, which change
together.
"""

from __future__ import annotations

import re
from fractions import Fraction
from math import log
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Discriminator, Field, Tag, WithJsonSchema, model_validator

from sim.files.limits import Search
from workloads.spec import Description, Name, Spec, contradiction

MOST_VALUES = 10_000  # of an axis
_QUANTITY = re.compile(r"\s*([0-9]+(?:\.[0-9]+)?)\s*(\S.*?)?\s*")
Text = Annotated[str, Field(min_length=1, max_length=2000)]


def _listed(value: object) -> object:
    return [value] if isinstance(value, str) else value


_TEXT: Any = {"type": "string", "minLength": 1, "maxLength": 2000}
Names = Annotated[
    list[Text],
    BeforeValidator(_listed),
    Field(min_length=1, max_length=MOST_VALUES),
    WithJsonSchema({"anyOf": [_TEXT, {"type": "array", "items": _TEXT, "minItems": 1, "maxItems": MOST_VALUES}]}),
]
Bound = Annotated[
    int | float | str, WithJsonSchema({"type": ["number", "string"], "examples": [8, "512KiB"]})
]  # a number, or one with a unit


class Range(Spec):
    """Values from one number to another, by equal steps or by equal factors; both have the same unit, if they have one.

    >>> Range(first="1MiB", last="8MiB", factor=2).values
    ['1MiB', '2MiB', '4MiB', '8MiB']
    """

    first: Bound = Field(description="The first value.")
    last: Bound = Field(description="No value is above it.")
    step: Annotated[float, Field(gt=0)] | None = Field(
        default=None, description="What is added from value to value, in the unit of both."
    )
    factor: Annotated[float, Field(gt=1)] | None = Field(
        default=None, description="What every value is multiplied with for the next."
    )

    @model_validator(mode="after")
    def _is_one(self) -> Range:
        if (self.step is None) == (self.factor is None):
            raise contradiction("expected one of step and factor", "step", "factor")
        (first, unit), (last, other) = _number("first", self.first), _number("last", self.last)
        if unit != other:
            raise contradiction(
                f"found {self.first!r} and {self.last!r}, expected numbers of one unit", "first", "last"
            )
        if first > last or (self.factor is not None and first <= 0):
            raise contradiction("expected first to be no more than last, and above 0 with a factor", "first", "last")
        steps = (last - first) / Fraction(str(self.step)) if self.step else log(last / first) / log(self.factor or 2)
        if steps >= MOST_VALUES:
            raise contradiction(f"expected {MOST_VALUES:,} values at most", "step" if self.step else "factor")
        return self

    @property
    def values(self) -> list[Any]:
        """The values in rising order, as YAML writes them."""
        (value, unit), (last, _) = _number("first", self.first), _number("last", self.last)
        found: list[Any] = []
        while value <= last:
            found.append(_written(value, unit))
            value = value + Fraction(str(self.step)) if self.step is not None else value * Fraction(str(self.factor))
        return found


def _number(key: str, value: float | str) -> tuple[Fraction, str]:
    """The number of *value* and its unit, "" if there is none."""
    if not isinstance(value, str):
        return Fraction(str(value)), ""
    found = _QUANTITY.fullmatch(value)
    if found is None:
        raise contradiction(f"found {value!r}, expected a number, or one with a unit such as '512KiB'", key)
    return Fraction(found[1]), found[2] or ""


def _written(value: Fraction, unit: str) -> Any:
    number = int(value) if value.denominator == 1 else float(value)
    return f"{number}{unit}" if unit else number


def _kind(value: object) -> str:
    if isinstance(value, Range):
        return "range"
    if isinstance(value, dict):
        return "range" if "first" in value or "last" in value else "group"
    return "values"


def _even(group: dict[str, Any]) -> dict[str, Any]:
    lengths = {key: len(values_of(axis)) for key, axis in group.items()}
    if len(set(lengths.values())) > 1:
        told = ", ".join(f"{length} of {key}" for key, length in lengths.items())
        raise ValueError(f"expected as many values of each key, found {told}")
    return group


Values = Annotated[list[Any], Field(min_length=1, max_length=MOST_VALUES)]
Column = Annotated[Annotated[Values, Tag("values")] | Annotated[Range, Tag("range")], Discriminator(_kind)]
Group = Annotated[dict[Text, Column], Field(min_length=1, max_length=100), AfterValidator(_even)]
AxisSpec = Annotated[
    Annotated[Values, Tag("values")] | Annotated[Range, Tag("range")] | Annotated[Group, Tag("group")],
    Discriminator(_kind),
]


class SweepSpec(Spec):
    """Many runs that differ in the values of a few keys."""

    name: Name = Field(description="What it is called.")
    description: Description = Field(default="", description="A line about it.")
    workload: Names = Field(description="A workload, or a list of them: files, or names of shipped ones.")
    machine: Names = Field(default=["edge"], description="A machine, or a list of them.")
    mapping: Text | None = Field(default=None, description="A named mapping that all points have.")
    set: dict[Text, Any] = Field(
        default_factory=dict, max_length=1000, description="Values of keys that are the same in all points."
    )
    axes: dict[Text, AxisSpec] = Field(
        default_factory=dict,
        max_length=100,
        description="Key of the workload or machine -> its values: a list; first, last and step or factor; or, under "
        "any name, several keys with lists of equal length, which change together.",
    )
    constraints: list[Text] = Field(
        default_factory=list,
        max_length=100,
        description="Points that do not meet one are left out: keys, numbers and quantities, compared.",
    )
    columns: list[Text] = Field(
        default_factory=list, max_length=1000, description="Figures of the table; a choice of them unless given."
    )
    search: Search | None = Field(
        default=None, description="How hard to search for mappings; quick unless given, where none is shipped."
    )
    neighbours: bool = Field(
        default=True,
        description="Whether points also try the mappings of their neighbours, where none is given: so that more of "
        "something is not slower because its search was less lucky.",
    )
    simulate_layers: Annotated[int, Field(ge=1, le=10_000)] | None = Field(
        default=2, description="Layers that are simulated, from which the others' time is scaled; null for all."
    )


def values_of(axis: list[Any] | Range) -> list[Any]:
    """The values of an axis of one key."""
    return axis.values if isinstance(axis, Range) else list(axis)
