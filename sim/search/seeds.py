"""Where the search begins: for cuts of every kind, the tiles and placements whose busiest unit has least to do.

And the same with each operation on the unit that is quickest for it, as far as none gets much more to do: then units
wait less for each other.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from itertools import accumulate, chain, product
from math import inf, log
from operator import mul
from typing import NamedTuple

from hw.unit_names import ComputeUnit
from sim.lowering.costs import CostModel
from sim.lowering.placement import choose_placement, stepped_operations
from sim.lowering.sharing import levelled
from sim.search.genome import Choices, Genome
from workloads.stack import Stack

Fits = Callable[[Genome], object]
"""Something for a genome that fits, None for another."""
CLASSES = (1, 2, 4, 8, 24, 48)  # blocks, of which the nearest that divide are taken
SEED_LANES = (1, 16)
SEED_TILES = (1, 2, 4, 8, 12, 16, 24, 28, 32, 48, 64, 96, 128, 256)
SEED_SLOTS = ((128, 96, 64, 48), (32, 24, 16, 8))  # KiB; of each the largest that fits
USUAL_TILE = 32
MOST_PATTERNS = 64  # ways to place contractions that are tried: all for six that two units can do
PATTERNS = 3  # placements of contractions that are kept for a cut
MISSES = 4  # placements for which a tile does not fit, until it counts as too long
WORSE = 1.04  # at most, as the busiest unit goes


class _Row(NamedTuple):
    """A tile and placement; the least comes first: the busiest unit's cycles by the permille, then the usual tile."""

    permille: int
    unusual: float
    all: float  # cycles a timestep of compute units
    busiest: float  # cycles a timestep
    steps: int
    units: tuple[ComputeUnit, ...]

    @classmethod
    def of(cls, steps: int, units: tuple[ComputeUnit, ...], loads: Sequence[float]) -> _Row:
        """With these *loads* of compute units, in cycles a timestep."""
        unusual = abs(log(steps / USUAL_TILE))
        return cls(_permille(max(loads)), unusual, round(sum(loads), 3), max(loads), steps, units)

    def beside(self, cycles: float) -> _Row:
        """The same where another unit has so many *cycles* of work a timestep."""
        busiest = max(self.busiest, cycles)
        return self._replace(permille=_permille(busiest), busiest=busiest)


def _permille(cycles: float) -> int:
    """Numbers that differ by one for cycles that differ by a permille."""
    return round(1000 * log(max(1.0, cycles)))


def seeds(stack: Stack, costs: CostModel, choices: Choices, fits: Fits) -> list[Genome]:
    """Genomes for which *fits* says that the SRAM has room."""
    return list(_sown(stack, costs, choices, fits, MISSES)) or list(_sown(stack, costs, choices, fits, inf))


def _sown(stack: Stack, costs: CostModel, choices: Choices, fits: Fits, misses: float) -> Iterator[Genome]:
    """A tile that does not fit for so many placements is taken to be too long for all of them."""
    possible = sorted({blocks for blocks, _ in choices.cuts})
    classes = {min(possible, key=lambda blocks: abs(log(blocks / each))) for each in CLASSES}
    for cut in choices.cuts:
        if cut[0] in classes and (cut[1] in SEED_LANES or len(choices.lanes) == 1):
            known: set[frozenset[str]] = set()
            for least in choices.step_elements:
                stepped = stepped_operations(costs.analysis, cut[0] * cut[1], least)
                if stepped not in known:
                    known.add(stepped)
                    usual = choices.genome(choices.tiles[0], cut, choices.slots[0], False, ())
                    loads = _Loads(stack, costs, choices, cut, stepped)
                    yield from _alike(loads, usual._replace(step_elements=least), choices, fits, misses)


def _alike(loads: _Loads, usual: Genome, choices: Choices, fits: Fits, misses: float) -> Iterator[Genome]:
    """Those with the cut and the stepped operations of *usual*."""
    known = list(loads.rows())
    groups = SEED_SLOTS if len(choices.slots) > 1 else [tuple(choices.slots)]
    for spill, slots in product(choices.spills, groups):
        patterns: set[object] = set()
        most = inf  # cycles of the busiest unit, once something fits
        missed, too_long = Counter[int](), inf  # by timesteps of a tile
        for row in sorted(row.beside(loads.dram_cycles(row.steps, spill)) for row in known):
            pattern = loads.pattern(row.units)
            if row.busiest > most or len(patterns) == PATTERNS:
                break
            if pattern in patterns or row.steps >= too_long:
                continue
            like = usual._replace(steps=row.steps, spill=spill, units=row.units)
            fitting = _fitting([like, like._replace(units=loads.quicker(like))], slots, fits)
            if fitting:
                patterns.add(pattern)
                most = min(most, WORSE * row.busiest)
                urgent_steps = choices.urgent_steps if row.steps > 1 else choices.urgent_steps[:1]
            for found in fitting:
                found = _longer(found, row, loads, choices, fits)
                if found.units == row.units:
                    yield from (found._replace(steps_first=urgent) for urgent in reversed(urgent_steps))
                else:
                    urgent = found._replace(steps_first=urgent_steps[-1])
                    yield from filter(fits, (urgent._replace(spare_sram=spare) for spare in reversed(choices.spare)))
            missed[row.steps] += not fitting
            if missed[row.steps] >= misses:
                too_long = row.steps


def _fitting(genomes: Sequence[Genome], slots: Sequence[int], fits: Fits) -> list[Genome]:
    """Of *genomes* that differ those that fit, each with the first of falling *slots* with which it does."""
    fitting = [each for each in dict.fromkeys(genomes) if fits(each._replace(slot_kib=slots[-1])) is not None]
    with_slots = ([each._replace(slot_kib=slot) for slot in slots] for each in fitting)
    return [next(each for each in several if fits(each) is not None) for several in with_slots]


def _longer(found: Genome, row: _Row, loads: _Loads, choices: Choices, fits: Fits) -> Genome:
    """Where DRAM is the busiest, the longest tile that fits below that of the next row, with slots as large as fit."""
    if row.busiest > loads.dram_cycles(row.steps, found.spill):
        return found
    most = next((tile for tile in SEED_TILES if tile > row.steps), 2 * row.steps)
    tiles = [tile for tile in choices.tiles if row.steps < tile < most]
    longer = [found._replace(steps=tile, slot_kib=slot) for tile in reversed(tiles) for slot in reversed(choices.slots)]
    return next(filter(fits, longer), found)


class _Loads:
    """What a cut's placements ask of the units, if so many operations are *stepped*."""

    def __init__(
        self, stack: Stack, costs: CostModel, choices: Choices, cut: tuple[int, int], stepped: frozenset[str]
    ) -> None:
        self._stack, self._costs, self._choices, self._stepped = stack, costs, choices, stepped
        self._groups = cut[0] * cut[1]
        self._known: dict[int, dict[str, dict[ComputeUnit, float]]] = {}
        contractions = [n for n, name in enumerate(choices.free) if costs.analysis.kind(name) == "contraction"]
        ways = accumulate((len(costs.units(choices.free[number])) for number in contractions), mul)
        self._contractions = [n for n, patterns in zip(contractions, ways, strict=True) if patterns <= MOST_PATTERNS]
        projections = [name for name in costs.analysis.operations if costs.analysis.kind(name) == "projection"]
        weights = dict.fromkeys(each for name in projections for each in costs.analysis.weights[name])
        self._shared = frozenset(projections) - stepped if choices.sharing[0] else frozenset()
        self._weight_bytes = costs.weights.size_bytes(sum(costs.analysis.graph.elements(name) for name in weights))

    def pattern(self, units: tuple[ComputeUnit, ...]) -> tuple[ComputeUnit, ...]:
        """The units of contractions alone."""
        return tuple(units[number] for number in self._contractions)

    def rows(self) -> Iterator[_Row]:
        """Every tile with the usual placements, in which the first contractions are placed in all ways."""
        tiles = self._choices.tiles
        for steps in [tile for tile in tiles if tile in SEED_TILES or len(tiles) == 1] or tiles[-1:]:
            cycles = self._each(steps)
            seen: set[tuple[ComputeUnit, ...]] = set()
            for units in self._placements(steps):
                if units not in seen:
                    seen.add(units)
                    yield self._row(steps, units, cycles)

    def _placements(self, steps: int) -> Iterator[tuple[ComputeUnit, ...]]:
        wishes, shape = self._stack.wishes, (steps, self._stack.spec.batch, self._groups)
        kinds = {type(spec): unit for unit, spec in reversed(self._costs.compute.items())}  # the first of each kind
        options = ("auto", *reversed(kinds.values())) if wishes.placement == "auto" else (wishes.placement,)
        free = self._choices.free
        ways = [self._costs.units(free[number]) for number in self._contractions]
        for option in options:
            placement = choose_placement(self._costs, self._stepped, shape, option, wishes.place)
            base = [placement[name] for name in free]
            for pattern in product(*ways):
                for number, unit in zip(self._contractions, pattern, strict=True):
                    base[number] = unit
                yield tuple(base)

    def _each(self, steps: int) -> dict[str, dict[ComputeUnit, float]]:
        """:meth:`_cycles` of every operation."""
        if steps not in self._known:
            self._known[steps] = {name: self._cycles(name, steps) for name in self._costs.analysis.operations}
        return self._known[steps]

    def _cycles(self, name: str, steps: int) -> dict[ComputeUnit, float]:
        """Cycles a timestep of *name* on each unit that can do it."""
        costs, batch = self._costs, self._stack.spec.batch
        repeats = self._groups if costs.analysis.grouped(name) else 1
        if name in self._stepped:
            return {unit: costs.busy_cycles(name, unit, batch, self._groups) * repeats for unit in costs.units(name)}
        if costs.analysis.final(name):
            return {unit: costs.busy_cycles(name, unit, batch, 1) / self._stack.steps for unit in costs.units(name)}
        return {unit: costs.busy_cycles(name, unit, steps * batch, 1) / steps for unit in costs.units(name)}

    def _row(self, steps: int, units: tuple[ComputeUnit, ...], cycles: dict[str, dict[ComputeUnit, float]]) -> _Row:
        return _Row.of(steps, units, list(self._loads(units, cycles).values()))

    def _loads(
        self, units: tuple[ComputeUnit, ...], cycles: dict[str, dict[ComputeUnit, float]]
    ) -> dict[ComputeUnit, float]:
        loads: dict[ComputeUnit, float] = dict.fromkeys(self._costs.compute, 0.0)
        shared: dict[tuple[ComputeUnit, ...], float] = {}
        for name, unit in chain(self._choices.fixed.items(), zip(self._choices.free, units, strict=True)):
            units_of = self._costs.sharing(name, unit) if name in self._shared else (unit,)
            if len(units_of) > 1:
                shared[units_of] = shared.get(units_of, 0.0) + cycles[name][unit]
            else:
                loads[unit] += cycles[name][unit]
        for units_of, work in shared.items():
            for unit, done in zip(units_of, levelled([loads[each] for each in units_of], work), strict=True):
                loads[unit] += done
        return loads

    def quicker(self, genome: Genome) -> tuple[ComputeUnit, ...]:
        """The units of *genome*, with operations on what is quickest for each, as far as none has much more to do."""
        cycles, units = self._each(genome.steps), list(genome.units)
        loads = self._loads(genome.units, cycles)
        most = WORSE * max(loads.values())
        each = [cycles[name] for name in self._choices.free]
        quickest = [min(options, key=options.__getitem__) for options in each]
        won = [options[here] - options[there] for options, here, there in zip(each, units, quickest, strict=True)]
        for number in sorted(range(len(units)), key=lambda number: -won[number]):
            here, there = units[number], quickest[number]
            if won[number] > 0 and loads[there] + each[number][there] <= most:
                loads[here] -= each[number][here]
                loads[there] += each[number][there]
                units[number] = there
        return tuple(units)

    def dram_cycles(self, steps: int, spill: bool) -> float:
        """Cycles a timestep in which weights, and states that are spilled, come and go once a tile of *steps*."""
        stack, costs = self._stack, self._costs
        states = 2 * stack.carried_bytes * stack.spec.batch * spill
        return costs.machine.dram_cycles(self._weight_bytes + states) / steps
