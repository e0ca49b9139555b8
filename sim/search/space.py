"""What can be tried: the mappings that a workload's wishes leave open and that fit the machine's SRAM."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import inf

from hw.quantities import format_bytes
from hw.unit_names import COMPUTE_UNITS, ComputeUnit
from sim.execution.estimate import ITEM_BYTES, PROCESS_BYTES, Estimate
from sim.files.errors import MappingError, did_you_mean
from sim.files.limits import LIMITS, Limits
from sim.lowering.buffers import LEAST_WEIGHT_SLOTS, SPILL_SLOTS, Inventory, allot
from sim.lowering.costs import CostModel
from sim.lowering.fusion import cut_into_streams, weight_bytes
from sim.lowering.mapping import Mapping
from sim.lowering.placement import choose_placement, least_stepped_elements, stepped_operations
from sim.search.bound import busy_cycles_per_step
from workloads.workload import Placement, Stack

KIB = 1024
LONGEST_POWER = 9  # tiles of up to 512 timesteps, unless a run is not much longer
CUTS = (
    (2, 2),
    (2, 1),
    (4, 2),
    (4, 1),
    (8, 1),
    (8, 2),
    (1, 2),
    (1, 1),
    (16, 1),
    (32, 1),
)  # (blocks, lanes), usually best first
OTHER_CUTS = 6  # of them are tried for the best mappings
SLOTS_KIB = (128, 64, 32)
SIZES: list[tuple[str, ...]] = [
    ("dimensions",),
    ("batch",),
    ("chunk",),
    ("formulation",),
    ("precision",),
    ("state_precision",),
    ("mapping",),
    ("sram",),
]  # entries that say how much has to be in SRAM, and how much there is


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
    def requests(self) -> float:
        """Requests a timestep and layer; a tile of weights is loaded and used."""
        drafts = self.inventory.drafts
        return sum(d.layout.items * (2 if d.is_projection else 1) for d in drafts) / self.mapping.tile_steps


class Space:
    """The mappings that the wishes of a *stack* leave open; raises MappingError for wishes that cannot be met."""

    def __init__(self, stack: Stack, costs: CostModel, limits: Limits = LIMITS) -> None:
        self._stack = stack
        self._costs = costs
        self._limits = limits
        self._too_long: Estimate | None = None  # of a mapping with too many items for the memory that there may be
        self._chunk = stack.graph.tokens
        self._least: tuple[int, int] | None = None  # (bytes, timesteps) of the smallest mapping that did not fit
        self._too_many: dict[object, int] = {}  # the smallest tile with which a mapping did not fit
        self._wishes = stack.wishes
        analysis = costs.analysis
        self._projected = {
            w for n in analysis.operations if analysis.kind(n) == "projection" for w in analysis.weights[n]
        }
        self._stepped_by_groups: dict[int, frozenset[str]] = {}
        self._slots = [self._wishes.weight_slot_kib] if self._wishes.weight_slot_kib else list(SLOTS_KIB)
        self._spills = (False, True) if self._wishes.spill is None else (self._wishes.spill,)
        self._check_functions()
        self._check_places()
        self._cuts = self._allowed_cuts()
        self._tiles = self._possible_tiles()

    def _check_functions(self) -> None:
        simd, missing = self._costs.machine.simd, dict[str, None]()
        undone = [name for name in self._costs.analysis.operations if not self._costs.units(name)]
        for name in undone:
            missing |= dict.fromkeys(self._costs.missing(name, simd))
        if undone:
            message = f"has no figure for {', '.join(missing)}; needed by {', '.join(undone[:3])}"
            message += " and others" if undone[3:] else ""
            raise MappingError(([("simd", "cycles")], message))

    def _check_places(self) -> None:
        operations, misfits = self._costs.analysis.operations, []
        for name, unit in self._wishes.place.items():
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

    def _allowed_cuts(self) -> list[tuple[int, int]]:
        wishes, analysis = self._wishes, self._costs.analysis
        size = analysis.graph.sizes[analysis.group_index] if analysis.group_index else 1
        wanted = {(wishes.blocks or blocks, wishes.lanes or lanes): None for blocks, lanes in CUTS}
        cuts = [(blocks, lanes) for blocks, lanes in wanted if size % (blocks * lanes) == 0]
        if not cuts:
            keys = [("mapping", key) for key in ("blocks", "lanes") if getattr(wishes, key)]
            message = f"blocks x lanes must divide the {size} parallel parts of the recurrence"
            raise MappingError((keys, message))
        return cuts

    def _possible_tiles(self) -> list[int]:
        """Tiles in timesteps."""
        steps, wish, chunk = self._stack.steps, self._wishes.token_tile, self._chunk
        if wish:
            if wish % chunk:
                message = f"found {wish}, expected a multiple of the chunk of {chunk} tokens"
                raise MappingError(([("mapping", "token_tile"), ("chunk",), ("formulation",)], message))
            return [min(wish // chunk, steps)]
        powers = [2**k for k in range(LONGEST_POWER + 1) if 2**k < steps]
        return powers if steps > 2 ** (LONGEST_POWER + 1) else [*powers, steps]

    def first(self) -> list[Candidate]:
        """For each tile size and placement the first cut and weight slot that fit, the lowest bound first.

        Raises MappingError if nothing fits.
        """
        found: list[Candidate] = []
        for steps in self._tiles:
            fitting = [c for p in self._placements(steps, self._cuts[0]) for c in self._first_cut(steps, p)]
            if found and not fitting:
                break  # a larger tile needs more room
            found += fitting
        if not found:
            raise MappingError(self._too_large())
        return sorted(found, key=lambda candidate: (candidate.bound, -candidate.mapping.token_tile))

    def _first_cut(self, steps: int, placement: dict[str, ComputeUnit]) -> list[Candidate]:
        """The first cut that fits, with the largest weight slots that fit; empty if none does."""
        for slots in self._slots_for(steps):
            tried = ((cut, slot, spill) for spill in self._spills for cut in self._cuts for slot in slots)
            for cut, slot, spill in tried:
                candidate = self.candidate(steps, cut, placement, slot, spill)
                if candidate is not None:
                    return [candidate]
        return []

    def _slots_for(self, steps: int) -> list[list[int]]:
        """Sizes of weight slots for a tile, in groups: the next group is tried only if no cut fits with this one.

        A tile that leaves room for the smallest slots only has no room for buffers either. So these are the last
        resort, for a tile of one timestep.
        """
        *larger, smallest = self._slots
        if not larger:
            return [[smallest]]
        return [larger, [smallest]] if steps == 1 else [larger]

    def variations(self, mapping: Mapping) -> Iterator[Candidate]:
        """Other weight slots, then other cuts, for the tile size and placement of *mapping*."""
        cut, slot = (mapping.blocks, mapping.lanes), mapping.weight_slot_bytes // KIB
        options = [(cut, other) for other in self._slots]
        sizes = dict.fromkeys((slot, *self._slots[1:2]))
        options += [(other, size) for size in sizes for other in self._cuts[:OTHER_CUTS]]
        for option, size in options:
            candidate = self.candidate(mapping.tile_steps, option, dict(mapping.placement), size, mapping.spill)
            if candidate is not None:
                yield candidate

    def _placements(self, steps: int, cut: tuple[int, int]) -> Iterator[dict[str, ComputeUnit]]:
        wish = self._wishes.placement
        options: list[Placement] = ["auto", *COMPUTE_UNITS] if wish == "auto" else [wish]
        seen: list[dict[str, ComputeUnit]] = []
        for option in options:
            shape = steps, self._stack.spec.batch, cut[0] * cut[1]
            placement = choose_placement(self._costs, self._stepped(cut), shape, option, self._wishes.place)
            if placement not in seen:
                seen.append(placement)
                yield placement

    def _stepped(self, cut: tuple[int, int]) -> frozenset[str]:
        groups, known = cut[0] * cut[1], self._stepped_by_groups
        if groups not in known:
            least = least_stepped_elements(self._costs.machine, self._stack.spec.batch)
            known[groups] = stepped_operations(self._costs.analysis, groups, least)
        return known[groups]

    def candidate(
        self, steps: int, cut: tuple[int, int], placement: dict[str, ComputeUnit], slot_kib: int, spill: bool
    ) -> Candidate | None:
        """The mapping with a tile of so many *steps*; None if it does not fit, or *spill* changes nothing."""
        costs, capacity = self._costs, self._costs.machine.sram.capacity
        key = cut, tuple(placement.items()), slot_kib, spill
        if steps >= self._too_many.get(key, inf) or (spill and cut[0] <= SPILL_SLOTS):
            return None
        mapping = Mapping(
            token_tile=steps * self._chunk,
            chunk=self._chunk,
            batch=self._stack.spec.batch,
            blocks=cut[0],
            lanes=cut[1],
            stepped=self._stepped(cut),
            placement=placement,
            weight_slot_bytes=slot_kib * KIB,
            spill=spill,
        )
        if not self._may_have(self._least_items(mapping)):
            return None
        contents = costs.once(("contents", *key[:2], spill), lambda: stored(self._stack, costs, mapping))
        if spill and not contents.spilled:
            return None
        rest, (largest, every) = contents.least_bytes(steps), weight_bytes(costs, mapping)
        slots = LEAST_WEIGHT_SLOTS * largest
        if rest + min(slots, every) <= capacity:
            drafts = cut_into_streams(costs, mapping)
            if not self._may_have(sum(draft.layout.items for draft in drafts)):
                return None
            inventory = contents.resized(mapping, drafts)
            allot(inventory, capacity)
            return Candidate(inventory, busy_cycles_per_step(self._stack, costs, inventory))
        # without its weights already too much: smaller slots will not do; the smallest tile is tried for the message
        hopeless = rest > capacity and steps > self._tiles[0]
        for slot in self._slots if hopeless else (slot_kib,):
            self._too_many[cut, key[1], slot, spill] = steps
        self._least = min(self._least or (rest + slots, steps), (rest + slots, steps))
        return None

    def _least_items(self, mapping: Mapping) -> int:
        """Items of a tile of *mapping* at the very least, found without making them."""
        weights = sum(self._costs.analysis.graph.elements(name) for name in self._projected)
        stepped = mapping.tile_steps * mapping.groups if mapping.stepped else 0
        return stepped + weights * self._costs.element_bytes // mapping.weight_slot_bytes

    def _may_have(self, items: int) -> bool:
        """Whether there is memory for the tables of so many *items*."""
        found = Estimate(items, 0.0, PROCESS_BYTES + items * ITEM_BYTES)
        if found.memory_bytes <= self._limits.memory_bytes:
            return True
        self._too_long = found
        return False

    def _too_large(self) -> tuple[list[tuple[str, ...]], str]:
        if self._too_long is not None:
            self._too_long.check(self._limits)
        if self._least is None:
            message = "found true, but no state is updated step by step in more than two blocks, so none can be spilled"
            return [("mapping", "spill")], message
        machine, tokens = self._costs.machine, self._least[1] * self._chunk
        message = (
            f"one layer needs {format_bytes(self._least[0])} of SRAM at the smallest tiling tried (a tile of "
            f"{tokens} tokens), machine {machine.name!r} has {format_bytes(machine.sram.capacity)}"
        )
        return SIZES, message


def stored(stack: Stack, costs: CostModel, mapping: Mapping) -> Inventory:
    """What *stack* keeps on chip with a *mapping*, with the least number of slots."""
    drafts = cut_into_streams(costs, mapping)
    return Inventory(costs.analysis, mapping, drafts, (stack.element_bytes, stack.state_bytes))
