"""Trials: short runs of candidates, from which the pace of the whole run is told.

A trial has two layers, since the next layer's weights come while this one is at work, and more where a layer is a tile;
and no more than a few tiles of each. Tiles that are not simulated take what those in the middle of a layer take, layers
that are not simulated what the last ones take. A trial ends early when it is clear that its candidate is much slower
than the best so far; one that seems to be better than that is run again, with more layers or tiles.
"""

from __future__ import annotations

from math import inf
from typing import NamedTuple

from hw.energy.actions import Actions
from hw.integers import ceil_div
from hw.machine import MachineSpec
from sim.execution.estimate import PROCESS_BYTES, REQUEST_SECONDS, Estimate
from sim.execution.run import run_program
from sim.files.errors import DeadlockError
from sim.files.limits import Budget
from sim.lowering.actions import counted
from sim.lowering.costs import CostModel
from sim.lowering.lowering import lower
from sim.search.space import Candidate
from workloads.stack import Stack

LAYERS = 2
LAYERS_OF_ONE_TILE = 6
TILES = 6  # of a layer; those from the second to the last but one tell the pace
TOKENS = 96  # of a layer at least
LONG_REQUESTS = 150_000  # at most, of a longer run
WHOLE_REQUESTS = 1_000_000  # at most, of a whole run
LONGEST_REQUESTS = 500_000  # at most, of the longest run of two layers, where a whole run is longer than that
HOPELESS = 1.08  # times the best pace


class _TooSlow(Exception):
    """A trial need not go on."""


class _Extent(NamedTuple):
    """How much of a stack a trial runs."""

    layers: int
    steps: int


class _Clock:
    """When the tiles of a trial were done; raises _TooSlow once their pace is above *limit* cycles a tile."""

    def __init__(self, limit: float) -> None:
        self.ends: list[int] = []
        self._limit = limit

    def __call__(self, done: int, cycle: int) -> None:
        self.ends += [cycle] * (done - len(self.ends))
        between = len(self.ends) - 1
        if between >= TILES // 2 and cycle - self.ends[0] > self._limit * between:
            raise _TooSlow


class Trials:
    """Runs candidates of *stack* on *machine*; ``count`` is how many so far, with so many ``requests`` at most."""

    def __init__(self, stack: Stack, machine: MachineSpec, costs: CostModel) -> None:
        self._stack, self._machine, self._costs = stack, machine, costs
        self.count = self.requests = 0
        self._told: dict[tuple[int, _Extent], float] = {}  # by candidate, of which each is one object
        self._actions: dict[int, Actions] = {}  # likewise

    def within(self, budget: Budget) -> bool:
        """Whether the *budget* leaves something."""
        return self.count < budget.trials and self.requests < budget.requests

    def estimate(self, like: Candidate, budget: Budget) -> Estimate:
        """What trials take that exhaust the *budget*, if all mappings have as many requests as *like*."""
        each = self._requests(like, self._short_extent(like))
        requests = min(budget.trials * each, budget.requests + each)
        return Estimate(requests, requests * REQUEST_SECONDS, PROCESS_BYTES)

    def _requests(self, candidate: Candidate, extent: _Extent) -> int:
        return int(candidate.requests * extent.layers * extent.steps)

    def actions(self, candidate: Candidate) -> Actions:
        """What *candidate* does in the whole run, but for its time: told without a run."""
        if id(candidate) not in self._actions:
            program = lower(self._stack, self._machine, self._costs, candidate.inventory)
            self._actions[id(candidate)] = counted(self._stack, self._costs, candidate.inventory, program)
        return self._actions[id(candidate)]

    def dram_bytes(self, candidate: Candidate) -> float:
        """Bytes between DRAM and SRAM for a timestep of a layer, of the whole run."""
        return sum(self.actions(candidate).dram_bytes.values()) / self._stack.all_layers / self._stack.steps

    def cycles(self, candidate: Candidate, best: float = inf) -> float:
        """Cycles that *candidate* takes for a timestep of a layer; infinite if much more than the *best*, or for ever.

        What is less than the best in a short run has to be so in a longer one.
        """
        self.count += 1
        found = self._told_by(self._short_extent(candidate), candidate, best)
        return found if found >= best else self.long_cycles(candidate, best)

    def long_cycles(self, candidate: Candidate, best: float = inf) -> float:
        """The same by the longer run, whatever the short one says."""
        return self._told_by(self._long_extent(candidate), candidate, best)

    def longest_cycles(self, candidate: Candidate) -> float:
        """The same by the whole run, or by as much of it as is not too long: some schedules lose their pace late."""
        return self._told_by(self._longest_extent(candidate), candidate, inf)

    def _told_by(self, extent: _Extent, candidate: Candidate, best: float) -> float:
        key = id(candidate), extent
        if key not in self._told:
            self._told[key] = self._run(candidate, extent, best)
        return self._told[key]

    def _run(self, candidate: Candidate, extent: _Extent, best: float) -> float:
        self.requests += self._requests(candidate, extent)
        program = lower(self._part(extent), self._machine, self._costs, candidate.inventory)
        clock = _Clock(HOPELESS * best * candidate.mapping.tile_steps)
        try:
            makespan = run_program(program, self._machine, stride="tile", on_tile=clock).makespan
        except (_TooSlow, DeadlockError):  # the latter is a fault of the lowering, which others may not have
            return inf
        whole = self._whole(clock.ends, makespan, program.tiles_per_layer, program.tile_steps)
        return max(candidate.bound, whole / (self._stack.layers * self._stack.steps))

    def _whole(self, ends: list[int], makespan: int, tiles: int, tile_steps: int) -> float:
        """Cycles of the whole stack; *tiles* of each of some layers were done at *ends*, all at *makespan*."""
        layers = len(ends) // tiles
        more = self._stack.steps / tile_steps - tiles  # of each layer
        pace = (ends[-2] - ends[1 - tiles]) / (tiles - 3) if more > 0 else 0.0  # of tiles in the middle of a layer
        last = makespan / layers
        if layers > 1:
            counted = max(1, layers // 2)  # the first ones run ahead of what keeps the pace
            last = (makespan - ends[-1 - tiles * counted]) / counted
        return makespan + more * pace * layers + (self._stack.layers - layers) * (last + more * pace)

    def _short_extent(self, candidate: Candidate) -> _Extent:
        stack, tile = self._stack, candidate.mapping.tile_steps
        tiles = max(TILES, ceil_div(TOKENS, tile * stack.graph.tokens))
        steps = min(stack.steps, tiles * tile)
        return _Extent(min(stack.layers, LAYERS if steps > tile else LAYERS_OF_ONE_TILE), steps)

    def _long_extent(self, candidate: Candidate) -> _Extent:
        stack, (layers, steps), tile = self._stack, self._short_extent(candidate), candidate.mapping.tile_steps
        most = int(LONG_REQUESTS / candidate.requests)  # timesteps of all layers
        steps = min(stack.steps, max(steps, most // layers // tile * tile))
        return _Extent(min(stack.layers, max(layers, most // steps)), steps)

    def _longest_extent(self, candidate: Candidate) -> _Extent:
        stack, tile = self._stack, candidate.mapping.tile_steps
        whole, long = _Extent(stack.layers, stack.steps), self._long_extent(candidate)
        if self._requests(candidate, whole) <= WHOLE_REQUESTS:
            return whole
        layers = min(stack.layers, LAYERS)
        steps = int(LONGEST_REQUESTS / candidate.requests / layers) // tile * tile
        return _Extent(layers, min(stack.steps, steps)) if steps > long.steps else long

    def _part(self, extent: _Extent) -> Stack:
        return self._stack.shortened(extent.layers, extent.steps)
