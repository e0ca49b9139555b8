"""The wide search: seeds, a sweep from the best of them, then random moves of the ten best.

Candidates are ordered and skipped by their bound, which is below any run of theirs; the others are simulated, for two
layers at least, since in decode the next layer's weights come while this one is at work. The random numbers are always
the same, and what ends the search is a number of trials, so its answer depends on the workload and the machine alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from math import inf, log
from random import Random

from hw.integers import ceil_div
from hw.machine import MachineSpec
from sim.execution.estimate import PROCESS_BYTES, REQUEST_SECONDS, Estimate
from sim.execution.run import run_program
from sim.lowering.costs import CostModel
from sim.lowering.lowering import lower
from sim.search.genome import Choices, Genome
from sim.search.seeds import seeds
from sim.search.space import Candidate, Space
from workloads.workload import Stack

TRIAL_LAYERS = 2  # at least
TRIAL_TOKENS = 1024  # of all layers of a trial, if there are as many
TRIAL_TILES = 4  # at least
SEEDS = 40  # at most, and a fifth of the trials
PROMISING = 1.05  # times the lowest bound of a seed
SWEPT_LANES = (1, 2)
NEAR_TILES = 9
LEADERS = 2  # placements that are swept from
WORTH = 1.001  # a bound so far below the best is worth a sweep
PARENTS = 10
PROPOSALS = 8  # random moves for each trial that there may be
HOPELESS = 1.15  # times the best, at which a trial ends
ALIKE = 1.002  # mappings that are as good as the best; of them the one with the fewest requests is taken


class _Enough(Exception):
    """As many candidates have been simulated as may be."""


class _TooSlow(Exception):
    """A trial need not go on."""


class WideSearch:
    """Tries mappings of *stack* on *machine*, at most so many by simulation."""

    def __init__(self, stack: Stack, machine: MachineSpec, costs: CostModel, space: Space, most: int) -> None:
        self._stack, self._machine, self._costs, self._space, self._most = stack, machine, costs, space, most
        self._choices = Choices(stack, costs)
        self._random = Random(1)
        self._known: dict[Genome, Candidate | None] = {}
        self._pace: dict[Genome, float] = {}  # cycles a timestep and layer of those simulated, inf if too slow
        self._best = inf

    @property
    def count(self) -> int:
        """Candidates simulated so far."""
        return len(self._pace)

    def estimate(self, like: Candidate) -> Estimate:
        """What the search takes at most, if all mappings have as many requests as *like*."""
        layers, steps = self._extent(like)
        requests = int(self._most * like.requests * layers * steps)
        return Estimate(requests, requests * REQUEST_SECONDS, PROCESS_BYTES)

    def best(self, first: Candidate) -> Candidate:
        """The best mapping found; *first* is one that fits."""
        try:
            self._try(self._genome(first))
            self._sow()
            self._sweep()
            self._evolve()
        except _Enough:
            pass
        good = [genome for genome, pace in self._pace.items() if pace <= self._best * ALIKE]
        candidates = [candidate for genome in good if (candidate := self._known[genome]) is not None]
        return min(candidates, key=lambda each: each.requests) if candidates else first

    def _genome(self, candidate: Candidate) -> Genome:
        mapping = candidate.mapping
        units = tuple(mapping.placement[name] for name in self._choices.free)
        slot = mapping.weight_slot_bytes // 1024
        return Genome(mapping.tile_steps, mapping.blocks, mapping.lanes, slot, mapping.spill, units)

    def _candidate(self, genome: Genome) -> Candidate | None:
        if genome not in self._known:
            cut = genome.blocks, genome.lanes
            placement = self._choices.placement(genome)
            self._known[genome] = self._space.candidate(genome.steps, cut, placement, genome.slot_kib, genome.spill)
        return self._known[genome]

    def _sow(self) -> None:
        found = list(dict.fromkeys(seeds(self._stack, self._costs, self._choices, self._candidate)))
        self._try_all(found, min(SEEDS, self._most // 5), PROMISING)

    def _sweep(self) -> None:
        """From the fastest of each placement, as long as its bound leaves something to win."""
        leaders: dict[tuple[str, ...], Genome] = {}
        for genome in self._fastest(len(self._pace)):
            leaders.setdefault(genome.units, genome)
        for genome in list(leaders.values())[:LEADERS]:
            candidate = self._known[genome]
            if candidate is not None and candidate.bound * WORTH < self._best:
                self._sweep_from(genome)

    def _sweep_from(self, genome: Genome) -> None:
        """Every other slot, then cut, then spilled states, then tile near by, each from the best so far."""
        slots, lanes = self._choices.slots, self._choices.lanes
        best = self._best_of([genome._replace(slot_kib=slot) for slot in slots], genome)
        cuts = [cut for cut in self._choices.cuts() if cut[1] in SWEPT_LANES or len(lanes) == 1]
        best = self._best_of([best._replace(blocks=blocks, lanes=lanes) for blocks, lanes in cuts], best)
        best = self._best_of([best._replace(spill=spill) for spill in self._choices.spills], best)
        near = sorted(self._choices.tiles, key=lambda tile: abs(log(tile / best.steps)))[:NEAR_TILES]
        self._best_of([best._replace(steps=steps) for steps in near], best)

    def _best_of(self, genomes: Sequence[Genome], best: Genome) -> Genome:
        """The fastest of *genomes*, which are tried, and of *best*."""
        self._try_all(genomes)
        return min([best, *genomes], key=lambda genome: self._pace.get(genome, inf))

    def _evolve(self) -> None:
        for _ in range(PROPOSALS * self._most):
            parents = self._fastest(PARENTS)
            parent = parents[min(len(parents) - 1, int(self._random.expovariate(0.4)))]
            child = self._choices.mutated(parent, self._random.choice((1, 1, 2, 2, 3)), self._random)
            self._try(child)

    def _fastest(self, count: int) -> list[Genome]:
        return sorted(self._pace, key=self._pace.__getitem__)[:count]

    def _try_all(self, genomes: Iterable[Genome], most: int | None = None, worse: float = inf) -> None:
        """Those that fit, the lowest bound first: the first of them, and none with a bound so many times worse."""
        found = [(each.bound, n, g) for n, g in enumerate(genomes) if (each := self._candidate(g)) is not None]
        found.sort()
        for bound, _, genome in found[:most]:
            if bound <= worse * found[0][0]:
                self._try(genome)

    def _try(self, genome: Genome) -> None:
        """Simulate it unless its bound shows that it cannot win, or it has been simulated."""
        candidate = self._candidate(genome)
        if candidate is None or genome in self._pace or candidate.bound >= self._best:
            return
        if self.count >= self._most:
            raise _Enough
        self._pace[genome] = self._run(candidate)
        self._best = min(self._best, self._pace[genome])

    def _extent(self, candidate: Candidate) -> tuple[int, int]:
        """Layers and timesteps of a trial."""
        stack = self._stack
        least = max(TRIAL_TILES * candidate.mapping.tile_steps, ceil_div(TRIAL_TOKENS, stack.graph.tokens))
        steps = min(stack.steps, least)
        return min(stack.layers, max(TRIAL_LAYERS, TRIAL_TOKENS // (steps * stack.graph.tokens))), steps

    def _run(self, candidate: Candidate) -> float:
        """Cycles a timestep and layer of the whole stack, as far as a trial tells; infinite if much more than the best.

        Layers that are not simulated take what the last one adds.
        """
        stack, (layers, steps) = self._stack, self._extent(candidate)
        spec = stack.spec.model_copy(update={"layers": layers, "sequence_length": steps * stack.graph.tokens})
        program = lower(replace(stack, spec=spec, layers=layers), self._machine, self._costs, candidate.inventory)
        before_last = program.tiles_per_layer * (layers - 1)
        limit = self._best * HOPELESS * steps * layers
        begun = 0  # the last layer

        def on_tile(tile: int, cycle: int) -> None:
            nonlocal begun
            if tile == before_last:
                begun = cycle
            if cycle > limit:
                raise _TooSlow

        try:
            makespan = run_program(program, self._machine, stride="tile", on_tile=on_tile).makespan
        except _TooSlow:
            return inf
        return (makespan + (stack.layers - layers) * (makespan - begun)) / stack.layers / steps
