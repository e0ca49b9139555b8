"""A mapping as the search changes it: a few choices, and what may be chosen for each where the wishes leave it open."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from math import log
from random import Random
from typing import Final, NamedTuple, TypeVar

from hw.unit_names import ComputeUnit
from sim.files.errors import MappingError
from sim.lowering.costs import CostModel
from sim.lowering.placement import least_stepped_elements
from workloads.stack import Stack
from workloads.workload_spec import MappingSpec, SpareSram

T = TypeVar("T")
KIB: Final = 1024
TILES = (
    1, 2, 3, 4, 5, 6, 8, 10, 12, 16, 20, 24, 28, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384,
    448, 512, 768, 1024,
)  # timesteps  # fmt: skip
SLOTS_KIB = (8, 12, 16, 24, 32, 40, 48, 64, 80, 96, 128, 160, 192, 256)
LANES = (1, 2, 3, 4, 6, 8, 12, 16)
MOST_BLOCKS = 64
NEAR = (-2, -1, 1, 2)  # steps in a list of choices
SHARES = (2, 4)  # of the SRAM that may be left unused: a half, three quarters
OTHER_SHARING = 0.15  # of the moves to other units
STEP_PARTS = (1, 2, 4, 8)  # of a step that fills the lanes' pipeline
SPARE: tuple[SpareSram, ...] = ("evenly", "weights")


class Genome(NamedTuple):
    """Timesteps of a tile, blocks and lanes of the cut, KiB of a weight slot, whether states are spilled, and units.

    ``units`` are those of the operations that several units can do, in the order of :attr:`Choices.free`. The rest is
    as in a :class:`~sim.lowering.mapping.Mapping`; ``shared`` is its ``share_projections``.
    """

    steps: int
    blocks: int
    lanes: int
    slot_kib: int
    spill: bool
    units: tuple[ComputeUnit, ...]
    sram_bytes: int | None = None
    spare_sram: SpareSram = "evenly"
    head_first: bool = False
    steps_first: bool = False
    step_elements: int = 1
    shared: bool = False


class Choices:
    """What may be chosen for *stack* on the machine of *costs*; raises MappingError for a tile or cut that is none."""

    def __init__(self, stack: Stack, costs: CostModel) -> None:
        wishes, analysis, capacity = stack.wishes, costs.analysis, costs.machine.sram.capacity
        self.size = analysis.graph.sizes[analysis.group_index] if analysis.group_index else 1
        self._chunk, self._capacity = stack.graph.tokens, capacity
        self.tiles = _tiles(stack)
        divisors = [number for number in range(1, min(self.size, MOST_BLOCKS) + 1) if self.size % number == 0]
        self.blocks = [wishes.blocks] if wishes.blocks else divisors
        self.lanes = [wishes.lanes] if wishes.lanes else list(LANES)
        self.cuts = [(b, each) for b in self.blocks for each in self.lanes if self.size % (b * each) == 0]
        self.slots = [wishes.weight_slot_kib] if wishes.weight_slot_kib else list(SLOTS_KIB)
        self.spills = (False, True) if wishes.spill is None else (wishes.spill,)
        rooms = [None, *(capacity // share for share in SHARES)]
        wished = KIB * (wishes.sram_kib or 0)
        self.rooms = rooms if not wished else [wished] if wished < capacity else [None]
        self.spare = (wishes.spare_sram,) if wishes.spare_sram else SPARE
        self.heads = (False, True) if wishes.head_first is None else (wishes.head_first,)
        self.urgent_steps = (False, True) if wishes.steps_first is None else (wishes.steps_first,)
        if not costs.equal_arrays:  # then there is nothing to share, whatever is wished
            self.sharing: tuple[bool, ...] = (False,)
        else:
            self.sharing = (True, False) if wishes.share_projections is None else (wishes.share_projections,)
        usual = least_stepped_elements(costs.machine, stack.spec.batch)
        parts = dict.fromkeys(max(1, usual // part) for part in STEP_PARTS)
        self.step_elements = [wishes.step_elements] if wishes.step_elements else list(parts)
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
        self._units = [costs.units(name) for name in self.free]
        self._arrays = costs.arrays
        if not self.cuts:
            keys = [("mapping", key) for key in ("blocks", "lanes") if getattr(wishes, key)]
            message = f"blocks x lanes must divide the {self.size} parallel parts of the recurrence"
            raise MappingError((keys, message))

    @property
    def closed(self) -> bool:
        """Whether the wishes leave nothing to choose."""
        open_to = self.tiles, self.cuts, self.slots, self.spills, self.rooms, self.spare, self.step_elements
        orders = self.heads, self.urgent_steps, self.sharing
        return not self.free and all(len(each) == 1 for each in (*open_to, *orders))

    def genome(
        self, steps: int, cut: tuple[int, int], slot_kib: int, spill: bool, units: Sequence[ComputeUnit]
    ) -> Genome:
        """With the usual choice of everything else."""
        blocks, lanes = cut
        room, spare, least = self.rooms[0], self.spare[0], self.step_elements[0]
        head, urgent = self.heads[0], self.urgent_steps[0]
        shared = self.sharing[0]
        return Genome(steps, blocks, lanes, slot_kib, spill, tuple(units), room, spare, head, urgent, least, shared)

    def like(self, known: MappingSpec) -> Genome:
        """What is nearest to a *known* mapping of such a layer on any machine: as much of it as is open here."""
        cut, room = (known.blocks or 1, known.lanes or 1), KIB * (known.sram_kib or 0)
        usual = self.genome(
            _nearest(self.tiles, (known.token_tile or 1) // self._chunk),
            min(self.cuts, key=lambda each: (abs(log(each[0] / cut[0])), abs(log(each[1] / cut[1])))),
            _nearest(self.slots, known.weight_slot_kib or 1),
            _among(self.spills, known.spill),
            self.units_like(known.place),
        )
        return usual._replace(
            sram_bytes=room if len(self.rooms) > 1 and 0 < room < self._capacity else self.rooms[0],
            spare_sram=_among(self.spare, known.spare_sram),
            head_first=_among(self.heads, known.head_first),
            steps_first=_among(self.urgent_steps, known.steps_first),
            step_elements=_nearest(self.step_elements, known.step_elements or 1),
            shared=_among(self.sharing, known.share_projections),
        )

    def units_like(self, place: Mapping[str, ComputeUnit]) -> list[ComputeUnit]:
        """Units for what is free: those of *place*, from whatever machine, where they can do it here, else lanes."""
        lanes = [next((unit for unit in units if unit not in self._arrays), units[0]) for units in self._units]
        wished = zip(self.free, self._units, lanes, strict=True)
        return [place[name] if place.get(name) in units else other for name, units, other in wished]

    def placement(self, genome: Genome) -> dict[str, ComputeUnit]:
        """The unit of every operation."""
        return self.fixed | dict(zip(self.free, genome.units, strict=True))

    def variants(self, genome: Genome) -> Iterator[Genome]:
        """*genome* with other operations step by step, another use of the SRAM or of arrays, or of another urgency."""
        yield from (genome._replace(step_elements=least) for least in self.step_elements)
        yield from (genome._replace(head_first=head) for head in self.heads)
        yield from (genome._replace(steps_first=urgent) for urgent in self.urgent_steps)
        yield from (genome._replace(shared=shared) for shared in self.sharing)
        yield from (genome._replace(spare_sram=spare) for spare in self.spare)
        yield from (genome._replace(sram_bytes=room) for room in self.rooms)

    def moved_units(self, genome: Genome) -> Iterator[Genome]:
        """*genome* with one operation on another unit, for each of them."""
        for number, units in enumerate(self._units):
            for unit in units:
                if unit != genome.units[number]:
                    yield genome._replace(units=(*genome.units[:number], unit, *genome.units[number + 1 :]))

    def mutated(self, genome: Genome, moves: int, random: Random) -> Genome:
        """*genome* after so many random moves."""
        for _ in range(moves):
            genome = self._moved(genome, random)
        return genome

    def _moved(self, genome: Genome, random: Random) -> Genome:
        draw = random.random()
        return next(move(self, genome, random) for most, move in MOVES if draw < most)

    def with_other_units(self, genome: Genome, random: Random) -> Genome:
        """*genome* with other units for one to three operations."""
        units = list(genome.units)
        for _ in range(random.choice((1, 1, 2, 2, 3)) if units else 0):
            number = random.randrange(len(units))
            units[number] = random.choice([unit for unit in self._units[number] if unit != units[number]])
        return genome._replace(units=tuple(units))


def _tiles(stack: Stack) -> list[int]:
    """Tiles in timesteps; that of the whole run is among them, if it is not much longer.

    Where tokens choose what is read, those that choose as much as all tokens of the run.
    """
    steps, wish, chunk = stack.steps, stack.wishes.token_tile, stack.graph.tokens
    if wish:
        if wish % chunk:
            message = f"found {wish}, expected a multiple of the chunk of {chunk} tokens"
            raise MappingError(([("mapping", "token_tile"), ("chunk",), ("formulation",)], message))
        return [min(wish // chunk, steps)]
    tiles = [tile for tile in TILES if tile <= steps]
    tiles += [] if steps > TILES[-1] or steps in tiles else [steps]
    if stack.every is None:
        return tiles
    return [tile for tile in tiles if stack.in_tiles(tile).graph.sizes == stack.graph.sizes] or tiles


def _nearest(choices: Sequence[int], value: int) -> int:
    return min(choices, key=lambda each: abs(each - value))


def _among(choices: Sequence[T], value: object) -> T:
    """*value* if it is one of *choices*, else the first of them."""
    return next((each for each in choices if each == value), choices[0])


def near(choices: Sequence[int], value: int, random: Random) -> int:
    """One of *choices*, one or two places from that which is nearest to *value*."""
    at = choices.index(_nearest(choices, value)) + random.choice(NEAR)
    return choices[max(0, min(len(choices) - 1, at))]


def _other_units(choices: Choices, genome: Genome, random: Random) -> Genome:
    """Operations elsewhere; or, where there are equal arrays, now and then projections shared by them or no more."""
    if len(choices.sharing) > 1 and random.random() < OTHER_SHARING:
        return genome._replace(shared=not genome.shared)
    return choices.with_other_units(genome, random)


def _other_cut(choices: Choices, genome: Genome, random: Random) -> Genome:
    blocks, lanes = random.choice(choices.cuts)
    return genome._replace(blocks=blocks, lanes=lanes)


Move = Callable[[Choices, Genome, Random], Genome]
MOVES: Final[tuple[tuple[float, Move], ...]] = (
    (0.10, lambda choices, genome, random: genome._replace(steps=random.choice(choices.tiles))),
    (0.20, lambda choices, genome, random: genome._replace(steps=near(choices.tiles, genome.steps, random))),
    (0.40, _other_cut),
    (0.48, lambda choices, genome, random: genome._replace(slot_kib=random.choice(choices.slots))),
    (0.56, lambda choices, genome, random: genome._replace(slot_kib=near(choices.slots, genome.slot_kib, random))),
    (0.64, lambda choices, genome, random: genome._replace(spill=random.choice(choices.spills))),
    (0.67, lambda choices, genome, random: genome._replace(head_first=random.choice(choices.heads))),
    (0.70, lambda choices, genome, random: genome._replace(steps_first=random.choice(choices.urgent_steps))),
    (0.74, lambda choices, genome, random: genome._replace(spare_sram=random.choice(choices.spare))),
    (0.77, lambda choices, genome, random: genome._replace(sram_bytes=random.choice(choices.rooms))),
    (0.80, lambda choices, genome, random: genome._replace(step_elements=random.choice(choices.step_elements))),
    (1.00, _other_units),
)
"""What a random number below the first of a pair does to a genome."""
