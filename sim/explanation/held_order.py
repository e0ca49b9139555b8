"""A job whose requests keep their order: how its makespan depends on how long some of them take.

Durations of a class take (1 + x) times as long. In the order that is kept the makespan of a run is a convex function of
x, of straight lines; where one ends is found by intersecting tangents, and so without sampling (Eisner and Severance,
JACM 23, 1976). The makespan of a job is a sum of such functions, one for each run that it takes, with the counts by
which few layers tell of all (sim/accounting/scaling.py).
"""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Final, NamedTuple

from hw.unit_names import DMA
from sim.accounting.fixed_order import FixedOrder, fixed_order
from sim.accounting.moments import PARTS, REST, TAIL, WORK
from sim.accounting.order_recorder import OrderRecorder
from sim.accounting.scaling import lengths
from sim.execution.run import run_program
from sim.explanation.elasticity import Duration, Part
from sim.explanation.findings import WORTH_NAMING
from sim.lowering.program import StreamPlan
from sim.lowering.section import Section
from sim.simulation import Job, runs_of

FASTER: Final = -1
SLOWER: Final = 1
PLACES: Final[dict[Part, int]] = {"work": WORK, "rest": REST, "tail": TAIL}
MOST: Final = 1 << 62  # parts of a cycle that a time can count
STEPS: Final = 40  # of a search for where a line has left the makespan, at most
NEAR: Final = 100  # such a search ends so many times nearer than what is looked for


class Recorded(NamedTuple):
    """A run of a *section*, in its *order*; a job's makespan counts it so many *times*."""

    section: Section
    order: FixedOrder
    times: int

    def label(self, plan: StreamPlan) -> str:
        """The name of a stream in results."""
        return f"{self.section.prefix}{plan.name}"


class Bend(NamedTuple):
    """At which *change* something ends, and what then gains critical time."""

    change: Fraction
    gains: str


def counts(layers: int, simulated: int | None) -> tuple[int, ...]:
    """How often each of the runs of :func:`lengths` counts in the makespan of all *layers*.

    >>> counts(48, 2), counts(48, 1), counts(48, None)
    ((47, -46), (48,), (1,))
    """
    few = lengths(layers, simulated)
    more = layers - few[0]
    return (1 + more, -more) if len(few) > 1 else (1 + more // few[0],)


def record(job: Job, simulate_layers: int | None) -> list[Recorded]:
    """Every run that *job* takes if *simulate_layers* are simulated, all if None, in its order."""
    found = []
    for section, parts in zip(job.sections, runs_of(job, simulate_layers), strict=True):
        for part, times in zip(parts, counts(section.program.layers, simulate_layers), strict=True):
            recorder = OrderRecorder()
            recorder.begin(part, 0)
            run_program(part.program, job.machine, stride="tile", observer=recorder)
            found.append(Recorded(part, fixed_order(part.program, job.machine, recorder), times * section.stack.times))
    return found


@dataclass(frozen=True)
class _Scaled:
    """A run of which the parts of some streams are scaled."""

    run: Recorded
    scaled: array[int]

    @property
    def cycles(self) -> int:
        """What is scaled takes so long in all."""
        every = self.run.order.cycles.tolist()
        return sum(cycles for cycles, one in zip(every, self.scaled, strict=True) if one)

    def time(self, change: Fraction, side: int) -> tuple[Fraction, int]:
        """The makespan with a *change*, and its derivative to the *side*."""
        timed = self.run.order.timed
        timed.scale(self.scaled)
        makespan = timed.makespan(change.numerator, change.denominator, side)
        return Fraction(makespan, change.denominator), timed.rate

    def path(self, change: Fraction, side: int) -> Counter[str]:
        """What lies on the longest path with a *change*, to the *side*: unscaled cycles by label."""
        self.time(change, side)
        spent = self.run.order.timed.path()
        found: Counter[str] = Counter()
        for rank, plan in enumerate(self.run.order.program.streams):
            for part, place in PLACES.items():
                stream = self.run.label(plan) if part == "work" else ""
                found[Duration(plan.unit, stream, part).label] += spent[PARTS * rank + place]
        return found

    def bend(self, limit: int) -> Bend | None:
        """Where the line that the makespan follows at 0 ends on the way to *limit*; None if it does not."""
        start, slope = self.time(Fraction(0), limit)
        most = max(1, MOST // (2 * max(1, int(start))))
        change = Fraction(limit)
        while True:
            time, steepness = self.time(change, -limit)
            if time == start + slope * change:
                break
            crossing = (time - steepness * change - start) / (slope - steepness)
            crossing = crossing.limit_denominator(most)
            if abs(crossing) >= abs(change):
                break
            change = crossing
        if change == limit:
            return None
        return Bend(change, _gain(self.path(change, -limit), self.path(change, limit)))


class Scaling:
    """The makespan of a job's *runs* as a function of how long some durations of theirs take.

    ``makespan`` is what it is now, ``cycles`` how long these durations are in all.
    """

    def __init__(self, runs: Sequence[Recorded], duration: Duration) -> None:
        every = [_Scaled(run, _scaled(run, duration)) for run in runs]
        self._runs = [each for each in every if each.cycles]
        self._others = sum(each.run.times * each.run.order.makespan for each in every if not each.cycles)
        self.cycles = sum(each.run.times * each.cycles for each in self._runs)
        self.makespan = sum(run.times * run.order.makespan for run in runs)

    def time(self, change: Fraction) -> Fraction:
        """The makespan with the durations changed by a share *change*."""
        return self._at(change, SLOWER)[0]

    def slope(self, side: int) -> int:
        """By how many cycles the makespan changes for a *change* of 1, at 0, to the *side*."""
        return self._at(Fraction(0), side)[1]

    def bend(self, side: int) -> Bend | None:
        """The first bend of any of the runs; None if there is none before durations are zero, or twice as long."""
        bends = [bend for each in self._runs if (bend := each.bend(side)) is not None]
        return min(bends, key=lambda bend: abs(bend.change), default=None)

    def leaves(self, side: int) -> Bend | None:
        """Where the line that the makespan follows at 0 is off by what is worth naming; None if it is not before."""
        slope, allowed = self.slope(side), WORTH_NAMING * self.makespan
        near, far = 0.0, float(side)
        change = far
        for step in range(STEPS):
            exact = Fraction(change).limit_denominator(1 << 20)
            time, steepness = self._at(exact, -side)
            off = float(abs(time - self.makespan - slope * exact))
            if not step and off <= allowed:
                return None
            if abs(off - allowed) <= allowed / NEAR:
                break
            near, far = (change, far) if off < allowed else (near, change)
            faster = abs(steepness - slope)
            change = change - side * (off - allowed) / faster if faster else near
            if not min(near, far) < change < max(near, far):
                change = (near + far) / 2
        return Bend(exact, _gain(self._path(Fraction(0), side), self._path(exact, side)))

    def _at(self, change: Fraction, side: int) -> tuple[Fraction, int]:
        times = [(each.run.times, *each.time(change, side)) for each in self._runs]
        return sum((n * time for n, time, _ in times), Fraction(self._others)), sum(n * rate for n, _, rate in times)

    def _path(self, change: Fraction, side: int) -> Counter[str]:
        found: Counter[str] = Counter()
        for each in self._runs:
            for label, cycles in each.path(change, side).items():
                found[label] += each.run.times * cycles
        return found


def _gain(before: Counter[str], after: Counter[str]) -> str:
    """What has gained the most; nothing where nothing has gained."""
    gains = {label: cycles - before[label] for label, cycles in after.items()}
    most = max(gains, key=gains.__getitem__, default="")
    return most if gains.get(most, 0) > 0 else ""


def _scaled(run: Recorded, duration: Duration) -> array[int]:
    """For each part of each stream of *run*, whether it belongs to *duration*."""
    plans = run.order.program.streams
    return array("q", [int(each) for plan in plans for each in _parts(run, plan, duration)])


def _parts(run: Recorded, plan: StreamPlan, duration: Duration) -> Iterator[bool]:
    whose = covers(duration, plan.unit, run.label(plan))
    return (whose and (not duration.unit or PLACES[duration.part] == place) for place in range(PARTS))


def covers(duration: Duration, unit: str, stream: str) -> bool:
    """Whether *duration* is about requests of that *stream* of that *unit*."""
    if duration.unit:
        return unit == duration.unit and duration.stream in ("", stream)
    return unit != DMA
