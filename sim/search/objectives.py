"""What a mapping is chosen for: least time, least energy, or the least product of the two (EDP).

All three are of a timestep of a layer. Energy is that of operations, which no mapping changes, and of DRAM traffic,
which is known without a run; of mappings with nearly the same energy the faster ones are preferred.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from math import inf
from typing import Final

from hw.machine import MachineSpec
from sim.search.space import Candidate
from sim.search.trials import Trials
from workloads.workload import Objective as Name
from workloads.workload import Stack

IDLE: Final = 0.001  # of the energy: the most that waiting counts where energy alone is the objective


class Objective(ABC):
    """A number for each candidate, the less the better."""

    def __init__(self, stack: Stack, machine: MachineSpec, trials: Trials) -> None:
        self._energy, self._trials = machine.energy, trials
        self._operations = stack.graph.counts.ops * stack.spec.batch

    @abstractmethod
    def of(self, candidate: Candidate, cycles: float) -> float:
        """The number of a candidate that takes *cycles* for a timestep of a layer."""

    def least(self, candidate: Candidate) -> float:
        """What it is at least."""
        return self.of(candidate, candidate.bound)

    @abstractmethod
    def most_cycles(self, candidate: Candidate, best: float) -> float:
        """With how many cycles the candidate is as good as the *best*."""

    def _energy_fj(self, candidate: Candidate) -> float:
        return self._energy.total_fj(self._operations, self._trials.dram_bytes(candidate))


class Time(Objective):
    """Cycles."""

    def of(self, candidate: Candidate, cycles: float) -> float:
        return cycles

    def most_cycles(self, candidate: Candidate, best: float) -> float:
        return best


class Energy(Objective):
    """Femtojoules, and up to a thousandth more for time in which the busiest unit waits."""

    def of(self, candidate: Candidate, cycles: float) -> float:
        return self._energy_fj(candidate) * (1 + IDLE * (1 - candidate.bound / cycles))

    def most_cycles(self, candidate: Candidate, best: float) -> float:
        return inf


class EnergyDelay(Objective):
    """Femtojoules times cycles."""

    def of(self, candidate: Candidate, cycles: float) -> float:
        return self._energy_fj(candidate) * cycles

    def most_cycles(self, candidate: Candidate, best: float) -> float:
        return best / self._energy_fj(candidate)


OBJECTIVES: Final[dict[Name, type[Objective]]] = {"time": Time, "energy": Energy, "edp": EnergyDelay}
