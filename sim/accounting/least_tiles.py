"""What projections and DRAM take at least with tiles of each length, whatever the cut and the slots of weights.

Projections cost what no way to cut the weights of a tile of tokens can better (``least_cycles`` of hw/gemm.py), edges
included. Weights come once a tile, or once a layer if all of a layer fit the SRAM; inputs, outputs, other parameters
and the state come and go once. The bus is taken at its peak between refreshes. A tile is no longer than what leaves
room for an operand that a projection needs whole.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from hw.integers import ceil_div
from sim.accounting.unit_classes import Classes
from sim.lowering.costs import CostModel
from workloads.workload import Stack

LONGEST_TILE = 2048  # timesteps; a longer one is taken to have no edges


Rows = tuple[tuple[float, ...], ...]
"""Cycles by class of units, inf for those that cannot, of each thing to do."""


class Tile(NamedTuple):
    """Cycles of a layer with tiles of one length: of arrays for projections, and of the DRAM's bus.

    Where one class of arrays does all projections, these are one thing to do.
    """

    projections: Rows
    dram: float


class LeastTiles:
    """Tiles of a layer of *stack* on the machine of *costs*, by its *classes* of units."""

    def __init__(self, stack: Stack, costs: CostModel, classes: Classes) -> None:
        self._stack, self._costs, self._machine, self._classes = stack, costs, costs.machine, classes
        self._analysis = costs.analysis
        self._batch = stack.spec.batch
        self._gemms = [costs.gemm(name, 1, 1) for name in self._analysis.batched]

    def best(self) -> Iterator[Tile]:
        """What no other length of tiles betters in both, of all that the SRAM has room for."""
        steps, longest = self._stack.steps, self._longest_tile()
        found = [self._tile(length) for length in range(1, min(longest, LONGEST_TILE) + 1)]
        if longest > LONGEST_TILE:
            found.append(Tile(self._at_full_rate(), self._dram(ceil_div(steps, longest))))
        kept: list[Tile] = []
        for tile in sorted(found):
            if not any(_no_worse(each, tile) for each in reversed(kept)):
                kept.append(tile)
                yield tile

    def _tile(self, length: int) -> Tile:
        whole, rest = divmod(self._stack.steps, length)
        last = self._rows(rest) if rest else None
        cycles = tuple(
            tuple(whole * each + (last[number][of] if last else 0.0) for of, each in enumerate(row))
            for number, row in enumerate(self._rows(length))
        )
        return Tile(cycles, self._dram(whole + bool(rest)))

    def _rows(self, timesteps: int) -> Rows:
        """Cycles for the projections of so many *timesteps* at once, however their weights are cut."""
        rows = timesteps * self._batch
        gemms = [gemm._replace(m=gemm.m * rows) for gemm in self._gemms]
        return self._by_class(lambda unit, number: self._costs.arrays[unit].least_cycles(gemms[number]))

    def projections(self, timesteps: int) -> float:
        """Cycles in which all arrays together do the projections of so many *timesteps* at once, at least."""
        return sum(map(min, self._rows(timesteps))) / max(1, len(self._classes.arrays))

    def _at_full_rate(self) -> Rows:
        times = self._stack.steps * self._batch
        rates = {unit: array.spec.macs_per_cycle for unit, array in self._costs.arrays.items()}
        return self._by_class(lambda unit, number: self._gemms[number].macs * times / rates[unit])

    def _by_class(self, cycles: Callable[[str, int], float]) -> Rows:
        """Rows of all projections, for which one array takes so many *cycles*: (array, number) -> cycles."""
        arrays, numbers = self._classes.arrays, range(len(self._gemms))
        units = {each: self._classes.all[each].unit for each in arrays}
        if len(arrays) == 1:
            return (self._classes.row({each: sum(cycles(units[each], n) for n in numbers) for each in arrays}),)
        return tuple(self._classes.row({each: cycles(units[each], n) for each in arrays}) for n in numbers)

    def _longest_tile(self) -> int:
        """Timesteps for which the SRAM could hold the largest operand that a projection needs whole."""
        analysis, index = self._analysis, self._analysis.group_index
        sizes = [
            analysis.graph.elements(reference.tensor)
            for name in analysis.batched
            for reference in analysis.operations[name].equation.references
            if reference.lag is not None and index not in analysis.graph.indices[reference.tensor]
        ]
        width = min(self._stack.element_bytes, self._stack.state_bytes)
        size_bytes = max(sizes, default=1) * self._batch * width
        return max(1, min(self._stack.steps, self._machine.sram.capacity // size_bytes))

    def _dram(self, tiles: int) -> float:
        """Cycles in which what a layer moves can cross the bus, with so many *tiles*."""
        stack, graph, width = self._stack, self._analysis.graph, self._stack.element_bytes
        weights = width * self._elements(self._analysis.batched)
        others = width * self._elements(
            [name for name in self._analysis.operations if name not in self._analysis.batched]
        )
        handed = width * (graph.elements(graph.input_tensor) + graph.elements(graph.output_tensor)) * self._batch
        state = stack.carried_bytes * self._batch * (2 if stack.resumes else 1)
        times = tiles if weights > self._machine.sram.capacity else 1
        return self._bus_cycles(weights * times + others + handed * stack.steps + state)

    def _elements(self, names: Sequence[str]) -> int:
        """Of the parameters that *names* read."""
        return sum(
            self._analysis.graph.elements(tensor)
            for tensor in dict.fromkeys(tensor for name in names for tensor in self._analysis.weights[name])
        )

    def _bus_cycles(self, size_bytes: int) -> float:
        """Cycles of so many bytes a layer, with its share of the refreshes, of which there is none at the beginning."""
        machine, layers = self._machine, self._stack.layers
        cycles = machine.dram_cycles(size_bytes * layers)
        if machine.dram.refreshed and "dram_refresh" not in machine.ideal and cycles:
            timing = machine.dram.grade
            slower = timing.refi / (timing.refi - timing.refresh_window)
            window = timing.refresh_window * timing.tck_fs * machine.clock / 1e15
            cycles = max(cycles, slower * (cycles - window))
        return cycles / layers


def _no_worse(one: Tile, other: Tile) -> bool:
    """Whether *one* takes no more than the *other*, wherever things are done."""
    if one.dram > other.dram:
        return False
    pairs = zip(one.projections, other.projections, strict=True)
    return all(mine <= its for both in pairs for mine, its in zip(*both, strict=True))
