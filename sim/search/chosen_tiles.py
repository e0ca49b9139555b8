"""What is read for a tile of which tokens choose it, as experts: the tiles that promise most, of sizes that are tried.

A larger tile reads what it has chosen for more tokens, a smaller one chooses less. For each size the promise is the
least that the busiest unit has to do, of the mappings that a search would begin with; or, if the size is left open, all
that the tokens of a run choose is read in every tile, or once where it stays on chip.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from hw.machine import MachineSpec
from sim.files.errors import MappingError
from sim.files.limits import LIMITS, Limits
from sim.lowering.section import cost_model
from sim.search.genome import TILES
from sim.search.search import DEFAULT_SEARCH, MappingSearch
from sim.search.space import Space
from workloads.stack import Stack
from workloads.workload import Workload


def best_tiles(workload: Workload, machine: MachineSpec, limits: Limits = LIMITS) -> Workload:
    """*workload* with what tokens choose read in the tiles that promise most on *machine*, or that are wished for.

    Stacks that have the same graph still have. Raises MappingError where no size fits.
    """
    found: dict[int, Stack] = {}
    for stack in workload.stacks:
        if stack.chooses and stack.every is None and id(stack.graph) not in found:
            found[id(stack.graph)] = _best(stack, machine, limits)
    if not found:
        return workload
    pairs = ((stack, found.get(id(stack.graph))) for stack in workload.stacks)
    stacks = (s if of is None else replace(s, graph=of.graph, every=of.every, mapping=of.mapping) for s, of in pairs)
    return replace(workload, stacks=tuple(stacks))


def _best(stack: Stack, machine: MachineSpec, limits: Limits) -> Stack:
    """The first of the tilings of *stack* that promise most; raises MappingError if none fits."""
    possible = list(possible_tiles(stack))
    if len(possible) == 1:
        return possible[0]
    promised: list[tuple[float, int]] = []
    errors: list[MappingError] = []
    for number, each in enumerate(possible):
        try:
            promised.append((_promise(each, machine, limits), number))
        except MappingError as error:
            errors.append(error)
    if not promised:
        raise errors[0]
    return possible[min(promised)[1]]


def possible_tiles(stack: Stack) -> Iterator[Stack]:
    """*stack* in tiles of any size, and of those sizes, the largest first, that choose less; of that wished for alone."""
    wish, chunk = stack.wishes.token_tile, stack.graph.tokens
    sizes = list(TILES) if wish is None else [wish // chunk] * (not wish % chunk)
    in_any = stack.in_tiles(None)
    yield in_any
    for steps in sorted(sizes, reverse=True):
        own = stack.in_tiles(steps)
        if steps < stack.steps and own.graph.sizes != in_any.graph.sizes:
            yield own


def _promise(stack: Stack, machine: MachineSpec, limits: Limits) -> float:
    """Cycles of the busiest unit for a timestep of a layer of *stack*, at least."""
    costs = cost_model(stack, machine)
    space = Space(stack, costs, limits)
    return MappingSearch(stack, machine, costs, space, limits.search or DEFAULT_SEARCH).promise().bound
