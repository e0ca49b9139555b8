"""By how much a run gets faster if some of it does: derivatives of the makespan, from one recorded run.

With the order of requests kept, on every unit, the makespan is the longest of many paths, and its derivative by how
long a class of requests takes is what of the class lies on it. Classes are the requests of each stream, of each unit
and of all compute units; what passes until results are there; and what banks and DRAM add. What a unit that may choose
anew makes of faster or slower requests is another question: where it matters the run is made again, and both stand side
by side.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction
from typing import Final

from hw.mac_array import MacArraySpec
from hw.machine import MachineSpec
from hw.unit_names import DMA
from sim.execution.estimate import Estimate
from sim.explanation.elasticity import Duration, Part, Point, Sensitivities, Sensitivity, Side
from sim.explanation.findings import WORTH_NAMING
from sim.explanation.held_order import FASTER, SLOWER, Recorded, Scaling, record
from sim.explanation.rescaled import rerun_cycles
from sim.explanation.sensitivity_words import told
from sim.files.limits import LIMITS, Limits
from sim.files.progress import ProgressCallback
from sim.simulation import Job, planned

TRIED: Final = tuple(Fraction(percent, 100) for percent in (-50, -10, 10, 50))  # changes
RERUN: Final = TRIED[1:3]
REQUEST_BYTES: Final = 600  # for what is kept of a request, and while it is put in order


def sensitivities(
    job: Job,
    simulate_layers: int | None = 2,
    *,
    rerun: Sequence[Fraction] = RERUN,
    progress: ProgressCallback | None = None,
    limits: Limits = LIMITS,
) -> Sensitivities:
    """How the makespan of *job* depends on every class of durations, most on the first.

    So many layers are recorded, all if None. The changes *rerun* are run again for units, and for streams that are
    worth it. *progress* is called with (classes done, classes). Raises InputError for more than the *limits*.

    >>> from sim.simulation import prepare
    >>> found = sensitivities(prepare("mamba2", "edge", ["layers=1", "sequence_length=32"]), rerun=())
    >>> found.lagging, found.of("simd").keys, round(found.of("simd").faster.elasticity, 2)
    (0, ['simd.lanes'], 0.06)
    """
    expected(job, simulate_layers).check(limits)
    runs = record(job, simulate_layers)
    wanted = list(dict.fromkeys(_durations(runs)))
    found = []
    for number, duration in enumerate(wanted):
        scaling = Scaling(runs, duration)
        if scaling.cycles:
            found.append(_sensitivity(job, runs, duration, scaling, rerun))
        if progress is not None:
            progress(number + 1, len(wanted))
    known = Sensitivities(
        makespan_cycles=sum(run.times * run.order.makespan for run in runs),
        simulated_layers=simulate_layers,
        requests=sum(run.order.requests for run in runs),
        lagging=sum(run.order.lagging for run in runs),
        classes=sorted(found, key=lambda each: -each.largest),
    )
    return known.model_copy(update={"words": told(known)})


def expected(job: Job, simulate_layers: int | None) -> Estimate:
    """What the recording takes: all requests are kept until the last class has been looked at."""
    work = planned(job, simulate_layers)
    return work._replace(memory_bytes=work.memory_bytes + REQUEST_BYTES * work.requests)


def _durations(runs: Sequence[Recorded]) -> Iterator[Duration]:
    """All classes: of all compute units, of units, of streams."""
    yield Duration("", "", "work")
    parts: tuple[Part, ...] = ("work", "rest", "tail")
    for run in runs:
        for plan in run.order.program.streams:
            yield from (Duration(plan.unit, "", part) for part in parts)
            yield Duration(plan.unit, run.label(plan), "work")


def _sensitivity(
    job: Job, runs: Sequence[Recorded], duration: Duration, scaling: Scaling, rerun: Sequence[Fraction]
) -> Sensitivity:
    faster, slower = (_side(scaling, side) for side in (FASTER, SLOWER))
    worth = not duration.stream or max(faster.elasticity, slower.elasticity) >= WORTH_NAMING
    points = [_point(job, runs, duration, scaling, change, worth and change in rerun) for change in TRIED]
    return Sensitivity(
        unit=duration.unit,
        stream=duration.stream,
        part=duration.part,
        keys=keys(job.machine, duration),
        cycles=scaling.cycles,
        faster=faster,
        slower=slower,
        points=points,
    )


def _side(scaling: Scaling, side: int) -> Side:
    bend, leaves = scaling.bend(side), scaling.leaves(side)
    return Side(
        elasticity=scaling.slope(side) / scaling.makespan,
        exact_until=None if bend is None else float(bend.change),
        bends_to="" if bend is None else bend.gains,
        right_until=None if leaves is None else float(leaves.change),
        leaves_to="" if leaves is None else leaves.gains,
    )


def _point(
    job: Job, runs: Sequence[Recorded], duration: Duration, scaling: Scaling, change: Fraction, again: bool
) -> Point:
    cycles = rerun_cycles(job, runs, duration, change) if again else None
    return Point(
        change=float(change),
        held=float(scaling.time(change) / scaling.makespan - 1),
        free=None if cycles is None else cycles / scaling.makespan - 1,
    )


def keys(machine: MachineSpec, duration: Duration) -> list[str]:
    """The keys of *machine* that scale all durations of a class, and nothing else, as far as edges let them.

    More lanes, PEs, channels, and a higher clock make them shorter; a deeper pipeline makes its latency longer.
    """
    unit, stream, part = duration
    if stream or part == "rest":
        return []
    if not unit:
        return ["clock"]
    if unit == DMA:
        return ["dram.channels"] if part == "work" else []
    key, array = machine.key(unit), isinstance(machine.compute[unit], MacArraySpec)
    if part == "tail":
        return [] if array else [f"{key}.pipeline_depth"]
    return [f"{key}.rows", f"{key}.columns"] if array else [f"{key}.lanes"]
