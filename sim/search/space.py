"""What can be tried: the mappings that a workload's wishes leave open and that fit the machine's SRAM."""

from __future__ import annotations

from dataclasses import dataclass
from math import inf

from hw.quantities import format_bytes
from hw.unit_names import ComputeUnit
from sim.execution.estimate import ITEM_BYTES, PROCESS_BYTES, Estimate
from sim.files.errors import MappingError, did_you_mean
from sim.files.limits import LIMITS, Limits
from sim.lowering.allotment import allot, least_weight_bytes, usable_bytes
from sim.lowering.buffers import SPILL_SLOTS, Inventory
from sim.lowering.costs import CostModel
from sim.lowering.fusion import cut_into_streams, projections
from sim.lowering.mapping import Mapping
from sim.lowering.placement import stepped_operations
from sim.search.bound import busy_cycles_per_step
from sim.search.genome import KIB, Choices, Genome
from workloads.stack import Stack

SIZES: list[tuple[str, ...]] = [
    ("dimensions",),
    ("equations", "sizes"),
    ("batch",),
    ("chunk",),
    ("formulation",),
    ("precision",),
    ("state_precision",),
    ("mapping",),
    ("sram",),
]  # entries that say how much has to be in SRAM, and how much there is


class TooLargeError(MappingError):
    """Whatever is tried, a layer takes more SRAM than there is."""


@dataclass(frozen=True)
class Candidate:
    """A mapping that fits the SRAM; its busiest unit works ``bound`` cycles for a timestep of a layer."""

    inventory: Inventory
    bound: float

    @property
    def mapping(self) -> Mapping:
        """The mapping."""
        return self.inventory.mapping

    @property
    def cut(self) -> tuple[object, ...]:
        """What goes step by step, the units, tiles of weights, slots: what is the same for some choices that differ."""
        buffers = [storage.buffer for storage in self.inventory.storages()]
        slots = tuple((buffer.slot_bytes, buffer.slots) for buffer in buffers)
        placed = tuple(self.mapping.placement.values())
        streams = (stream for draft in self.inventory.drafts for stream in draft.streams)
        tiles = [stream.weights.cut for stream in streams if stream.weights is not None]
        return self.mapping.stepped, placed, slots, *tiles

    @property
    def requests(self) -> float:
        """Requests a timestep and layer; a tile of weights is loaded and used, or dequantised between the two."""
        drafts, converted = self.inventory.drafts, self.inventory.converted
        each = ((d.layout.items, 1 + d.is_projection + (number in converted)) for number, d in enumerate(drafts))
        return sum(items * requests for items, requests in each) / self.mapping.tile_steps


class Space:
    """The mappings that the wishes of a *stack* leave open; raises MappingError for wishes that cannot be met."""

    def __init__(self, stack: Stack, costs: CostModel, limits: Limits = LIMITS) -> None:
        self._stack = stack
        self._costs = costs
        self._limits = limits
        self._check_types()
        self._check_functions()
        self._check_places()
        self.choices = Choices(stack, costs)
        analysis = costs.analysis
        self._projected = {weight for name in analysis.projections for weight in analysis.weights[name]}
        self._stepped: dict[tuple[int, int], frozenset[str]] = {}
        self._known: dict[Genome, Candidate | None] = {}
        self._too_long: Estimate | None = None  # of a mapping with too many items for the memory that there may be
        self._least: tuple[int, int] | None = None  # (bytes, timesteps) of the smallest mapping that did not fit
        self._too_many: dict[object, int] = {}  # the smallest tile with which a mapping did not fit

    def _check_functions(self) -> None:
        costs = self._costs
        undone = [name for name in costs.analysis.operations if not costs.units(name)]
        if not undone:
            return
        first = next((unit for unit in costs.compute if unit not in costs.arrays), next(iter(costs.compute)))
        products = [name for name in undone if costs.analysis.kind(name) == "projection"]
        missing = dict.fromkeys(each for name in undone if name not in products for each in costs.missing(name, first))
        wanting = [f"no figure for {', '.join(missing)}"] if missing else []
        wanting += ["no unit for matrix products"] if products else []
        message = f"has {' and '.join(wanting)}; needed by {', '.join(undone[:3])}"
        message += " and others" if undone[3:] else ""
        raise MappingError((self._cycles_keys() if missing else [self._keys_of(first)], message))

    def _keys_of(self, unit: str) -> tuple[str, ...]:
        """Where the machine's file describes *unit*."""
        return tuple(self._costs.machine.key(unit).split("."))

    def _cycles_keys(self) -> list[tuple[str, ...]]:
        """Where a figure for a function would stand: in the table of the first unit that has one."""
        costs = self._costs
        lanes = [(*self._keys_of(unit), "cycles") for unit in costs.compute if unit not in costs.arrays]
        return lanes[:1] or [self._keys_of(next(iter(costs.compute)))]

    def _check_types(self) -> None:
        costs, machine = self._costs, self._costs.machine
        for name, kind in costs.types.untaken().items():
            arrays = machine.arrays.values()
            taken = ", ".join(dict.fromkeys(each for array in arrays for each in (*(array.types or ()), *array.rates)))
            whose = "the MAC array does not take" if len(arrays) == 1 else "no MAC array takes"
            message = f"{name} multiplies {kind}, which {whose}, expected one of {taken}"
            raise MappingError(
                ([("precision",), (*machine.key(next(iter(machine.arrays))).split("."), "types")], message)
            )
        pairs = ((name, unit) for name in costs.analysis.projections for unit in costs.units(name))
        if not costs.converter and any(costs.types.dequantised(*pair) for pair in pairs):
            raise MappingError((self._cycles_keys(), "has no figure for mul; needed to dequantise weights"))

    def _check_places(self) -> None:
        operations = self._costs.analysis.operations
        misfits: list[tuple[list[tuple[str, ...]], str]] = []
        wish, names = self._stack.wishes.placement, ("auto", *self._costs.compute)
        if wish not in names:
            message = f"found {wish!r}, expected {', '.join(names[:-1])} or {names[-1]}{did_you_mean(wish, names)}"
            misfits.append(([("mapping", "placement")], message))
        for name, unit in self._stack.wishes.place.items():
            if name not in operations:
                known = f", expected one of {', '.join(operations)}"
                message = f"unknown operation{did_you_mean(name, operations) or known}"
            elif unit not in (units := self._costs.units(name)):
                message = f"found {unit!r}, but this machine does it on {' or '.join(units)} only"
            else:
                continue
            misfits.append(([("mapping", "place", name)], message))
        if misfits:
            raise MappingError(*misfits)

    def _stepped_operations(self, groups: int, least_elements: int) -> frozenset[str]:
        key = groups, least_elements
        if key not in self._stepped:
            self._stepped[key] = stepped_operations(self._costs.analysis, groups, least_elements)
        return self._stepped[key]

    def candidate(self, genome: Genome) -> Candidate | None:
        """The mapping of *genome*; None if it does not fit, or what it wants of spilling or room changes nothing."""
        if genome not in self._known:
            self._known[genome] = self._candidate(genome)
        return self._known[genome]

    def mapping(self, genome: Genome) -> Mapping:
        """What *genome* stands for, whether it fits or not."""
        chunk = self._stack.graph.tokens
        stepped = self._stepped_operations(genome.blocks * genome.lanes, genome.step_elements)
        return Mapping(
            token_tile=genome.steps * chunk,
            chunk=chunk,
            batch=self._stack.spec.batch,
            blocks=genome.blocks,
            lanes=genome.lanes,
            stepped=stepped,
            placement=self._placement(genome, stepped),
            weight_slot_bytes=genome.slot_kib * KIB,
            spill=genome.spill,
            sram_bytes=genome.sram_bytes,
            spare_sram=genome.spare_sram,
            head_first=genome.head_first,
            steps_first=genome.steps_first,
            step_elements=genome.step_elements,
            share_projections=genome.shared,
        )

    def _placement(self, genome: Genome, stepped: frozenset[str]) -> dict[str, ComputeUnit]:
        """The unit of every operation; of equal arrays that share a projection the first stands for all."""
        placement, choices, analysis = self.choices.placement(genome), self.choices, self._costs.analysis
        if genome.shared:
            batched = (name for name in choices.free if analysis.kind(name) == "projection" and name not in stepped)
            placement |= {name: self._costs.sharing(name, placement[name])[0] for name in batched}
        return placement

    def genome(self, mapping: Mapping) -> Genome:
        """What stands for *mapping*, found on another machine: operations that only one unit can do here go there."""
        units = tuple(self.choices.units_like(mapping.placement))
        return Genome(
            mapping.tile_steps,
            mapping.blocks,
            mapping.lanes,
            mapping.weight_slot_bytes // KIB,
            mapping.spill,
            units,
            mapping.sram_bytes,
            mapping.spare_sram,
            mapping.head_first,
            mapping.steps_first,
            mapping.step_elements,
            mapping.share_projections and self._costs.equal_arrays,
        )

    def _candidate(self, genome: Genome) -> Candidate | None:
        costs, steps = self._costs, genome.steps
        key = genome._replace(steps=0, spare_sram="evenly", head_first=False, steps_first=False)
        if steps >= self._too_many.get(key, inf) or (genome.spill and genome.blocks <= SPILL_SLOTS):
            return None
        mapping = self.mapping(genome)
        if not self._may_have(self._least_items(mapping)):
            return None
        placed = tuple(mapping.placement.values()), genome.shared
        contents_key = "contents", genome.blocks, genome.lanes, placed, genome.spill, mapping.stepped
        contents = costs.once(contents_key, lambda: stored(self._stack, costs, mapping))
        if genome.spill and not contents.spilled:
            return None
        capacity = usable_bytes(mapping, costs.machine.sram.capacity)
        rest = contents.least_bytes(steps)
        slots, every = least_weight_bytes([bundle.weights for bundle in projections(costs, mapping)])
        if rest + min(slots, every) <= capacity:
            drafts = cut_into_streams(costs, mapping)
            if not self._may_have(sum(draft.layout.items for draft in drafts)):
                return None
            inventory = contents.resized(mapping, drafts)
            allot(inventory, costs.machine.sram.capacity)
            return Candidate(inventory, busy_cycles_per_step(self._stack, costs, inventory))
        self._too_many[key] = steps
        if genome.sram_bytes is None or len(self.choices.rooms) == 1:
            self._least = min(self._least or (rest + slots, steps), (rest + slots, steps))
        return None

    def _least_items(self, mapping: Mapping) -> int:
        """Items of a tile of *mapping* at the very least, found without making them."""
        weights = sum(self._costs.analysis.graph.elements(name) for name in self._projected)
        stepped = mapping.tile_steps * mapping.groups if mapping.stepped else 0
        return stepped + weights * self._costs.weights.bits // 8 // mapping.weight_slot_bytes

    def _may_have(self, items: int) -> bool:
        """Whether there is memory for the tables of so many *items*."""
        found = Estimate(items, 0.0, PROCESS_BYTES + items * ITEM_BYTES)
        if found.memory_bytes <= self._limits.memory_bytes:
            return True
        self._too_long = found
        return False

    def too_large(self) -> MappingError:
        """What to say where nothing fits."""
        return TooLargeError(self._too_large())

    def _too_large(self) -> tuple[list[tuple[str, ...]], str]:
        if self._too_long is not None:
            self._too_long.check(self._limits)
        if self._least is None:
            message = "found true, but no state is updated step by step in more than two blocks, so none can be spilled"
            return [("mapping", "spill")], message
        machine, tokens = self._costs.machine, self._least[1] * self._stack.graph.tokens
        message = (
            f"one layer needs {format_bytes(self._least[0])} of SRAM at the smallest tiling tried (a tile of "
            f"{tokens} tokens), machine {machine.name!r} has {format_bytes(machine.sram.capacity)}"
        )
        return SIZES, message


def stored(stack: Stack, costs: CostModel, mapping: Mapping) -> Inventory:
    """What *stack* keeps on chip with a *mapping*, with the least number of slots."""
    drafts = cut_into_streams(costs, mapping)
    return Inventory(costs.analysis, mapping, drafts, (stack.element_bytes, stack.state_bytes), stack.weights)
