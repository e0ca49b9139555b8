"""What projections and DRAM take at least with tiles of each length, whatever the cut and the slots of weights.

Projections cost what no way to cut the weights of a tile of tokens can better (``least_cycles`` of hw/gemm.py), edges
included. Weights come once a tile, or once a layer if all of a layer fit the SRAM; inputs, outputs, other parameters
and the state come and go once. The bus is taken at its peak between refreshes. A tile is no longer than what leaves
room for an operand that a projection needs whole.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import inf
from typing import NamedTuple

from hw.integers import ceil_div
from sim.lowering.costs import CostModel
from workloads.workload import Stack

LONGEST_TILE = 2048  # timesteps; a longer one is taken to have no edges


class Tile(NamedTuple):
    """Cycles of a layer with tiles of one length: of the array for projections, of the DRAM's bus, of lanes.

    Lanes dequantise weights that the array does not take, all of them in each tile.
    """

    projections: float
    dram: float
    lanes: float = 0.0


class LeastTiles:
    """Tiles of a layer of *stack* on the machine of *costs*."""

    def __init__(self, stack: Stack, costs: CostModel) -> None:
        self._stack, self._costs, self._machine = stack, costs, costs.machine
        self._analysis = costs.analysis
        self._batch = stack.spec.batch
        self._gemms = [costs.gemm(name, 1, 1) for name in self._analysis.batched]
        self._conversion = self._conversion_cycles()

    def best(self) -> Iterator[Tile]:
        """What no other length of tiles betters in both, of all that the SRAM has room for."""
        steps, longest = self._stack.steps, self._longest_tile()
        found = [self._tile(length) for length in range(1, min(longest, LONGEST_TILE) + 1)]
        if longest > LONGEST_TILE:
            found.append(self._with_tiles(self._at_full_rate(), ceil_div(steps, longest)))
        least = inf
        for tile in sorted(found):
            if tile.dram < least:
                least = tile.dram
                yield tile

    def _tile(self, length: int) -> Tile:
        whole, rest = divmod(self._stack.steps, length)
        sizes = [(whole, length), *([(1, rest)] if rest else [])]
        cycles = sum(count * self.projections(size) for count, size in sizes)
        return self._with_tiles(cycles, whole + bool(rest))

    def _with_tiles(self, projections: float, tiles: int) -> Tile:
        """So many *tiles*, whose *projections* take so many cycles."""
        return Tile(projections, self._dram(tiles), tiles * self._conversion)

    def projections(self, timesteps: int) -> float:
        """Cycles of the array for the projections of so many *timesteps* at once, however their weights are cut."""
        rows = timesteps * self._batch
        return sum(self._costs.least_gemm_cycles(gemm._replace(m=gemm.m * rows)) for gemm in self._gemms)

    def _at_full_rate(self) -> float:
        cycles = sum(gemm.macs_in_words for gemm in self._gemms)
        return cycles * self._stack.steps * self._batch / self._machine.mac_array.macs_per_cycle

    def _conversion_cycles(self) -> int:
        """Cycles at the lanes' full rate in which all weights that the array does not take are dequantised once."""
        names = [name for name in self._analysis.batched if self._costs.dequantised(name) is not None]
        read = {tensor for name in names for tensor in self._analysis.weights[name]}
        weights = sum(map(self._analysis.graph.elements, read))
        return self._costs.conversion_cost(weights).useful_cycles if weights else 0

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
        weights = self._size_bytes(self._analysis.batched)
        others = self._size_bytes([name for name in self._analysis.operations if name not in self._analysis.batched])
        handed = width * (graph.elements(graph.input_tensor) + graph.elements(graph.output_tensor)) * self._batch
        state = stack.carried_bytes * self._batch * (2 if stack.resumes else 1)
        times = tiles if self._conversion or weights > self._machine.sram.capacity else 1
        return self._bus_cycles(weights * times + others + handed * stack.steps + state)

    def _size_bytes(self, names: Sequence[str]) -> int:
        """Of the parameters that *names* read."""
        read = {tensor for name in names for tensor in self._analysis.weights[name]}
        return sum(map(self._stack.parameter_bytes, read))

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
