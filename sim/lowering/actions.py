"""What a mapped stack of layers does that takes energy, counted from its program: exact, and known without a run.

MACs and elementwise operations are those of the equations, on the unit that does them. SRAM bytes are what requests
move, buffer by buffer (sim/lowering/traffic.py): operands and parameters are read, results written, and matrix products
stream their operands in for every fold; and what transfers bring is written, what they take away read. An operand that
several elementwise operations of a request read once belongs to the class of the first.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from math import ceil

import numpy as np

from hw.energy.actions import DEQUANTISATION, MAC, Access, Actions, Operations
from hw.energy.rows import rows_opened
from hw.gemm import Moved, Widths
from hw.integers import apportion
from hw.requests import Gemm
from sim.lowering.buffers import Inventory
from sim.lowering.costs import CostModel
from sim.lowering.fusion import Draft
from sim.lowering.program import VARIANTS, Program, StreamPlan, Transfers
from sim.lowering.tiling import Tiling
from sim.lowering.traffic import operands_by_weights, parameter_bytes, touched, widths_by_weights
from sim.lowering.weight_tiles import tile_bytes
from workloads.stack import Stack


def counted(stack: Stack, costs: CostModel, inventory: Inventory, program: Program) -> Actions:
    """The actions of all layers of *stack*, by the mapping of *inventory*, of which *program* was made."""
    return _Count(stack, costs, inventory, program).actions


class _Count:
    """Counts one program."""

    def __init__(self, stack: Stack, costs: CostModel, inventory: Inventory, program: Program) -> None:
        self.actions = Actions()
        self._costs, self._inventory, self._program = costs, inventory, program
        self._analysis, self._mapping = costs.analysis, inventory.mapping
        self._tiling = Tiling(stack.steps, inventory.mapping.tile_steps)
        self._layers = stack.all_layers
        self._steps = stack.steps * stack.all_layers  # timesteps of all layers, each of all sequences
        works = [plan for plan in program.streams if not isinstance(plan.requests, Transfers)]
        for plan in works:
            self.actions.busy[plan.unit] += self._busy(plan)
            if plan.converts:
                self._count_conversion(plan)
        for draft in (stream for each in inventory.drafts for stream in each.streams):
            self._count_operations(draft)
            if draft.weights is None:
                self._count_fused(draft)
            else:
                self._count_projections(draft)
        for plan in program.streams:
            if isinstance(plan.requests, Transfers):
                self._count_transfers(plan, plan.requests)

    def _kind(self, name: str) -> str:
        return self._analysis.operations[name].kind

    def _times(self, draft: Draft) -> int:
        """How often *draft* is done in all layers: each timestep, or once in a layer."""
        return self._layers if draft.final else self._steps

    def _busy(self, plan: StreamPlan) -> int:
        """Cycles of the unit for all requests of *plan*."""
        return sum(n * cost.cycles for n, cost in zip(self._program.counts(plan), plan.costs, strict=True))

    def _count_operations(self, draft: Draft) -> None:
        for name in draft.operations:
            bits = self._bits(draft, name)
            for function, points in self._done(draft, name):
                done = Operations(draft.unit, function, bits, self._kind(name))
                self.actions.operations[done] += points * self._times(draft)

    def _bits(self, draft: Draft, name: str) -> int:
        """Bits of the widest element that *name* reads; of weights as they are when its array takes them."""
        if self._analysis.kind(name) == "projection":
            used = self._costs.types.dequantised(name, draft.unit)
            weights, activations = self._costs.types.multiplied(name)
            return max(weights if used is None else used.bits, activations)
        references = self._analysis.operations[name].equation.references
        own = self._costs.element_bytes
        widths = (own if each.lag is None else self._inventory.width(each.tensor) for each in references)
        return 8 * max(widths, default=own)

    def _count_conversion(self, plan: StreamPlan) -> None:
        """Weights that are dequantised: a multiplication each, read as they are stored and written as they are used."""
        home = self._inventory.home[plan.converts]
        weights, stored, made = self._inventory.drafts[home].weights, self._inventory.weights, self._inventory.converted
        assert weights is not None and weights.used is not None and stored is not None
        used, tiles = weights.used, self._program.tiles * self._program.times
        written = sum(tile_bytes(weights.shapes[number], used) for number in weights.numbers.tolist())
        done = Operations(plan.unit, "mul", used.bits, DEQUANTISATION)
        self.actions.operations[done] += int(weights.elements.sum()) * tiles
        self.actions.sram_bytes[Access(stored.buffer.name, False, DEQUANTISATION)] += weights.total * tiles
        self.actions.sram_bytes[Access(made[home].buffer.name, True, DEQUANTISATION)] += written * tiles

    def _done(self, draft: Draft, name: str) -> Iterator[tuple[str, int]]:
        """(function or MAC, how many) of *name* in a timestep of all sequences."""
        batch = self._mapping.batch
        scale = batch if draft.stepped or draft.final else batch * self._mapping.tile_steps
        if draft.weights is not None:
            yield MAC, draft.weights.macs(name) * batch
            return
        if self._costs.is_product(name, draft.unit, scale, draft.parts(self._mapping)):
            yield MAC, self._costs.gemm(name, draft.unit, batch, 1).macs
            return
        for step in self._costs.passes(name, batch, 1):
            yield step.function, step.points

    def _access(self, tensors: Iterable[str], write: bool, kind: str, size: float) -> None:
        """Count bytes of the buffers of *tensors*, which have equal shares, where they are in SRAM."""
        stored = [self._inventory.stored[tensor].buffer.name for tensor in tensors if tensor in self._inventory.stored]
        for buffer, share in apportion(ceil(size), dict.fromkeys(stored, 1)).items():
            self.actions.sram_bytes[Access(buffer, write, kind)] += share

    def _count_fused(self, draft: Draft) -> None:
        """What requests of fused operations move, for each number of timesteps that they cover."""
        groups, batch = draft.parts(self._mapping), self._mapping.batch
        parameters = self._inventory.parameters.get(self._inventory.home[draft.operations[0]])
        for steps, often in self._covered(draft).items():
            scale = steps * batch
            for tensor, size, write, name in touched(draft, self._inventory, self._costs, scale, groups):
                self._access([tensor], write, self._kind(name), size * often)
            if parameters is not None:
                read = Access(parameters.buffer.name, False, self._kind(draft.operations[0]))
                size = parameter_bytes(draft, self._inventory, self._costs, scale, groups)
                self.actions.sram_bytes[read] += size * often

    def _covered(self, draft: Draft) -> Counter[int]:
        """How many requests of *draft* cover so many timesteps."""
        if draft.final:
            return Counter({1: self._layers * draft.layout.items})
        covered = Counter[int]()
        for tile_steps, tiles in self._tiles():
            spans, which = draft.layout.spans(tile_steps)
            for steps, often in zip(spans, np.bincount(which).tolist(), strict=True):
                if steps > 0:
                    covered[steps] += often * tiles
        return covered

    def _tiles(self) -> list[tuple[int, int]]:
        """(timesteps, how many there are) of each variant of tiles."""
        both = zip(VARIANTS, self._program.variant_counts(), strict=True)
        return [(self._tiling.steps_in(variant), count) for variant, count in both if count]

    def _count_projections(self, draft: Draft) -> None:
        """What tiles of weights move: operands and partial sums in, results out."""
        assert draft.weights is not None and self._inventory.weights is not None
        tiles = [(steps * self._mapping.batch, count) for steps, count in self._tiles()]
        home, start = self._inventory.home[draft.operations[0]], 0
        weights = self._inventory.converted.get(home, self._inventory.weights).buffer.name
        for segment in draft.weights.segments:
            name, numbers = segment.part, draft.weights.numbers[start : start + segment.items].tolist()
            start += segment.items
            operands, result = (
                operands_by_weights(self._analysis, name),
                self._analysis.operations[name].equation.tensor,
            )
            widths = widths_by_weights(draft.weights, operands, self._inventory, self._costs)
            kind, total = self._kind(name), Moved(0, 0, 0, 0)
            for number in set(numbers):
                often = numbers.count(number)
                for rows, count in tiles:
                    one = self._moved(draft.unit, draft.weights.products(rows)[number], widths)
                    total = Moved(*(whole + often * count * part for whole, part in zip(total, one, strict=True)))
            self._access(operands, False, kind, total.left)
            self.actions.sram_bytes[Access(weights, False, kind)] += ceil(total.right)
            self._access([result], False, kind, total.partial)
            self._access([result], True, kind, total.result)

    def _moved(self, unit: str, gemm: Gemm, widths: tuple[Widths, ...]) -> Moved:
        """Bytes that one weight tile moves: its products, with operands of these *widths*, share its depth."""
        return self._costs.once(("moved", unit, gemm, widths), lambda: self._moved_by_all(unit, gemm, widths))

    def _moved_by_all(self, unit: str, gemm: Gemm, widths: tuple[Widths, ...]) -> Moved:
        array = self._costs.arrays[unit]
        each = [array.moved(gemm, width) for width in widths]
        return Moved(*(sum(parts) / len(each) for parts in zip(*each, strict=True)))

    def _count_transfers(self, plan: StreamPlan, moves: Transfers) -> None:
        """What crosses the DRAM interface, and what that writes to the SRAM or reads there."""
        assert plan.moves is not None
        kind, counts = plan.moves.kind, self._program.counts(plan)
        size = self._program.bytes_moved(plan)
        self.actions.dram_bytes[Access("", moves.write, kind)] += size
        sizes = {storage.buffer.name: storage.buffer.slot_bytes for storage in self._inventory.storages()}
        if plan.buffers:
            for buffer, share in apportion(size, {name: sizes[name] for name in plan.buffers}).items():
                self.actions.sram_bytes[Access(buffer, not moves.write, kind)] += share
        machine = self._costs.machine
        if machine.dram.timing is not None:
            organisation = machine.dram.grade.organisation
            opened = rows_opened(moves.addresses, moves.sizes, machine.dram.channels, organisation).tolist()
            self.actions.rows[kind] += sum(count * rows for count, rows in zip(counts, opened, strict=True))
