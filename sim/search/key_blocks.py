"""How attention is cut into tiles of queries and blocks of keys: what promises most, of sizes that are tried.

A larger tile of queries meets each key less often in DRAM, a smaller one computes less that the mask hides; a larger
block of keys rescales less often, a smaller one leaves room. For each size the promise is the least that the busiest
unit has to do over all tiles, of the mappings that a search would begin with.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import product
from typing import Final

from hw.machine import MachineSpec
from sim.files.errors import MappingError
from sim.files.limits import LIMITS, Limits
from sim.lowering.section import cost_model
from sim.search.search import DEFAULT_SEARCH, MappingSearch
from sim.search.space import Space
from workloads.building import cut_into, recut
from workloads.models.attention import Attention, KeyBlocks
from workloads.stack import Stack
from workloads.workload import Workload
from workloads.workload_spec import MappingSpec, Phase

QUERIES: Final = (32, 64, 128, 256, 512)  # tokens of a tile
KEYS: Final = (32, 64, 128, 256, 512)  # of a part of a block
PARTS: Final = (1, 2, 4)  # of a block, for a single token


def best_cuts(workload: Workload, machine: MachineSpec, limits: Limits = LIMITS) -> Workload:
    """*workload* with each kind of attention cut as promises most on *machine*, and as it is wished.

    Raises MappingError where no size fits.
    """
    cuts: dict[tuple[Phase, Attention], KeyBlocks] = {}
    for stack in workload.stacks:
        if stack.keys is not None and (key := (stack.spec.phase, stack.keys.attention)) not in cuts:
            cuts[key] = _best(stack, machine, limits)
    return recut(workload, cuts)


def _best(stack: Stack, machine: MachineSpec, limits: Limits) -> KeyBlocks:
    """The first of the cuts of the attention of *stack* that promise most; raises MappingError if none fits."""
    possible = list(possible_cuts(stack, stack.spec.mapping))
    if len(possible) == 1:
        return possible[0]
    promised: list[tuple[float, int]] = []
    errors: list[MappingError] = []
    for number, cut in enumerate(possible):
        try:
            promised.append((_promise(cut_into(stack, cut), machine, limits), number))
        except MappingError as error:
            errors.append(error)
    if not promised:
        raise errors[0]
    return possible[min(promised)[1]]


def _promise(stacks: Sequence[Stack], machine: MachineSpec, limits: Limits) -> float:
    """Cycles of the busiest unit for all of *stacks*, which are cut alike, at least."""
    longest = max(stacks, key=lambda stack: stack.steps)
    costs = cost_model(longest, machine)
    space = Space(longest, costs, limits)
    search = MappingSearch(longest, machine, costs, space, limits.search or DEFAULT_SEARCH)
    return search.promise().bound * sum(stack.steps * stack.all_layers for stack in stacks)


def possible_cuts(stack: Stack, wishes: MappingSpec) -> Iterator[KeyBlocks]:
    """The sizes that are tried for the attention of *stack*, those of the *wishes* alone."""
    assert stack.keys is not None
    attention, positions = stack.keys.attention, stack.keys.positions
    decodes = stack.spec.phase == "decode"
    queries = [1] if decodes else _sizes(wishes.query_tile, QUERIES, len(positions))
    if attention.window is not None and not decodes:
        queries = [each for each in queries if each + attention.sinks <= attention.window] or queries[:1]
    keys = _sizes(wishes.key_block, KEYS, attention.seen(positions[-1]))
    parts = [wishes.key_parts] if wishes.key_parts else PARTS if decodes else PARTS[:1]
    for of_queries, of_keys, of_parts in product(queries, keys, parts):
        yield KeyBlocks(of_queries, of_keys, attention.groups if decodes else 1, of_parts)


def _sizes(wish: int | None, usual: Sequence[int], most: int) -> list[int]:
    """The *usual* sizes up to the first that is no less than *most*, or what is wished for."""
    if wish is not None:
        return [wish]
    return [size for number, size in enumerate(usual) if not number or usual[number - 1] < most]
