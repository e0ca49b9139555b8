"""Chooses a mapping: candidates that fit, ordered by how long their busiest unit works, the best by short trial runs.

The bound of a candidate (sim/search/bound.py) costs next to nothing and tells which candidates cannot win. What it
cannot tell is how well the units overlap with the buffers that are left, so the candidates that can still win are
simulated for one layer and a few tiles.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from hw.machine import MachineSpec
from sim.execution.estimate import MOST_CYCLES
from sim.files.errors import InputError, Problem
from sim.files.limits import LIMITS, TRIALS, Limits
from sim.lowering.buffers import allot
from sim.lowering.section import Section, cost_model
from sim.search.space import Candidate, Space, stored
from sim.search.trials import Trials
from sim.search.wide import WideSearch
from workloads.workload import Stack, Workload

REFINED = 3  # mappings of which other cuts and slots are tried


def choose(stack: Stack, machine: MachineSpec, limits: Limits = LIMITS) -> Section:
    """*stack* by its best mapping onto *machine*; its wishes are kept.

    First every tile size and placement that can still win is tried with the first cut that fits, then other weight
    slots and cuts for the best of them; from there a wider search goes on, if the *limits* say so. Raises MappingError
    if no tiling fits or a wish cannot be met, InputError if the trials would take more than the *limits*, or the run
    more cycles than can be counted.
    """
    costs = cost_model(stack, machine)
    space = Space(stack, costs, limits)
    first = space.first()
    if first[0].bound * stack.steps * stack.layers > MOST_CYCLES:
        raise InputError(Problem(f"the run would take more than {MOST_CYCLES:,} cycles, which are not counted exactly"))
    trials = Trials(stack, machine, costs)
    trials.estimate(first).check(limits)
    chosen, count = _short(space, first, trials), trials.count
    if limits.search in TRIALS:
        search = WideSearch(stack, machine, costs, space, TRIALS[limits.search])
        search.estimate(chosen).check(limits)
        chosen, count = search.best(chosen), count + search.count
    return Section.lowered(stack, machine, costs, chosen.inventory, count)


def _short(space: Space, first: Sequence[Candidate], trials: Trials) -> Candidate:
    """The best of *first*, and of other weight slots and cuts for the best of them."""
    for candidate in first if len(first) > 1 else ():
        trials.consider(candidate, REFINED)
    for mapping in trials.fastest(REFINED) or [first[0].mapping]:
        variations = list(space.variations(mapping))
        given = len(first) == 1 and all(candidate.mapping == mapping for candidate in variations)
        for candidate in () if given else variations:  # where nothing is left to choose, nothing is tried
            trials.consider(candidate)
    return trials.best or first[0]


def sections(workload: Workload, machine: MachineSpec, limits: Limits = LIMITS) -> tuple[Section, ...]:
    """All stacks of *workload* on *machine* in their order; what is alike is chosen once, see :func:`choose`."""
    chosen: list[Section] = []
    layer = 0
    for stack in workload.stacks:
        like = next((each for each in chosen if each.stack.graph is stack.graph), None)
        section = choose(stack, machine, limits) if like is None else _relowered(like, stack, machine)
        chosen.append(replace(section, first_layer=layer))
        layer += stack.layers
    return tuple(chosen)


def keep(section: Section, machine: MachineSpec) -> Section | None:
    """The same mapping on another *machine*, with its own buffers; None if it does not fit or work there.

    If only what is ideal differs, cuts, buffers and requests stay as they are as well.
    """
    stack, mapping, inventory = section.stack, section.mapping, section.inventory
    costs = cost_model(stack, machine)
    if machine.model_copy(update={"ideal": []}) != section.costs.machine.model_copy(update={"ideal": []}):
        if any(unit not in costs.units(name) for name, unit in mapping.placement.items()):
            return None
        inventory = stored(stack, costs, mapping)
        if not allot(inventory, machine.sram.capacity):
            return None
    kept = Section.lowered(stack, machine, costs, inventory, section.trials)
    return replace(kept, first_layer=section.first_layer)


def _relowered(section: Section, stack: Stack, machine: MachineSpec) -> Section:
    """*stack*, whose layers are like those of *section*, by the same mapping."""
    return Section.lowered(stack, machine, section.costs, section.inventory)
