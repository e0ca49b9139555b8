"""What projections and DRAM take at least with tiles of each length, whatever the cut and the slots of weights.

Projections cost what no way to cut the weights of a tile of tokens can better (``least_cycles`` of hw/gemm.py), edges
included. Weights come once a tile, or once a layer if all of a layer fit the SRAM; inputs, outputs, other parameters
and the state come and go once. The bus is taken at its peak between refreshes. A tile is no longer than what leaves
room for an operand that a projection needs whole.

Where tokens choose what is read for them, a tile of each length reads what its own tokens choose, or all that those of
the run choose between them, which alone may stay on chip.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from hw.integers import ceil_div
from sim.accounting.unit_classes import Classes
from sim.lowering.costs import CostModel
from sim.lowering.section import cost_model
from workloads.stack import Stack

LONGEST_TILE = 2048  # timesteps; a longer one is taken to have no edges


Rows = tuple[tuple[float, ...], ...]
"""Cycles by class of units, inf for those that cannot, of each thing to do."""


class Tile(NamedTuple):
    """Cycles of a layer with tiles of one length: of arrays for projections, and of the DRAM's bus.

    Where one class of arrays does all projections, these are one thing to do. In a ``conversion`` weights that no array
    takes are dequantised, all of them in each tile.
    """

    projections: Rows
    dram: float
    conversion: float = 0.0


class LeastTiles:
    """Tiles of a layer of *stack* on the machine of *costs*, by its *classes* of units."""

    def __init__(self, stack: Stack, costs: CostModel, classes: Classes) -> None:
        self._stack, self._costs, self._machine, self._classes = stack, costs, costs.machine, classes
        self._analysis = costs.analysis
        self._batch = stack.spec.batch
        self._conversion = self._conversion_cycles()

    def best(self) -> Iterator[Tile]:
        """What no other length of tiles betters in both, of all that the SRAM has room for."""
        longest = self._longest_tile()
        found = [self._tile(length, longest) for length in self._lengths(longest)]
        if self._stack.chooses:
            found += self._read_anew(longest)
        kept: list[Tile] = []
        for tile in sorted(found):
            if not any(_no_worse(each, tile) for each in reversed(kept)):
                kept.append(tile)
                yield tile

    def at_full_rate(self) -> Tile:
        """What no tile betters: projections at the arrays' full rate, weights as seldom as there is room for.

        Known at once, where :meth:`best` looks at every length.
        """
        return self._with_tiles(self._at_full_rate(), self._fewest)

    def least_bytes(self) -> int:
        """What a layer moves over DRAM at least."""
        return self._bytes(self._fewest)

    @property
    def _fewest(self) -> int:
        """Tiles of a layer; each may read less where its tokens choose."""
        return 1 if self._stack.chooses else ceil_div(self._stack.steps, self._longest_tile())

    def _lengths(self, longest: int) -> range:
        """Those that are looked at; one more than LONGEST_TILE stands for all that are longer."""
        return range(1, min(longest, LONGEST_TILE + 1) + 1)

    def _read_anew(self, longest: int) -> Iterator[Tile]:
        """Tiles whose tokens choose less than all of the run do, which is read anew for each tile."""
        for length in self._lengths(longest):
            stack = self._stack.in_tiles(length)
            if stack.graph.sizes == self._stack.graph.sizes:
                return
            yield LeastTiles(stack, cost_model(stack, self._machine), self._classes)._tile(length, longest)

    def _tile(self, length: int, longest: int) -> Tile:
        if length > LONGEST_TILE:
            return self._with_tiles(self._at_full_rate(), ceil_div(self._stack.steps, longest))
        whole, rest = divmod(self._stack.steps, length)
        last = self._rows(rest) if rest else None
        cycles = tuple(
            tuple(whole * each + (last[number][of] if last else 0.0) for of, each in enumerate(row))
            for number, row in enumerate(self._rows(length))
        )
        return self._with_tiles(cycles, whole + bool(rest))

    def _with_tiles(self, projections: Rows, tiles: int) -> Tile:
        """So many *tiles*, whose *projections* take so many cycles."""
        return Tile(projections, self._dram(tiles), tiles * self._conversion)

    def _rows(self, timesteps: int) -> Rows:
        """Cycles for the projections of so many *timesteps* at once, however their weights are cut."""
        rows = timesteps * self._batch

        def cycles(unit: str, number: int) -> float:
            gemm = self._costs.gemm(self._analysis.batched[number], unit, rows, 1)
            return self._costs.arrays[unit].least_cycles(gemm)

        return self._by_class(cycles)

    def projections(self, timesteps: int) -> float:
        """Cycles in which all arrays together do the projections of so many *timesteps* at once, at least."""
        return sum(map(min, self._rows(timesteps))) / max(1, len(self._classes.arrays))

    def _at_full_rate(self) -> Rows:
        times = self._stack.steps * self._batch
        rates = {unit: array.spec.macs_per_cycle for unit, array in self._costs.arrays.items()}

        def cycles(unit: str, number: int) -> float:
            name = self._analysis.batched[number]
            gemm = self._costs.gemm(name, unit, times, 1)
            rows = self._costs.whole_gemm(name, unit, 1).m * times * self._analysis.share(name)  # not rounded up
            return gemm.macs_in_words / rates[unit] * float(rows / gemm.m)

        return self._by_class(cycles)

    def _by_class(self, cycles: Callable[[str, int], float]) -> Rows:
        """Rows of all projections, for which one array takes so many *cycles*: (array, number) -> cycles."""
        arrays, numbers = self._classes.arrays, range(len(self._analysis.batched))
        units = {each: self._classes.all[each].unit for each in arrays}
        if len(arrays) == 1:
            return (self._classes.row({each: sum(cycles(units[each], n) for n in numbers) for each in arrays}),)
        return tuple(self._classes.row({each: cycles(units[each], n) for each in arrays}) for n in numbers)

    def _conversion_cycles(self) -> int:
        """Cycles at a unit's full rate in which all weights that no array takes are dequantised once."""
        costs = self._costs
        names = [n for n in self._analysis.batched if all(costs.types.dequantised(n, unit) for unit in costs.units(n))]
        read = {tensor for name in names for tensor in self._analysis.weights[name]}
        weights = sum(map(self._analysis.graph.elements, read))
        return costs.conversion_cost(weights).useful_cycles if weights else 0

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
        return self._bus_cycles(self._bytes(tiles))

    def _bytes(self, tiles: int) -> int:
        """What a layer moves, with so many *tiles*."""
        stack = self._stack
        weights = self._size_bytes(self._analysis.batched)
        others = self._size_bytes([name for name in self._analysis.operations if name not in self._analysis.batched])
        once, each = stack.handed_bytes
        state = stack.carried_bytes * self._batch * (stack.resumes + stack.keeps_state)
        come_again = self._conversion or stack.graph.anew or weights > self._machine.sram.capacity
        times = tiles if come_again else 1
        return weights * times + others + once + each * stack.steps + state

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


def _no_worse(one: Tile, other: Tile) -> bool:
    """Whether *one* takes no more than the *other*, wherever things are done."""
    if one.dram > other.dram or one.conversion > other.conversion:
        return False
    pairs = zip(one.projections, other.projections, strict=True)
    return all(mine <= its for both in pairs for mine, its in zip(*both, strict=True))
