"""The search for a mapping: seeds, sweeps from the best, what is known of such layers, random moves of the best ones.

Candidates are ordered and skipped by their bound, which is below any run of theirs; the others are simulated. The
random numbers are always the same, and what ends the search is a number of trials and of their requests, so its answer
depends on the workload, the machine and that budget alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from itertools import groupby, zip_longest
from math import inf, log
from random import Random
from typing import NamedTuple

from hw.machine import MachineSpec
from sim.execution.estimate import MOST_CYCLES
from sim.files.errors import InputError, Problem
from sim.files.limits import BUDGETS, LIMITS, Budget, Limits, Search
from sim.lowering.costs import CostModel
from sim.search.genome import Genome
from sim.search.objectives import OBJECTIVES
from sim.search.seeds import seeds
from sim.search.shipped import kindred
from sim.search.space import Candidate, Space
from sim.search.trials import Trials
from workloads.stack import Stack

DEFAULT_SEARCH: Search = "quick"
SEEDS = 24  # at most
PROMISING = 1.05  # times the lowest bound of a seed
SWEPT_LANES = (1, 2)
NEAR_TILES = tuple(2 ** (half / 2) for half in range(-4, 5))  # times the tile
NEAR_CUTS = 6  # of all the best, whose heads come first or not
LEADERS = 2  # placements and urgencies that are swept from
WORTH = 1.001  # a bound so far below the best is worth a sweep
PARENTS = 10
LIKE_PARENTS = 0.7  # of the moves begin at the fastest, alike or not; the others at the fastest of each kind
OFFERED = 3  # mappings that are tried of those that are offered, besides the trials of the budget
PROPOSALS = 600  # random moves, of which some are tried
ALIKE = 1.001  # mappings that are as good as the best


class Tried(NamedTuple):
    """A candidate that has been simulated, and its cycles a timestep and layer; infinite if it was too slow to tell."""

    candidate: Candidate
    cycles: float


class _Enough(Exception):
    """As many candidates have been simulated as may be."""


class MappingSearch:
    """Tries mappings of *stack* on *machine*, of what *space* leaves open; *search* says how many by simulation.

    What its bound shows to be up to a share *near* above the best is tried too, for who asks what is nearly as good.
    """

    def __init__(
        self, stack: Stack, machine: MachineSpec, costs: CostModel, space: Space, search: Search, near: float = 0.0
    ) -> None:
        self._stack, self._costs, self._space, self._budget = stack, costs, space, BUDGETS[search]
        self._slack = 1 + near
        self._choices = space.choices
        self.trials = Trials(stack, machine, costs)
        self._value = OBJECTIVES[stack.wishes.objective](stack, machine, self.trials)
        self._random = Random(1)
        self._tried: dict[Genome, Tried] = {}
        self._runs: set[tuple[object, ...]] = set()  # those tried, but for choices that made no difference
        self._values: dict[Genome, float] = {}  # of those tried, by the objective
        self._best = inf

    def run(self, limits: Limits = LIMITS, offered: Sequence[Genome] = ()) -> list[Tried]:
        """Everything that was tried, the best first; of those *offered* the most promising are tried before all else.

        Among those within 0.1 % of the best that with the fewest requests, then the least DRAM traffic, comes first.
        If the wishes leave nothing open that one mapping comes back untried. Raises MappingError if nothing fits,
        InputError if the trials would take more than the *limits*, or the run more cycles than can be counted.
        """
        sown = self._sown()
        first = min(sown, key=lambda genome: self._bound(genome))
        self._check(first, limits)
        if self._choices.closed:
            return [Tried(self._fitting(first), inf)]
        self._try_offered(offered)
        with suppress(_Enough):
            self._try_seeds(sown)
            self._sweep()
        self._try_offered(list(map(self._choices.like, kindred(self._stack))))
        with suppress(_Enough):
            while self._improves(self._evolve, self._move_units, self._cross):
                pass
        chosen = self._chosen()
        return [
            self._tried[chosen],
            *(self._tried[genome] for genome in self._fastest(len(self._tried)) if genome != chosen),
        ]

    def promise(self) -> Candidate:
        """What a search would begin with: the mapping whose busiest unit has the least to do. Raises as :meth:`run`."""
        return self._fitting(min(self._sown(), key=self._bound))

    def value(self, tried: Tried) -> float:
        """What the objective says of one that :meth:`run` has tried."""
        return inf if tried.cycles == inf else self._value.of(tried.candidate, tried.cycles)

    def _chosen(self) -> Genome:
        """The most frugal of the best, if a longer run says so too; else the fastest of those that such a run tells."""
        alike = [genome for genome in self._tried if self._values[genome] <= self._best * ALIKE]
        for genome in self._frugal_first(alike):
            if self._confirmed(genome) <= self._best * ALIKE:
                return genome
        confirmed = set(alike)
        while (fastest := self._fastest(1)[0]) not in confirmed:
            self._confirmed(fastest)
            confirmed.add(fastest)
        return fastest

    def _confirmed(self, genome: Genome) -> float:
        """The value of *genome* by the longest run that there is for it, which is kept."""
        candidate = self._tried[genome].candidate
        cycles = self.trials.longest_cycles(candidate)
        self._tried[genome] = Tried(candidate, cycles)
        self._values[genome] = self._value.of(candidate, cycles)
        return self._values[genome]

    def _frugal_first(self, genomes: Sequence[Genome]) -> Iterator[Genome]:
        """By requests, then by traffic, which takes a while to count, then by value."""

        def requests(genome: Genome) -> float:
            return self._tried[genome].candidate.requests

        def others(genome: Genome) -> tuple[float, float]:
            return self.trials.dram_bytes(self._tried[genome].candidate), self._values[genome]

        for _, alike in groupby(sorted(genomes, key=requests), key=requests):
            several = list(alike)
            yield from sorted(several, key=others) if len(several) > 1 else several

    def _try_seeds(self, sown: Sequence[Genome]) -> None:
        """Those whose bound is near the lowest; of each kind in turn, by what runs step by step."""
        kinds: dict[frozenset[str], list[Genome]] = {}
        for genome in sorted(sown, key=self._bound):
            kinds.setdefault(self._fitting(genome).mapping.stepped, []).append(genome)
        promising = [[g for g in kind if self._bound(g) <= PROMISING * self._bound(kind[0])] for kind in kinds.values()]
        in_turn = [genome for several in zip_longest(*promising) for genome in several if genome is not None]
        for genome in in_turn[:SEEDS]:
            self._try(genome)

    def _sown(self) -> list[Genome]:
        found = list(dict.fromkeys(seeds(self._stack, self._costs, self._choices, self._space.candidate)))
        if not found:
            raise self._space.too_large()
        return found

    def _check(self, first: Genome, limits: Limits) -> None:
        candidate, stack = self._fitting(first), self._stack
        if candidate.bound * stack.steps * stack.all_layers > MOST_CYCLES:
            message = f"the run would take more than {MOST_CYCLES:,} cycles, which are not counted exactly"
            raise InputError(Problem(message))
        if not self._choices.closed:
            self.trials.estimate(candidate, self._budget).check(limits)

    def _try_offered(self, genomes: Sequence[Genome]) -> None:
        """The most promising of them, besides what the budget allows for what the search finds by itself."""
        own, trials, requests = self._budget, self.trials.count, self.trials.requests
        self._budget = Budget(trials + OFFERED, requests + OFFERED * own.requests)
        fitting = [genome for genome in dict.fromkeys(genomes) if self._space.candidate(genome) is not None]
        self._try_all(sorted(fitting, key=self._bound)[:OFFERED])
        self._budget = Budget(own.trials + self.trials.count - trials, own.requests + self.trials.requests - requests)

    def _fitting(self, genome: Genome) -> Candidate:
        candidate = self._space.candidate(genome)
        assert candidate is not None, "genomes that do not fit are not tried"
        return candidate

    def _bound(self, genome: Genome) -> float:
        return self._fitting(genome).bound

    def _sweep(self) -> None:
        """From the fastest of each placement and urgency, as long as its bound leaves something to win."""
        leaders: dict[tuple[object, ...], Genome] = {}
        for genome in self._fastest(len(self._tried)):
            leaders.setdefault((genome.units, genome.steps_first, genome.shared), genome)
        for genome in list(leaders.values())[:LEADERS]:
            if self._value.least(self._tried[genome].candidate) * WORTH < self._best * self._slack:
                self._sweep_from(genome)

    def _sweep_from(self, genome: Genome) -> None:
        """Every other slot, cut, spilled states, use of SRAM and urgency, tile near by: each from the best so far."""
        choices = self._choices
        best = self._best_of([genome._replace(slot_kib=slot) for slot in choices.slots], genome)
        cuts = [cut for cut in choices.cuts if cut[1] in SWEPT_LANES or len(choices.lanes) == 1]
        tried = [best._replace(blocks=blocks, lanes=lanes) for blocks, lanes in cuts]
        best = self._best_of(tried, best)
        if best.steps > 1:
            near = sorted(tried, key=self._value_of)[:NEAR_CUTS]
            best = self._best_of([each._replace(head_first=head) for each in near for head in choices.heads], best)
        best = self._best_of([best._replace(spill=spill) for spill in choices.spills], best)
        best = self._best_of(list(choices.variants(best)), best)
        self._best_of([best._replace(steps=steps) for steps in self._near_tiles(best)], best)

    def _best_of(self, genomes: Sequence[Genome], best: Genome) -> Genome:
        """The best of *genomes*, which are tried, and of *best*."""
        self._try_all(genomes)
        return min([best, *genomes], key=self._value_of)

    def _value_of(self, genome: Genome) -> float:
        """Infinite for what was not tried."""
        return self._values.get(genome, inf)

    def _improves(self, *steps: Callable[[], None]) -> bool:
        """Whether one of *steps*, all of which are made, finds something better than what there is."""
        before = self._best
        for step in steps:
            step()
        return self._best < before

    def _move_units(self) -> None:
        """Every operation on every other unit, one at a time, as long as one is better there."""
        while self._improves(lambda: self._try_all(list(self._choices.moved_units(self._fastest(1)[0])))):
            pass

    def _cross(self) -> None:
        """Every cut with every tile near by, with all else as in the best."""
        best, choices = self._fastest(1)[0], self._choices
        near = self._near_tiles(best)
        cuts = [(best.blocks, best.lanes), *(cut for cut in choices.cuts if cut[1] in SWEPT_LANES)]
        self._try_all([best._replace(steps=steps, blocks=b, lanes=n) for steps in near for b, n in cuts])

    def _near_tiles(self, genome: Genome) -> list[int]:
        tiles = self._choices.tiles
        return sorted({min(tiles, key=lambda tile: abs(log(tile / (factor * genome.steps)))) for factor in NEAR_TILES})

    def _evolve(self) -> None:
        for _ in range(PROPOSALS):
            alike = self._random.random() < LIKE_PARENTS
            parents = self._fastest(PARENTS) if alike else self._fastest_of_kinds(PARENTS)
            parent = parents[min(len(parents) - 1, int(self._random.expovariate(0.4)))]
            self._try(self._choices.mutated(parent, self._random.choice((1, 1, 2, 2, 3)), self._random))

    def _fastest_of_kinds(self, count: int) -> list[Genome]:
        """The fastest of each cut and urgency, of so many of these."""
        kinds: dict[tuple[object, ...], Genome] = {}
        for genome in self._fastest(len(self._values)):
            kind = genome.blocks, genome.lanes, genome.steps_first, genome.head_first, genome.shared
            kinds.setdefault(kind, genome)
        return list(kinds.values())[:count]

    def _fastest(self, count: int) -> list[Genome]:
        return sorted(self._values, key=self._values.__getitem__)[:count]

    def _try_all(self, genomes: Iterable[Genome]) -> None:
        """Those that fit, the lowest bound first."""
        fitting = [genome for genome in dict.fromkeys(genomes) if self._space.candidate(genome) is not None]
        for genome in sorted(fitting, key=self._bound):
            self._try(genome)

    def _try(self, genome: Genome) -> None:
        """Simulate it unless its bound shows that it is not worth it, or what runs alike has been simulated."""
        candidate = self._space.candidate(genome)
        if candidate is None or genome in self._tried or self._value.least(candidate) >= self._best * self._slack:
            return
        rest = genome._replace(slot_kib=0, step_elements=0, sram_bytes=None, spare_sram="evenly")
        run = rest._replace(units=(), shared=False), candidate.cut
        if run in self._runs:
            return
        if self._tried and not self.trials.within(self._budget):
            raise _Enough
        self._runs.add(run)
        cycles = self.trials.cycles(candidate, self._value.most_cycles(candidate, self._best))
        self._tried[genome] = Tried(candidate, cycles)
        self._values[genome] = self._value.of(candidate, cycles)
        self._best = min(self._best, self._values[genome])
