"""Compute units that are alike, as bounds see them: together they take a part of what one of them would."""

from __future__ import annotations

from functools import cached_property
from math import inf
from typing import NamedTuple

from hw.compute import ComputeSpec
from sim.lowering.costs import CostModel


class UnitClass(NamedTuple):
    """So ``many`` units like the ``unit`` of this name."""

    unit: str
    spec: ComputeSpec
    many: int


class Classes:
    """The classes of the units of *costs*, in the order of the machine."""

    def __init__(self, costs: CostModel) -> None:
        self._costs = costs
        alike = dict.fromkeys(map(costs.alike, costs.compute))
        self.all = [UnitClass(names[0], costs.compute[names[0]], len(names)) for names in alike]
        self._able: dict[str, list[int]] = {}

    def number(self, unit: str) -> int:
        """The number of the class that *unit* stands for; the first if it stands for none."""
        return next((number for number, each in enumerate(self.all) if each.unit == unit), 0)

    def able(self, name: str) -> list[int]:
        """The numbers of the classes that can do the operation *name*."""
        if name not in self._able:
            units = self._costs.units(name)
            self._able[name] = [number for number, each in enumerate(self.all) if each.unit in units]
        return self._able[name]

    @cached_property
    def arrays(self) -> list[int]:
        """The numbers of those that do matrix products."""
        return [number for number, each in enumerate(self.all) if each.spec.products]

    @property
    def are_two(self) -> bool:
        """Whether there are two, of which one does all matrix products."""
        return len(self.all) == 2 and len(self.arrays) == 1

    def row(self, cycles: dict[int, float]) -> tuple[float, ...]:
        """*cycles* of one unit of each class, by number, as what the class takes; inf for all others."""
        return tuple(cycles[n] / each.many if n in cycles else inf for n, each in enumerate(self.all))
