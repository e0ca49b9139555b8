"""Chooses the mapping of each stack of layers, and keeps one on another machine."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import repeat
from math import inf
from typing import NamedTuple

from hw.machine import MachineSpec
from sim.files.errors import MappingError, did_you_mean
from sim.files.limits import LIMITS, Limits
from sim.lowering.allotment import allot
from sim.lowering.buffers import Inventory
from sim.lowering.costs import CostModel
from sim.lowering.mapping import Mapping
from sim.lowering.section import GIVEN, Choice, Section, cost_model
from sim.search.bound import busy_cycles_per_step
from sim.search.chosen_tiles import best_tiles
from sim.search.key_blocks import best_cuts
from sim.search.search import DEFAULT_SEARCH, MappingSearch, Tried
from sim.search.shipped import shipped_mapping
from sim.search.space import Space, TooLargeError, stored
from workloads.stack import Stack
from workloads.workload import Workload

NEAR = 1.05  # times the best, for what is remembered of a search


def choose(stack: Stack, machine: MachineSpec, limits: Limits = LIMITS, offered: Sequence[Mapping] = ()) -> Section:
    """*stack* by its best mapping onto *machine*; its wishes are kept.

    A search begins with mappings that are *offered*, say the best of a machine that is nearly the same. Unless the
    *limits* ask for a search, the mapping is the shipped one, if there is one. Raises MappingError if no tiling fits or
    a wish cannot be met, InputError if the trials would take more than the *limits*, or the run more cycles than can be
    counted.
    """
    shipped = None if limits.search else shipped_mapping(stack, machine)
    if shipped is not None:
        section = searched(shipped.on(stack), machine, limits)
        cut = stack.cut_along(shipped.wishes.parallel)
        return replace(section, stack=cut, choice=Choice("shipped", shipped.trials))
    return searched(stack, machine, limits, offered)


def searched(
    stack: Stack, machine: MachineSpec, limits: Limits = LIMITS, offered: Sequence[Mapping] = (), near: float = 0.0
) -> Section:
    """*stack* by the best mapping that a search finds, even where one is shipped; see :func:`choose`.

    What can be no more than a share *near* slower than the best is tried as well.
    """
    found = _searched(stack, machine, limits, offered, near)
    inventory = found.tried[0].candidate.inventory
    return Section.lowered(found.stack, machine, found.costs, inventory, _choice(found.tried, found.trials))


class _Found(NamedTuple):
    """What a search has tried for a *stack*, the best first, in so many ``trials``; ``value`` is the best's."""

    stack: Stack
    costs: CostModel
    tried: list[Tried]
    trials: int
    value: float


def _searched(
    stack: Stack, machine: MachineSpec, limits: Limits, offered: Sequence[Mapping] = (), near: float = 0.0
) -> _Found:
    """Search for *stack*, cut along the first of its parallel indices; where that is coarse the others are tried too.

    So they are where nothing fits.
    """
    analysis = cost_model(stack, machine).analysis
    others = () if stack.wishes.parallel else analysis.parallel_indices[1:]
    found: list[_Found] = []
    too_large: list[TooLargeError] = []
    for index in (stack.wishes.parallel, *others):
        try:
            found.append(_searched_along(stack.cut_along(index), machine, limits, offered, near))
        except TooLargeError as error:
            too_large.append(error)
        if found and not (analysis.coarse and found[0].value < inf):
            break
    if not found:
        raise too_large[0]
    best = min(found, key=lambda each: each.value)
    return best._replace(trials=sum(each.trials for each in found))


def _searched_along(
    stack: Stack, machine: MachineSpec, limits: Limits, offered: Sequence[Mapping], near: float
) -> _Found:
    costs = cost_model(stack, machine)
    space = Space(stack, costs, limits)
    search = MappingSearch(stack, machine, costs, space, limits.search or DEFAULT_SEARCH, near)
    tried = search.run(limits, list(map(space.genome, offered)))
    return _Found(stack, costs, tried, search.trials.count, search.value(tried[0]))


def _choice(found: Sequence[Tried], trials: int) -> Choice:
    if not trials:
        return GIVEN
    best = found[0].cycles
    near = tuple((each.cycles / best, each.candidate.mapping) for each in found[1:] if each.cycles <= NEAR * best < inf)
    return Choice("searched", trials, near)


def sections(
    workload: Workload, machine: MachineSpec, limits: Limits = LIMITS, offered: Sequence[Sequence[Mapping]] = ()
) -> tuple[Section, ...]:
    """All stacks of *workload* on *machine* in their order; what is alike is chosen once, see :func:`choose`.

    Where the best chunk is to be found that is the one whose search promises most, and so it is for the tiles and
    blocks of attention, and for tiles whose tokens choose experts. Mappings may be *offered* to each stack.
    """
    return laid(best_cut(workload, machine, limits), machine, limits, offered)


def best_cut(workload: Workload, machine: MachineSpec, limits: Limits = LIMITS) -> Workload:
    """*workload* with chunks, tiles that choose experts, and tiles and blocks of attention that promise most.

    Raises MappingError for a wish that is about no part of it.
    """
    _check_wishes(workload)
    return best_cuts(best_tiles(best_chunk(workload, machine, limits), machine, limits), machine, limits)


def _check_wishes(workload: Workload) -> None:
    """Raise MappingError for operations that no part of several has, and tiles of attention where there is none."""
    wishes, misfits = workload.spec.mapping, list[tuple[list[tuple[str, ...]], str]]()
    if not workload.cuts:
        given = [key for key in ("query_tile", "key_block", "key_parts") if getattr(wishes, key) is not None]
        misfits += [([("mapping", key)], "is about attention, and there is none") for key in given]
    known = dict.fromkeys(name for stack in workload.body for name in stack.graph.reads)
    if any(stack.part for stack in workload.body):
        for name in wishes.place.keys() - known.keys():
            hint = did_you_mean(name, known) or f", expected one of {', '.join(known)}"
            misfits.append(([("mapping", "place", name)], f"unknown operation{hint}"))
    if misfits:
        raise MappingError(*sorted(misfits))


def laid(
    workload: Workload, machine: MachineSpec, limits: Limits = LIMITS, offered: Sequence[Sequence[Mapping]] = ()
) -> tuple[Section, ...]:
    """:func:`sections` of a *workload* whose chunks, tiles and blocks stay as they are."""
    of_graph: dict[int, Section] = {}
    found: dict[int, Section] = {}
    pairs = zip(workload.stacks, offered or repeat(()), strict=False)
    longest_first = sorted(enumerate(pairs), key=lambda each: -each[1][0].steps * (each[1][0].keys is not None))
    for number, (stack, to_stack) in longest_first:
        like = of_graph.get(id(stack.graph))
        section = choose(stack, machine, limits, to_stack) if like is None else _relowered(like, stack, machine)
        found[number] = of_graph[id(stack.graph)] = section
    layer, chosen = 0, list[Section]()
    for number, stack in enumerate(workload.stacks):
        chosen.append(replace(found[number], first_layer=stack.places[0] if stack.places else layer))
        layer += stack.layers
    return tuple(chosen)


def best_chunk(workload: Workload, machine: MachineSpec, limits: Limits = LIMITS) -> Workload:
    """*workload* with the chunk whose search promises most, where that is to be found."""
    if not workload.chunkings:
        return workload
    promised: list[tuple[float, int]] = []
    errors: list[MappingError] = []
    tiled: dict[int, Workload] = {}
    for number, each in enumerate(workload.chunkings):
        try:
            tiled[number] = best_tiles(each, machine, limits)
            promised.append((sum(_promise(stack, machine, limits) for stack in tiled[number].body), number))
        except MappingError as error:
            errors.append(error)
    if not promised:
        raise errors[0]
    best = tiled[min(promised)[1]]
    open_to = zip(*(each.stacks for each in workload.chunkings), strict=True)
    stacks = [
        replace(stack, chunkings=tuple(each.graph for each in several))
        for stack, several in zip(best.stacks, open_to, strict=True)
    ]
    return replace(best, stacks=tuple(stacks))


def _promise(stack: Stack, machine: MachineSpec, limits: Limits) -> float:
    """Cycles that *stack* takes by the best of a search; by its bound where nothing is to be searched for."""
    best, *_ = _searched(stack, machine, limits).tried
    each_step = best.candidate.bound if best.cycles == inf else best.cycles
    return each_step * stack.steps * stack.all_layers


def keep(section: Section, costs: CostModel) -> Section | None:
    """The same mapping on the machine of *costs*, with its own buffers; None if it does not fit or work there.

    If only what is ideal differs, cuts, buffers and requests stay as they are as well.
    """
    inventory = _kept(section, costs)
    return None if inventory is None else by(section, costs, inventory)


def lay_anew(section: Section, costs: CostModel, mapping: Mapping) -> Section | None:
    """The layers of *section* by *mapping*, found on another machine, as a search on that of *costs* would lay it.

    What only one unit can do goes there. None if it does not fit.
    """
    space = Space(section.stack, costs)
    candidate = space.candidate(space.genome(mapping))
    return None if candidate is None else by(section, costs, candidate.inventory)


def by(section: Section, costs: CostModel, inventory: Inventory) -> Section:
    """The layers of *section* by the mapping of *inventory*, which fits the machine of *costs*."""
    lowered = Section.lowered(section.stack, costs.machine, costs, inventory, section.choice)
    return replace(lowered, first_layer=section.first_layer)


def busy_cycles(section: Section, costs: CostModel) -> float | None:
    """How long the busiest unit works if *section* is kept on the machine of *costs*; None if that is not possible."""
    inventory, stack = _kept(section, costs), section.stack
    return None if inventory is None else busy_cycles_per_step(stack, costs, inventory) * stack.steps * stack.all_layers


def _kept(section: Section, costs: CostModel) -> Inventory | None:
    machine = section.costs.machine
    if costs.machine.model_copy(update={"ideal": []}) == machine.model_copy(update={"ideal": []}):
        return section.inventory
    return lay(section.stack, costs, section.mapping)


def lay(stack: Stack, costs: CostModel, mapping: Mapping) -> Inventory | None:
    """What *stack* keeps on chip with a given *mapping*; None if it does not fit or work on the machine of *costs*."""
    if any(unit not in costs.units(name) for name, unit in mapping.placement.items()):
        return None
    inventory = stored(stack, costs, mapping)
    return inventory if allot(inventory, costs.machine.sram.capacity) else None


def _relowered(section: Section, stack: Stack, machine: MachineSpec) -> Section:
    """*stack*, whose layers are like those of *section*, by the same mapping."""
    laid = stack if section.stack.mapping is None else stack.wishing(section.stack.mapping)
    return Section.lowered(laid, machine, section.costs, section.inventory, section.choice)
