"""Conditions on the inputs of a run: keys of its workload and machine, and what follows from them, compared.

``simd.lanes <= mac_array.columns``, ``sram.capacity / simd.lanes >= 16KiB``, ``area_mm2 < 12``: two formulas
(workloads/formula.py) with a comparison between them. Quantities are numbers of their base unit, as keys are.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from operator import eq, ge, gt, le, lt, ne
from typing import Any, Final

from pydantic import BaseModel

from hw.energy.units import area
from hw.machine import MachineSpec
from hw.quantities import BYTES, BYTES_PER_SECOND, HERTZ, parse_quantity
from sim.files.resolve import Inputs
from workloads.formula import FUNCTIONS, value_of

COMPARISONS: Final[dict[str, Callable[[Any, Any], bool]]] = {
    "<=": le, ">=": ge, "==": eq, "!=": ne, "<": lt, ">": gt,
}  # fmt: skip
UNITS: Final = BYTES | BYTES_PER_SECOND | HERTZ
_SPLIT = re.compile("(" + "|".join(COMPARISONS) + ")")
_DIGITS = r"[0-9][0-9_.]*(?:[eE][+-]?[0-9]+)?"
_TOKEN = re.compile(
    rf"(?P<quantity>{_DIGITS}\s*(?:{'|'.join(sorted(UNITS, key=len, reverse=True))})\b)"
    rf"|{_DIGITS}|(?P<key>[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*)"
)


@dataclass(frozen=True)
class Condition:
    """*left* compared with *right*; ``keys`` are those that it names."""

    text: str
    left: str
    comparison: str
    right: str
    names: Mapping[str, str]  # in the formulas -> the key
    quantities: Mapping[str, int]

    @property
    def keys(self) -> frozenset[str]:
        """The keys that it is about."""
        return frozenset(self.names.values())

    def holds(self, known: Callable[[str], Any]) -> bool:
        """Whether it holds where *known* gives the value of a key; raises ValueError for what is no number."""
        values = dict(self.quantities)
        for name, key in self.names.items():
            value = known(key)
            if isinstance(value, bool) or not isinstance(value, int | float | Fraction):
                raise ValueError(f"{key} is {value!r}, expected a number")
            values[name] = value  # type: ignore[assignment]  # a formula takes fractions as well
        return COMPARISONS[self.comparison](value_of(self.left, values), value_of(self.right, values))


def parse_condition(text: str) -> Condition:
    """The condition in *text*; raises ValueError with what was expected.

    >>> parse_condition("sram.capacity >= 2 * 1MiB").holds({"sram.capacity": 2**21}.get)
    True
    """
    parts = _SPLIT.split(text)
    if len(parts) != 3 or not parts[0].strip() or not parts[2].strip():
        raise ValueError(f"found {text!r}, expected one comparison such as 'simd.lanes <= mac_array.columns'")
    names: dict[str, str] = {}
    quantities: dict[str, int] = {}

    def replaced(found: re.Match[str]) -> str:
        if found["quantity"]:
            name = f"quantity{len(quantities)}"
            quantities[name] = parse_quantity(found["quantity"], UNITS, "2MiB")
        elif found["key"] is None or found["key"] in FUNCTIONS:
            return found[0]
        else:
            name = f"key{len(names)}"
            names[name] = found["key"]
        return name

    left, right = (_TOKEN.sub(replaced, side) for side in (parts[0], parts[2]))
    return Condition(text, left, parts[1], right, names, quantities)


def value_at(inputs: Inputs, key: str) -> Any:
    """What *inputs* have at a dotted *key*, or what follows from them: ``area_mm2``, ``parameters``.

    Raises ValueError where there is nothing.
    """
    derived = DERIVED.get(key)
    if derived is not None:
        return derived(inputs)
    first, *rest = key.split(".")
    spec = inputs.workload.spec
    if first in MachineSpec.model_fields:
        found: Any = getattr(inputs.machine, first)
    elif spec is not None and first in type(spec).model_fields:
        found = getattr(spec, first)
    else:
        raise ValueError(f"{key} is no key of workloads or machines")
    for part in rest:
        found = found.get(part) if isinstance(found, Mapping) else getattr(found, part, None)
    if isinstance(found, BaseModel) or found is None:
        raise ValueError(f"{key} has no value")
    return found


def _area_mm2(inputs: Inputs) -> float:
    node = inputs.machine.energy.node
    if node is None:
        raise ValueError("area_mm2 is not known: energy.node of the machine says nothing")
    return sum(levels.typical for levels in area(inputs.machine, node).values())


def _parameters(inputs: Inputs) -> int:
    return inputs.workload.parameters


DERIVED: Final[dict[str, Callable[[Inputs], float]]] = {"area_mm2": _area_mm2, "parameters": _parameters}
"""What is no key and is known before a run."""


def broken(conditions: Iterable[Condition], inputs: Inputs) -> Condition | None:
    """The first of *conditions* that *inputs* do not meet; None if they meet all."""
    return next((each for each in conditions if not each.holds(lambda key: value_at(inputs, key))), None)
