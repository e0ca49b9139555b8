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
from workloads.building import recut
from workloads.models.attention import Attention, KeyBlocks
from workloads.workload import Phase, Stack, Workload

QUERIES: Final = (32, 64, 128, 256, 512)  # tokens of a tile
KEYS: Final = (32, 64, 128, 256, 512)  # of a part of a block
PARTS: Final = (1, 2, 4)  # of a block, for a single token


def best_cuts(workload: Workload, machine: MachineSpec, limits: Limits = LIMITS) -> Workload:
    """*workload* with each kind of attention cut as promises most on *machine*, and as it is wished.

    Raises MappingError where no size fits.
    """
    cuts = dict(workload.cuts)
    for phase, attention in workload.cuts:
        possible = list(_possible(workload, phase, attention))
        if len(possible) > 1:
            promises = _Promises(workload, phase, attention, machine, limits)
            cuts[phase, attention] = promises.best(possible)
        else:
            (cuts[phase, attention],) = possible
    return recut(workload, cuts)


class _Promises:
    """What ways to cut one kind of *attention* in a *phase* promise on *machine*."""

    def __init__(
        self, workload: Workload, phase: Phase, attention: Attention, machine: MachineSpec, limits: Limits
    ) -> None:
        self._workload, self._phase, self._attention = workload, phase, attention
        self._machine, self._limits = machine, limits

    def best(self, possible: Sequence[KeyBlocks]) -> KeyBlocks:
        """The first of those that promise most; raises MappingError if none fits."""
        promised: list[tuple[float, int]] = []
        errors: list[MappingError] = []
        for number, cut in enumerate(possible):
            try:
                promised.append((self._cycles(cut), number))
            except MappingError as error:
                errors.append(error)
        if not promised:
            raise errors[0]
        return possible[min(promised)[1]]

    def _cycles(self, cut: KeyBlocks) -> float:
        """Cycles of the busiest unit for all tiles with this *cut*, at least."""
        workload = recut(self._workload, {**self._workload.cuts, (self._phase, self._attention): cut})
        own = [stack for stack in workload.stacks_of(self._phase) if self._has(stack)]
        longest = max(own, key=lambda stack: stack.steps)
        costs, limits = cost_model(longest, self._machine), self._limits
        space = Space(longest, costs, limits)
        search = MappingSearch(longest, self._machine, costs, space, limits.search or DEFAULT_SEARCH)
        return search.promise().bound * sum(stack.steps * stack.all_layers for stack in own)

    def _has(self, stack: Stack) -> bool:
        return stack.keys is not None and stack.keys.attention == self._attention


def _possible(workload: Workload, phase: Phase, attention: Attention) -> Iterator[KeyBlocks]:
    """The sizes to be tried, those that are wished alone."""
    wishes = workload.spec.mapping
    tiles = [stack.keys.tile for stack in workload.stacks_of(phase) if stack.keys is not None]
    context = max(tile.first + tile.queries for tile in tiles)
    decodes = phase == "decode"
    queries = [1] if decodes else _sizes(wishes.query_tile, QUERIES, context)
    if attention.window is not None and not decodes:
        queries = [each for each in queries if each + attention.sinks <= attention.window] or queries[:1]
    keys = _sizes(wishes.key_block, KEYS, context)
    parts = [wishes.key_parts] if wishes.key_parts else PARTS if decodes else PARTS[:1]
    for of_queries, of_keys, of_parts in product(queries, keys, parts):
        yield KeyBlocks(of_queries, of_keys, attention.groups if decodes else 1, of_parts)


def _sizes(wish: int | None, usual: Sequence[int], most: int) -> list[int]:
    """The *usual* sizes up to the first that is no less than *most*, or what is wished for."""
    if wish is not None:
        return [wish]
    return [size for number, size in enumerate(usual) if not number or usual[number - 1] < most]
