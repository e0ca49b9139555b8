"""How attention is cut into tiles of queries and blocks of keys: what promises most, of sizes that are tried.

A larger tile of queries meets each key less often in DRAM, a smaller one computes less that the mask hides; a larger
block of keys rescales less often, a smaller one leaves room. For each size the promise is the least that the busiest
unit has to do over all tiles, of the mappings that a search would begin with.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product
from typing import Final

from hw.machine import MachineSpec
from sim.files.errors import MappingError
from sim.files.limits import LIMITS, Limits
from sim.lowering.section import cost_model
from sim.search.search import DEFAULT_SEARCH, MappingSearch
from sim.search.space import Space
from workloads.building import recut
from workloads.models.attention import Attention, KeyBlocks
from workloads.workload import Workload

QUERIES: Final = (32, 64, 128, 256, 512)  # tokens of a tile
KEYS: Final = (32, 64, 128, 256, 512)  # of a part of a block
PARTS: Final = (1, 2, 4)  # of a block, for a single token


def best_cuts(workload: Workload, machine: MachineSpec, limits: Limits = LIMITS) -> Workload:
    """*workload* with each kind of attention cut as promises most on *machine*, and as it is wished.

    Raises MappingError where no size fits.
    """
    cuts: dict[Attention, KeyBlocks] = {}
    for attention in workload.attentions:
        possible = list(cuts_tried(workload, attention))
        cuts[attention] = possible[0]
        if len(possible) > 1:
            cuts[attention] = _best(workload, attention, possible, machine, limits)
    return recut(workload, cuts)


def _best(
    workload: Workload, attention: Attention, possible: list[KeyBlocks], machine: MachineSpec, limits: Limits
) -> KeyBlocks:
    promised: list[tuple[float, int]] = []
    errors: list[MappingError] = []
    for number, cut in enumerate(possible):
        try:
            promised.append((_promise(workload, attention, cut, machine, limits), number))
        except MappingError as error:
            errors.append(error)
    if not promised:
        raise errors[0]
    return possible[min(promised)[1]]


def _promise(
    workload: Workload, attention: Attention, cut: KeyBlocks, machine: MachineSpec, limits: Limits
) -> float:
    """Cycles of the busiest unit for all tiles of *attention* with this *cut*, at least."""
    stacks = [stack for stack in recut(workload, {**_known(workload), attention: cut}).stacks if stack.keys]
    own = [stack for stack in stacks if stack.keys and stack.keys.attention == attention]
    longest = max(own, key=lambda stack: stack.steps)
    costs = cost_model(longest, machine)
    search = MappingSearch(longest, machine, costs, Space(longest, costs, limits), limits.search or DEFAULT_SEARCH)
    return search.promise().bound * sum(stack.steps * stack.all_layers for stack in own)


def _known(workload: Workload) -> dict[Attention, KeyBlocks]:
    """How attention is cut as yet."""
    return {stack.keys.attention: stack.keys.cut for stack in workload.stacks if stack.keys is not None}


def cuts_tried(workload: Workload, attention: Attention) -> Iterator[KeyBlocks]:
    """The sizes to be tried, those that are wished alone."""
    wishes, spec = workload.spec.mapping, workload.spec
    context = spec.sequence_length + (workload.model.prefix_tokens if workload.model else 0)
    decodes = spec.phase == "decode"
    tokens = 1 if decodes else context
    queries = _sizes(wishes.query_tile, QUERIES, tokens)
    if attention.window is not None:
        queries = [each for each in queries if each + attention.sinks <= attention.window] or queries[:1]
    keys = _sizes(wishes.key_block, KEYS, context)
    parts = [wishes.key_parts] if wishes.key_parts else PARTS if decodes else PARTS[:1]
    for of_queries, of_keys, of_parts in product(queries, keys, parts):
        yield KeyBlocks(of_queries, of_keys, attention.groups if decodes else 1, of_parts)


def _sizes(wish: int | None, usual: tuple[int, ...], most: int) -> list[int]:
    """The *usual* sizes up to the first that is no less than *most*, or what is wished for."""
    if wish is not None:
        return [wish]
    return [size for number, size in enumerate(usual) if not number or usual[number - 1] < most] if most > 1 else [1]


