"""What is read for a tile of which tokens choose it, as experts: the tiles that promise most, of sizes that are tried.

A larger tile reads what it has chosen for more tokens, a smaller one chooses less. For each size the promise is the
least that the busiest unit has to do, of the mappings that a search would begin with. Sizes that choose as much as all
tokens of the run are one case: there the search is free to choose among them, and what is read may stay on chip.

The larger a tile, the less is read for each of its tokens, so smaller ones are tried as long as they promise much the
same, since they leave more room.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from hw.machine import MachineSpec
from sim.files.errors import MappingError
from sim.files.limits import LIMITS, Limits
from sim.lowering.section import cost_model
from sim.search.genome import TILES
from sim.search.search import DEFAULT_SEARCH, MappingSearch
from sim.search.space import Space
from workloads.stack import Stack
from workloads.workload import Workload

HOPELESS: Final = 1.25  # times the best promise: then smaller tiles are not tried


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
    best: tuple[float, Stack] | None = None
    errors: list[MappingError] = []
    for each in possible:
        try:
            promised = _promise(each, machine, limits)
        except MappingError as error:
            errors.append(error)
            continue
        if best is None or promised < best[0]:
            best = promised, each
        elif promised > HOPELESS * best[0]:
            break
    if best is None:
        raise errors[0]
    return best[1]


def possible_tiles(stack: Stack) -> Iterator[Stack]:
    """*stack* in tiles that choose as much as its run does, and of each size that chooses less, the largest first.

    Of a size that is wished for alone.
    """
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
