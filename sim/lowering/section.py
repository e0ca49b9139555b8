"""A part of a run with a program of its own: a stack of layers that are alike, laid onto a machine."""

from __future__ import annotations

from dataclasses import dataclass, replace

from hw.machine import MachineSpec
from sim.lowering.analysis import Analysis
from sim.lowering.buffers import Inventory
from sim.lowering.costs import CostModel
from sim.lowering.lowering import lower
from sim.lowering.mapping import Mapping
from sim.lowering.program import Program
from workloads.workload import Stack


@dataclass(frozen=True)
class Section:
    """A *stack* as it is laid onto a machine: by which mapping, what that keeps on chip, and the program to be run.

    ``first_layer`` is the place of its first layer in the model; ``trials`` is how many candidates were simulated.
    """

    stack: Stack
    mapping: Mapping
    costs: CostModel
    inventory: Inventory
    program: Program
    first_layer: int = 0
    trials: int = 0

    @classmethod
    def lowered(
        cls, stack: Stack, machine: MachineSpec, costs: CostModel, inventory: Inventory, trials: int = 0
    ) -> Section:
        """*stack* on *machine*, by the mapping of *inventory*, whose buffers have their places."""
        program = lower(stack, machine, costs, inventory)
        return cls(stack, inventory.mapping, costs, inventory, program, trials=trials)

    @property
    def analysis(self) -> Analysis:
        """Facts about the graph of its layers."""
        return self.costs.analysis

    @property
    def prefix(self) -> str:
        """What the names of its streams begin with in results and traces."""
        return "head." if self.stack.head else ""

    def kind(self, operation: str) -> str:
        """The class of *operation*, as its graph names it."""
        return self.analysis.operations[operation].kind

    def with_program(self, program: Program) -> Section:
        """The same with another *program*, of fewer layers or tiles."""
        return replace(self, program=program)


def cost_model(stack: Stack, machine: MachineSpec) -> CostModel:
    """What the operations of *stack* cost on *machine*."""
    elementwise = stack.wishes.contractions == "elementwise"
    longest = stack.steps * stack.spec.batch
    return CostModel(Analysis(stack.graph), machine, stack.element_bytes, elementwise, longest)
