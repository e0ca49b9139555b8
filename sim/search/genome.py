"""A mapping as the search changes it: a few choices, and what may be chosen for each where the wishes leave it open."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from random import Random
from typing import NamedTuple

from hw.unit_names import COMPUTE_UNITS, ComputeUnit
from sim.lowering.costs import CostModel
from workloads.workload import Stack

TILES = (
    1, 2, 3, 4, 5, 6, 8, 10, 12, 16, 20, 24, 28, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384,
    448, 512, 768, 1024,
)  # timesteps  # fmt: skip
SLOTS_KIB = (8, 12, 16, 24, 32, 40, 48, 64, 80, 96, 128, 160, 192, 256)
LANES = (1, 2, 3, 4, 6, 8, 12, 16)
MOST_BLOCKS = 64
NEAR = (-2, -1, 1, 2)  # steps in a list of choices


class Genome(NamedTuple):
    """Timesteps of a tile, blocks and lanes of the cut, KiB of a weight slot, whether states are spilled, and units.

    ``units`` are those of the operations that two units can do, in the order of :attr:`Choices.free`.
    """

    steps: int
    blocks: int
    lanes: int
    slot_kib: int
    spill: bool
    units: tuple[ComputeUnit, ...]


class Choices:
    """What may be chosen for *stack* on the machine of *costs*."""

    def __init__(self, stack: Stack, costs: CostModel) -> None:
        wishes, analysis, steps = stack.wishes, costs.analysis, stack.steps
        self.size = analysis.graph.sizes[analysis.group_index] if analysis.group_index else 1
        wished = wishes.token_tile
        tiles = [min(steps, wished // analysis.graph.tokens)] if wished else [tile for tile in TILES if tile <= steps]
        self.tiles = tiles if wished or steps > TILES[-1] or steps in tiles else [*tiles, steps]
        divisors = [number for number in range(1, min(self.size, MOST_BLOCKS) + 1) if self.size % number == 0]
        self.blocks = [wishes.blocks] if wishes.blocks else divisors
        self.lanes = [wishes.lanes] if wishes.lanes else list(LANES)
        self.slots = [wishes.weight_slot_kib] if wishes.weight_slot_kib else list(SLOTS_KIB)
        self.spills = (False, True) if wishes.spill is None else (wishes.spill,)
        self.fixed: dict[str, ComputeUnit] = {}
        self.free: list[str] = []
        for name in analysis.operations:
            units = costs.units(name)
            if name in wishes.place:
                self.fixed[name] = wishes.place[name]
            elif len(units) == 1 or wishes.placement != "auto":
                self.fixed[name] = wishes.placement if wishes.placement in units else units[0]
            else:
                self.free.append(name)

    def cuts(self) -> Iterator[tuple[int, int]]:
        """Every cut (blocks, lanes) that divides the parallel parts of the recurrence."""
        return ((b, each) for b in self.blocks for each in self.lanes if self.size % (b * each) == 0)

    def placement(self, genome: Genome) -> dict[str, ComputeUnit]:
        """The unit of every operation."""
        return self.fixed | dict(zip(self.free, genome.units, strict=True))

    def mutated(self, genome: Genome, moves: int, random: Random) -> Genome:
        """*genome* after so many random moves."""
        for _ in range(moves):
            genome = self._moved(genome, random)
        return genome

    def _moved(self, genome: Genome, random: Random) -> Genome:
        draw = random.random()
        if draw < 0.12:
            return genome._replace(steps=random.choice(self.tiles))
        if draw < 0.22:
            return genome._replace(steps=near(self.tiles, genome.steps, random))
        if draw < 0.45:
            blocks, lanes = random.choice(list(self.cuts()))
            return genome._replace(blocks=blocks, lanes=lanes)
        if draw < 0.55:
            return genome._replace(slot_kib=random.choice(self.slots))
        if draw < 0.65:
            return genome._replace(slot_kib=near(self.slots, genome.slot_kib, random))
        if draw < 0.75 or not self.free:
            return genome._replace(spill=random.choice(self.spills))
        units = list(genome.units)
        for _ in range(random.choice((1, 1, 2, 2, 3))):
            number = random.randrange(len(units))
            units[number] = other(units[number])
        return genome._replace(units=tuple(units))


def near(choices: Sequence[int], value: int, random: Random) -> int:
    """One of *choices*, one or two places from that which is nearest to *value*."""
    at = min(range(len(choices)), key=lambda number: abs(choices[number] - value)) + random.choice(NEAR)
    return choices[max(0, min(len(choices) - 1, at))]


def other(unit: ComputeUnit) -> ComputeUnit:
    """The other one of the two compute units."""
    return COMPUTE_UNITS[1 - COMPUTE_UNITS.index(unit)]
