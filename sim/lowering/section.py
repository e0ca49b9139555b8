"""A part of a run with a program of its own: a stack of layers that are alike, laid onto a machine."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final, Literal

import numpy as np

from hw.integers import ceil_div
from hw.machine import MachineSpec
from sim.files.errors import MappingError
from sim.lowering.allotment import usable_bytes
from sim.lowering.analysis import Analysis
from sim.lowering.buffers import Inventory
from sim.lowering.costs import CostModel
from sim.lowering.lowering import lower
from sim.lowering.mapping import Mapping
from sim.lowering.order import Numbers
from sim.lowering.program import Program
from workloads.stack import Stack
from workloads.workload_spec import MappingSpec

Origin = Literal["given", "searched", "shipped"]


@dataclass(frozen=True)
class Choice:
    """Where a mapping comes from: the workload gives all of it, or a search found it, now or before the release.

    ``trials`` is how many candidates were simulated, and ``near`` are those that took up to 5 % longer than the best,
    with their time as a multiple of the chosen one's, the best first; the chosen one is not among them.
    """

    origin: Origin = "given"
    trials: int = 0
    near: tuple[tuple[float, Mapping], ...] = ()


GIVEN: Final = Choice()


@dataclass(frozen=True)
class Section:
    """A *stack* as it is laid onto a machine: by which mapping, what that keeps on chip, and the program to be run.

    ``first_layer`` is the place of its first layer in the model; ``choice`` says where the mapping comes from.
    """

    stack: Stack
    mapping: Mapping
    costs: CostModel
    inventory: Inventory
    program: Program
    first_layer: int = 0
    choice: Choice = GIVEN

    @classmethod
    def lowered(
        cls, stack: Stack, machine: MachineSpec, costs: CostModel, inventory: Inventory, choice: Choice = GIVEN
    ) -> Section:
        """*stack* on *machine*, by the mapping of *inventory*, whose buffers have their places."""
        program = lower(stack, machine, costs, inventory)
        return cls(stack, inventory.mapping, costs, inventory, program, choice=choice)

    def layer_of(self, number: int) -> int:
        """The layer of the model to which that layer of all its runs belongs; parts of one layer are all of it."""
        run, own = divmod(number, self.program.layers)
        places = self.stack.places or (0,)
        return places[run % len(places)] - places[0] + self.first_layer + (0 if self.stack.part else own)

    def layers_shown(self, numbers: Numbers) -> Numbers:
        """The layers of the model as which the first run of its program shows the layers with these *numbers*."""
        return np.full_like(numbers, self.first_layer) if self.stack.part else self.first_layer + numbers

    @property
    def analysis(self) -> Analysis:
        """Facts about the graph of its layers."""
        return self.costs.analysis

    @property
    def layers_of_model(self) -> int:
        """How many layers of the model its runs begin for one token, with as many layers as its program has."""
        first = self.stack.model_layers and not self.stack.answers.start  # not again for later tokens of an answer
        return self.program.layers * len(self.stack.places or (0,)) if first else 0

    @property
    def prefix(self) -> str:
        """What the names of its streams begin with in results and traces."""
        part = "head." if self.stack.head else f"{self.stack.part}." if self.stack.part else ""
        return f"answer.{part}" if self.stack.answers.start else part

    def kind(self, operation: str) -> str:
        """The class of *operation*, as its graph names it."""
        return self.analysis.operations[operation].kind

    @property
    def parallel(self) -> str | None:
        """The index along which its layers are cut, if that is not the first that there is."""
        return None if self.analysis.group_index in self.analysis.parallel_indices[:1] else self.analysis.group_index

    @property
    def as_wishes(self) -> MappingSpec:
        """The mapping as a workload would wish for it, with nothing left to choose."""
        mapping, costs = self.mapping, self.costs
        return MappingSpec(
            place={name: unit for name, unit in mapping.placement.items() if len(costs.units(name)) > 1},
            contractions=self.stack.wishes.contractions,
            token_tile=mapping.token_tile,
            parallel=self.parallel,
            blocks=mapping.blocks,
            lanes=mapping.lanes,
            weight_slot_kib=mapping.weight_slot_bytes // 1024,
            spill=mapping.spill,
            sram_kib=ceil_div(usable_bytes(mapping, costs.machine.sram.capacity), 1024),
            spare_sram=mapping.spare_sram,
            head_first=mapping.head_first,
            steps_first=mapping.steps_first,
            step_elements=mapping.step_elements,
            share_projections=mapping.share_projections if costs.equal_arrays else None,
        )

    def with_program(self, program: Program) -> Section:
        """The same with another *program*, of fewer layers or tiles."""
        return replace(self, program=program)


def cost_model(stack: Stack, machine: MachineSpec) -> CostModel:
    """What the operations of *stack* cost on *machine*; raises MappingError if it cannot be cut as it wishes."""
    elementwise = stack.wishes.contractions == "elementwise"
    longest = stack.steps * stack.spec.batch
    try:
        analysis = Analysis(stack.graph, stack.wishes.parallel)
    except ValueError as error:
        raise MappingError(([("mapping", "parallel")], str(error))) from None
    return CostModel(
        analysis, machine, stack.element_bytes, elementwise, longest, stack.state_bytes,
        stack.weights, stack.accumulator_bytes,
    )  # fmt: skip
