"""Short runs of candidates: one layer, a few tiles; the steady pace is what counts.

Of mappings whose paces are within one percent the one with the fewest requests is taken. A trial ends as soon as it is
clear that its candidate cannot win.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from math import inf

from hw.machine import MachineSpec
from sim.execution.estimate import PROCESS_BYTES, REQUEST_SECONDS, Estimate
from sim.execution.run import run_program
from sim.lowering.costs import CostModel
from sim.lowering.lowering import lower
from sim.lowering.mapping import Mapping
from sim.search.space import Candidate
from workloads.workload import Stack

TRIAL_TOKENS = 160
TRIAL_TILES = (4, 5)  # at least, at most
ALIKE = 1.01
FEWER = 0.9


class _TooSlow(Exception):
    """A trial need not go on."""


class Trials:
    """The candidates of *stack* on *machine* that have been simulated so far, and the best of them."""

    def __init__(self, stack: Stack, machine: MachineSpec, costs: CostModel) -> None:
        self._stack = stack
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

    def estimate(self, candidates: Sequence[Candidate]) -> Estimate:
        """What it takes to try all *candidates*."""
        requests = sum(int(each.requests * self._steps(each.mapping)) for each in candidates)
        return Estimate(requests, requests * REQUEST_SECONDS, PROCESS_BYTES)

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
        tile, steps = candidate.mapping.tile_steps, self._steps(candidate.mapping)
        program = lower(self._short(steps), self._machine, self._costs, candidate.inventory)
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
        return (ends[-2] - ends[0]) / counted / tile if counted > 0 else makespan / steps

    def _steps(self, mapping: Mapping) -> int:
        """Timesteps of a trial."""
        least, most = TRIAL_TILES
        return min(self._stack.steps, max(least, min(most, TRIAL_TOKENS // mapping.token_tile)) * mapping.tile_steps)

    def _short(self, steps: int) -> Stack:
        """One layer of the stack, and so many timesteps."""
        length = steps * self._stack.graph.tokens
        spec = self._stack.spec.model_copy(update={"layers": 1, "sequence_length": length})
        return replace(self._stack, spec=spec, layers=1)
