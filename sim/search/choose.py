"""Chooses a mapping: candidates that fit, ordered by their resource bound, the best of them by short trial runs.

The resource bound of a candidate (its busiest unit's work for one token of one layer) costs next to nothing and tells
which candidates cannot win. What it cannot tell is how well the units overlap with the buffers that are left, so the
candidates that can still win are simulated for one layer and a few tiles. Of mappings within one percent the one
with the fewest requests is taken.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from math import inf

import numpy as np

from hw.machine import MachineSpec
from hw.quantities import format_bytes
from sim.execution.run import run_program
from sim.files.documents import Document
from sim.files.errors import InputError, Problem
from sim.lowering.analysis import Analysis
from sim.lowering.buffers import LEAST_WEIGHT_SLOTS, SPILL_SLOTS, Inventory, allot
from sim.lowering.costs import CostModel
from sim.lowering.fusion import cut_into_streams, weight_bytes
from sim.lowering.lowering import Lowering
from sim.lowering.mapping import Mapping
from sim.lowering.placement import choose_placement, stepped_operations
from sim.lowering.program import Program, UnitName
from workloads.workload import Placement, Workload

TRIAL_TOKENS = 160
ALIKE = 1.01
REFINED = 3  # mappings of which other cuts and slots are tried
FEWER = 0.9
KIB = 1024
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
SLOTS_KIB = (128, 64, 32)


@dataclass(frozen=True)
class Candidate:
    """A mapping that fits the SRAM, and its resource bound in cycles a timestep and layer."""

    mapping: Mapping
    inventory: Inventory
    bound: float

    @property
    def requests(self) -> float:
        """Requests a timestep and layer."""
        drafts = self.inventory.drafts
        return sum(d.layout.items * (2 if d.is_projection else 1) for d in drafts) / self.mapping.token_tile


@dataclass(frozen=True)
class Choice:
    """The chosen mapping, its program, what it keeps on chip, and how many candidates were simulated."""

    mapping: Mapping
    program: Program
    costs: CostModel
    inventory: Inventory
    trials: int

    @property
    def spilled(self) -> tuple[str, ...]:
        """The states that are in DRAM between tiles."""
        return tuple(self.inventory.spilled)


@dataclass(frozen=True)
class Section:
    """Part of a run with a program of its own: all layers, or the head. ``prefix`` begins its streams' names."""

    workload: Workload
    choice: Choice
    prefix: str = ""

    @property
    def program(self) -> Program:
        """What it executes."""
        return self.choice.program

    def kind(self, operation: str) -> str:
        """The class of *operation*, as its graph names it."""
        return self.choice.costs.analysis.operations[operation].kind

    def total(self, count: int) -> int:
        """*count* of a timestep of a layer, over the whole section; padding counts, since it is computed."""
        spec = self.workload.spec
        return count * self.workload.steps * spec.layers * spec.batch


def choose(workload: Workload, machine: MachineSpec, document: Document) -> Choice:
    """The best mapping of *workload* onto *machine*; wishes of the workload's ``mapping`` section are kept.

    First every tile size and placement that can still win is tried with the first cut that fits, then other weight
    slots and cuts for the best of them. Raises InputError, placed in *document*, if no tiling fits or a wish
    cannot be met.
    """
    costs = _cost_model(workload, machine)
    space = _Space(workload, costs, document)
    first = space.first()
    trials = _Trials(workload, machine, costs)
    for candidate in first if len(first) > 1 else ():
        trials.consider(candidate, REFINED)
    for mapping in trials.fastest(REFINED) or [first[0].mapping]:
        variations = list(space.variations(mapping))
        given = len(first) == 1 and all(candidate.mapping == mapping for candidate in variations)
        for candidate in () if given else variations:  # where nothing is left to choose, nothing is tried
            trials.consider(candidate)
    chosen = trials.best or first[0]
    program = Lowering(workload, machine, costs, chosen.mapping, chosen.inventory).build()
    return Choice(chosen.mapping, program, costs, chosen.inventory, trials.count)


def keep(choice: Choice, workload: Workload, machine: MachineSpec) -> Choice | None:
    """The same mapping of *workload* on another *machine*, with its own buffers; None if it does not fit or work there.

    If only what is ideal differs, cuts, buffers and requests stay as they are as well.
    """
    mapping, inventory = choice.mapping, choice.inventory
    costs = _cost_model(workload, machine)
    if machine.model_copy(update={"ideal": []}) != choice.costs.machine.model_copy(update={"ideal": []}):
        if any(unit not in costs.units(name) for name, unit in mapping.placement.items()):
            return None
        drafts = cut_into_streams(costs, mapping)
        inventory = Inventory(costs.analysis, mapping, drafts, (workload.element_bytes, workload.state_bytes))
        if not allot(inventory, machine.sram.capacity):
            return None
    program = Lowering(workload, machine, costs, mapping, inventory).build()
    return Choice(mapping, program, costs, inventory, choice.trials)


def _cost_model(workload: Workload, machine: MachineSpec) -> CostModel:
    elementwise = workload.spec.mapping.contractions == "elementwise"
    return CostModel(Analysis(workload.graph), machine, workload.element_bytes, elementwise)


class _Space:
    """The mappings that a workload's wishes leave open."""

    def __init__(self, workload: Workload, costs: CostModel, document: Document) -> None:
        self._workload = workload
        self._costs = costs
        self._document = document
        self._least: tuple[int, int] | None = None  # (bytes, tokens) of the smallest mapping that did not fit
        self._too_many: dict[object, int] = {}  # the smallest tile with which a mapping did not fit
        self._wishes = workload.spec.mapping
        self._stepped_by_groups: dict[int, frozenset[str]] = {}
        self._slots = [self._wishes.weight_slot_kib] if self._wishes.weight_slot_kib else list(SLOTS_KIB)
        self._spills = (False, True) if self._wishes.spill is None else (self._wishes.spill,)
        self._cuts = self._allowed_cuts()
        self._check_places()
        self._token_tiles = self._possible_tiles()

    def _check_places(self) -> None:
        """Raises InputError for every operation that cannot be placed as wished."""
        operations, problems = self._costs.analysis.operations, []
        for name, unit in self._wishes.place.items():
            path = ["mapping", "place", name]
            if name not in operations:
                message = f"unknown operation, expected one of {', '.join(operations)}"
                problems.append(self._document.problem(path, message))
            elif unit not in (units := self._costs.units(name)):
                message = f"found {unit!r}, but this machine does it on {' or '.join(units)} only"
                problems.append(self._document.problem(path, message))
        if problems:
            raise InputError(*problems)

    def _allowed_cuts(self) -> list[tuple[int, int]]:
        wishes, analysis = self._wishes, self._costs.analysis
        size = analysis.graph.sizes[analysis.group_index] if analysis.group_index else 1
        wanted = {(wishes.blocks or blocks, wishes.lanes or lanes): None for blocks, lanes in CUTS}
        cuts = [(blocks, lanes) for blocks, lanes in wanted if size % (blocks * lanes) == 0]
        if not cuts:
            key = "blocks" if wishes.blocks else "lanes"
            message = f"blocks x lanes must divide the {size} parallel parts of the recurrence"
            raise InputError(self._document.problem(["mapping", key], message))
        return cuts

    def _possible_tiles(self) -> list[int]:
        steps, wish, chunk = self._workload.steps, self._wishes.token_tile, self._workload.graph.tokens
        if wish:
            if wish % chunk:
                message = f"found {wish}, expected a multiple of the chunk of {chunk} tokens"
                raise InputError(self._document.problem(["mapping", "token_tile"], message))
            return [min(wish // chunk, steps)]
        powers = [2**k for k in range(10) if 2**k < steps]
        return powers if steps > 2**10 else [*powers, steps]

    def first(self) -> list[Candidate]:
        """For each tile size and placement the first cut and weight slot that fit, the lowest bound first."""
        found: list[Candidate] = []
        for tokens in self._token_tiles:
            fitting = [c for p in self._placements(tokens, self._cuts[0]) for c in self._first_cut(tokens, p)]
            if found and not fitting:
                break  # a larger tile needs more room
            found += fitting
        if not found:
            raise InputError(self._too_large())
        return sorted(found, key=lambda c: (c.bound, -c.mapping.token_tile))

    def _first_cut(self, tokens: int, placement: dict[str, UnitName]) -> list[Candidate]:
        """The first cut that fits, with the largest weight slots that fit; empty if none does.

        A tile that leaves room for the smallest slots only has no room for buffers either: it is the last resort.
        """
        for slots in (self._slots[:-1], self._slots[-1:]) if tokens == 1 else (self._slots[:-1] or self._slots,):
            tried = ((cut, slot, spill) for spill in self._spills for cut in self._cuts for slot in slots)
            for cut, slot, spill in tried:
                candidate = self._candidate(tokens, cut, placement, slot, spill)
                if candidate is not None:
                    return [candidate]
        return []

    def variations(self, mapping: Mapping) -> Iterator[Candidate]:
        """Other weight slots, then other cuts, for the tile size and placement of *mapping*."""
        cut, slot = (mapping.blocks, mapping.lanes), mapping.weight_slot_bytes // KIB
        options = [(cut, other) for other in self._slots]
        options += [(other, size) for size in dict.fromkeys((slot, *self._slots[1:2])) for other in self._cuts[:6]]
        for option, size in options:
            candidate = self._candidate(mapping.token_tile, option, dict(mapping.placement), size, mapping.spill)
            if candidate is not None:
                yield candidate

    def _placements(self, tokens: int, cut: tuple[int, int]) -> Iterator[dict[str, UnitName]]:
        wish = self._wishes.placement
        options: list[Placement] = ["auto", "mac_array", "simd"] if wish == "auto" else [wish]
        seen: list[dict[str, UnitName]] = []
        for option in options:
            shape = tokens, self._workload.spec.batch, cut[0] * cut[1]
            placement = choose_placement(self._costs, self._stepped(cut), shape, option, self._wishes.place)
            if placement not in seen:
                seen.append(placement)
                yield placement

    def _stepped(self, cut: tuple[int, int]) -> frozenset[str]:
        groups, known = cut[0] * cut[1], self._stepped_by_groups
        if groups not in known:
            simd = self._costs.machine.simd
            least = -(-simd.lanes * max(1, simd.pipeline_depth) // self._workload.spec.batch)
            known[groups] = stepped_operations(self._costs.analysis, groups, least)
        return known[groups]

    def _candidate(
        self, tokens: int, cut: tuple[int, int], placement: dict[str, UnitName], slot_kib: int, spill: bool
    ) -> Candidate | None:
        workload, costs = self._workload, self._costs
        key = cut, tuple(placement.items()), slot_kib, spill
        if tokens >= self._too_many.get(key, inf) or (spill and cut[0] <= SPILL_SLOTS):
            return None
        mapping = Mapping(tokens, workload.spec.batch, *cut, self._stepped(cut), placement, slot_kib * KIB, spill)
        contents = costs.once(("contents", *key[:2], spill), lambda: self._inventory(mapping))
        if spill and not contents.spilled:
            return None  # the same as without
        rest, (largest, every) = contents.least_bytes(tokens), weight_bytes(costs, mapping)
        slots = LEAST_WEIGHT_SLOTS * largest
        if rest + min(slots, every) <= costs.machine.sram.capacity:
            inventory = contents.resized(mapping, cut_into_streams(costs, mapping))
            allot(inventory, costs.machine.sram.capacity)
            return Candidate(mapping, inventory, _bound(workload, costs, inventory))
        # without its weights already too much: smaller slots will not do; the smallest tile is tried for the message
        hopeless = rest > costs.machine.sram.capacity and tokens > self._token_tiles[0]
        for slot in self._slots if hopeless else (slot_kib,):
            self._too_many[cut, key[1], slot, spill] = tokens
        self._least = min(self._least or (rest + slots, tokens), (rest + slots, tokens))
        return None

    def _inventory(self, mapping: Mapping) -> Inventory:
        drafts = cut_into_streams(self._costs, mapping)
        widths = self._workload.element_bytes, self._workload.state_bytes
        return Inventory(self._costs.analysis, mapping, drafts, widths)

    def _too_large(self) -> Problem:
        if self._least is None:
            message = "found true, but no state is updated step by step in more than two blocks, so none can be spilled"
            return self._document.problem(["mapping", "spill"], message)
        machine, tokens = self._costs.machine, self._least[1] * self._workload.graph.tokens
        message = (
            f"one layer needs {format_bytes(self._least[0])} of SRAM at the smallest tiling tried (a tile of "
            f"{tokens} tokens), machine {machine.name!r} has {format_bytes(machine.sram.capacity)}"
        )
        return self._document.problem(["dimensions"], message)


class _TooSlow(Exception):
    """A trial need not go on."""


class _Trials:
    """Short runs of candidates: one layer, a few tiles; the steady pace is what counts.

    A trial ends as soon as it is clear that its candidate cannot win.
    """

    def __init__(self, workload: Workload, machine: MachineSpec, costs: CostModel) -> None:
        self._workload = workload
        self._machine = machine
        self._costs = costs
        self._tried: list[tuple[float, Mapping]] = []  # with cycles a timestep
        self._fastest = inf  # cycles a timestep of the fastest so far
        self._requests = inf  # requests a timestep of the best so far
        self.best: Candidate | None = None

    @property
    def count(self) -> int:
        """Candidates simulated so far."""
        return len(self._tried)

    def fastest(self, count: int) -> list[Mapping]:
        """The fastest mappings so far, *count* at most."""
        return [mapping for _, mapping in sorted(self._tried, key=lambda tried: tried[0])[:count]]

    def consider(self, candidate: Candidate, places: int = 1) -> None:
        """Try *candidate* unless its bound and its number of requests show that it cannot win, or it has been tried.

        Its pace is found out if it is one of the best, or among the fastest *places*.
        """
        requests = candidate.requests
        slower = candidate.bound * ALIKE >= self._fastest and requests > FEWER * self._requests
        tried = any(candidate.mapping == mapping for _, mapping in self._tried)
        if slower or candidate.bound > self._fastest * ALIKE or tried:
            return
        pace = self._run(candidate, self._limit(places))
        self._tried.append((pace, candidate.mapping))
        if pace * ALIKE < self._fastest or (pace < self._fastest * ALIKE and requests < self._requests):
            self.best, self._requests = candidate, requests
        self._fastest = min(self._fastest, pace)

    def _limit(self, places: int) -> float:
        """The slowest pace that still matters: of one of the best, or among the fastest *places*."""
        if len(self._tried) < places:
            return inf
        return max(self._fastest * ALIKE, sorted(pace for pace, _ in self._tried)[places - 1])

    def _run(self, candidate: Candidate, limit: float) -> float:
        """Cycles a timestep once the pipeline is full; infinite if more than *limit*."""
        tile, chunk = candidate.mapping.token_tile, self._workload.graph.tokens
        steps = min(self._workload.steps, max(4, min(5, TRIAL_TOKENS // (tile * chunk))) * tile)
        spec = self._workload.spec.model_copy(update={"layers": 1, "sequence_length": steps * chunk})
        workload = replace(self._workload, spec=spec)
        program = Lowering(workload, self._machine, self._costs, candidate.mapping, candidate.inventory).build()
        ends: list[int] = []
        counted = program.tiles - 2  # neither the first, which fills the pipeline, nor the last

        def on_tile(_: int, cycle: int) -> None:
            ends.append(cycle)
            if 0 < len(ends) - 1 <= counted and cycle - ends[0] > limit * counted * tile:
                raise _TooSlow

        try:
            makespan = run_program(program, self._machine, stride="tile", on_tile=on_tile).makespan
        except _TooSlow:
            return inf
        return (ends[-2] - ends[0]) / counted / tile if counted > 0 else makespan / workload.steps


def _bound(workload: Workload, costs: CostModel, inventory: Inventory) -> float:
    """Cycles a timestep and layer of the busiest unit: MAC array, SIMD unit or DRAM."""
    mapping = inventory.mapping
    spilled = 2 * inventory.carried_bytes(spilled=True)
    loads = {"mac_array": 0, "simd": 0, "dma": spilled / costs.machine.dram_bytes_per_cycle}
    for draft in inventory.drafts:
        if draft.weights is not None:
            rows, counts = mapping.token_tile * mapping.batch, np.bincount(draft.weights.numbers).tolist()
            for shape, count in zip(draft.weights.shapes, counts, strict=True):
                loads["mac_array"] += costs.gemm_cost(shape._replace(m=shape.m * rows)).cycles * count
            tiles = -(-workload.steps // mapping.token_tile) if inventory.resident else 1
            loads["dma"] += draft.weights.total * costs.element_bytes / costs.machine.dram_bytes_per_cycle / tiles
        else:
            groups = (mapping.groups if draft.stepped else mapping.blocks) if draft.grouped else 1
            scale = mapping.batch * (1 if draft.stepped else mapping.token_tile)
            repeats = groups * (mapping.token_tile if draft.stepped else 1)
            loads[draft.unit] += costs.fused_cost(draft.operations, draft.unit, scale, groups).cycles * repeats
    return max(loads.values()) / mapping.token_tile
