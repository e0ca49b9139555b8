"""What a mapping is chosen for: least time, least energy, or the least product of the two (EDP).

All three are of a timestep of a layer. Energy is what a result has (hw/energy/model.py): its actions are known without
a run, and the rest grows with time in proportion; of mappings with nearly the same energy the faster ones are
preferred.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from math import inf, sqrt
from typing import Final, NamedTuple

from hw.energy.model import EnergyModel
from hw.machine import MachineSpec
from sim.search.space import Candidate
from sim.search.trials import Trials
from workloads.stack import Stack
from workloads.workload_spec import Objective as Name

IDLE: Final = 0.001  # of the energy: the most that waiting counts where energy alone is the objective


class _Line(NamedTuple):
    """Femtojoules that grow with time."""

    fixed: float
    per_cycle: float

    def at(self, cycles: float) -> float:
        """Those of so many *cycles*."""
        return self.fixed + (self.per_cycle * cycles if self.per_cycle else 0.0)  # cycles may be infinite


class Objective(ABC):
    """A number for each candidate, the less the better."""

    def __init__(self, stack: Stack, machine: MachineSpec, trials: Trials) -> None:
        self._model, self._level = EnergyModel(machine), machine.energy.level
        self._stack, self._trials = stack, trials
        self._lines: dict[int, _Line] = {}  # by candidate, of which each is one object

    @abstractmethod
    def of(self, candidate: Candidate, cycles: float) -> float:
        """The number of a candidate that takes *cycles* for a timestep of a layer."""

    def least(self, candidate: Candidate) -> float:
        """What it is at least."""
        return self.of(candidate, candidate.bound)

    @abstractmethod
    def most_cycles(self, candidate: Candidate, best: float) -> float:
        """With how many cycles the candidate is as good as the *best*."""

    def energy(self, candidate: Candidate) -> _Line:
        """The energy of a timestep of a layer of *candidate*."""
        if id(candidate) not in self._lines:
            actions, steps = self._trials.actions(candidate), self._stack.steps * self._stack.all_layers
            least, twice = (
                self._model.energy(actions, self._stack.operations, cycles * steps).total.at(self._level) / steps
                for cycles in (candidate.bound, 2 * candidate.bound)
            )
            self._lines[id(candidate)] = _Line(2 * least - twice, (twice - least) / candidate.bound)
        return self._lines[id(candidate)]


class Time(Objective):
    """Cycles."""

    def of(self, candidate: Candidate, cycles: float) -> float:
        return cycles

    def most_cycles(self, candidate: Candidate, best: float) -> float:
        return best


class Energy(Objective):
    """Femtojoules, and up to a thousandth more for time in which the busiest unit waits."""

    def of(self, candidate: Candidate, cycles: float) -> float:
        return self.energy(candidate).at(cycles) * (1 + IDLE * (1 - candidate.bound / cycles))

    def most_cycles(self, candidate: Candidate, best: float) -> float:
        return inf


class EnergyDelay(Objective):
    """Femtojoules times cycles."""

    def of(self, candidate: Candidate, cycles: float) -> float:
        return self.energy(candidate).at(cycles) * cycles

    def most_cycles(self, candidate: Candidate, best: float) -> float:
        fixed, per_cycle = self.energy(candidate)
        if best == inf or not (fixed or per_cycle):
            return inf
        return 2 * best / (fixed + sqrt(fixed**2 + 4 * per_cycle * best))


OBJECTIVES: Final[dict[Name, type[Objective]]] = {"time": Time, "energy": Energy, "edp": EnergyDelay}
