"""What a percent of each unit and stream is worth, and how far that can be trusted: writes results/sensitivity.md.

python -m bench.sensitivity [--seq-len L] [-o FILE.md]     the shipped sizes unless others are given
"""

from __future__ import annotations

import sys
from argparse import ArgumentParser
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from statistics import median
from time import perf_counter

from bench.explain import LAYERS, MODELS
from sim import __version__
from sim.explanation.elasticity import Point, Sensitivities, Sensitivity
from sim.explanation.findings import WORTH_NAMING
from sim.explanation.held_order import Recorded, record
from sim.explanation.rescaled import rerun_cycles
from sim.explanation.sensitivity import TRIED, sensitivities
from sim.files.numbers import percent
from sim.files.outputs import write_text
from sim.presentation.escaping import for_markdown
from sim.presentation.markdown import changed_durations, elasticities, table
from sim.simulation import Job, makespan_cycles, prepare

TARGET = Path(__file__).parent.parent / "results" / "sensitivity.md"
MACHINE = "edge"
SMALL_CHANGE = Fraction(2, 100)
SMALL = percent(float(SMALL_CHANGE))
WORKLOADS = ("mamba1", "mamba2_ssd", MODELS[-1])


@dataclass(frozen=True)
class Row:
    """A workload, what was found, and how: seconds to record and to analyse, and moments that came out otherwise."""

    workload: str
    found: Sensitivities
    moments_off: int
    jumps: tuple[float, ...]
    makespan_off: int
    record_seconds: float
    analysis_seconds: float


def measured(workload: str, assignments: Sequence[str] = ()) -> Row:
    """Everything about *workload*: analysed once without reruns, for the time, and once with them."""
    job = prepare(workload, MACHINE, assignments)
    begun = perf_counter()
    runs = record(job, LAYERS)
    recorded = perf_counter()
    off = 0
    for run in runs:
        run.order.timed.makespan(0, 1, 1)
        off += int((run.order.timed.times() != run.order.recorded).sum())
    start = perf_counter()
    plain = sensitivities(job, LAYERS, rerun=())
    analysed = perf_counter() - start
    makespan_off = plain.makespan_cycles - makespan_cycles(job, LAYERS)
    found = sensitivities(job, LAYERS, rerun=TRIED)
    print(workload, f"{recorded - begun:.2f} s", f"{analysed:.2f} s", file=sys.stderr, flush=True)
    jumps = tuple(_small_changes(job, runs, plain))
    return Row(workload, found, off, jumps, makespan_off, recorded - begun, analysed - (recorded - begun))


def _small_changes(job: Job, runs: Sequence[Recorded], found: Sensitivities) -> Iterator[float]:
    """By how much of the makespan runs with a small change of one stream are above the line."""
    now = found.makespan_cycles
    for each in found.classes:
        if each.stream and each.cycles >= WORTH_NAMING * now:
            for change, side in ((-SMALL_CHANGE, each.faster), (SMALL_CHANGE, each.slower)):
                cycles = rerun_cycles(job, runs, each.duration, change)
                assert cycles is not None, "streams can be run again"
                yield cycles / now - 1 - side.elasticity * float(change)


def page(rows: Sequence[Row], command: str) -> str:
    """The page about *rows*, which *command* makes."""
    parts = [
        "# What a percent is worth",
        f"Written by `{command}`, stallscope {__version__}: `explain --sensitivity` for three models on hw/{MACHINE}, "
        f"{LAYERS} layers simulated ([docs/sensitivity.md](../docs/sensitivity.md) says what the figures mean).",
        "## How far to trust them",
        "*Off* is how many starts, ends and results come out at another cycle if requests are timed anew in the "
        "recorded order with nothing changed, and by how many cycles the makespan does. *Unexplained* requests started "
        "later than all that they are known to wait for. Seconds depend on the computer.",
        table(
            ["workload", "requests", "moments off", "makespan off", "unexplained", "s to record", "s to analyse"],
            [_facts(row) for row in rows],
        ),
        "With durations changed a unit that may choose starts requests in another order. By how much of the makespan "
        "a foretold makespan is above one that was run again, at worst over units and over streams with an elasticity "
        "of 0.01 or more, and for which; in brackets the median. First what the *line* says, the elasticity times the "
        "change; then the order that is *kept*, timed anew.",
        table(
            ["workload", "by", *(f"{float(change):+.0%}" for change in TRIED)],
            [cells for row in rows for cells in (_errors(row, "line", _by_line), _errors(row, "kept", _by_order))],
            left=2,
        ),
        f"A schedule is *fragile* if changes too small to matter make it jump. Of runs with one stream {SMALL} slower "
        "or faster, of streams that take a percent of the time or more: how many are a percent of the makespan or more "
        "from the line, and the farthest.",
        table(["workload", "runs", "far from the line", "farthest"], [_jumps(row) for row in rows]),
    ]
    for row in rows:
        parts += [f"## {row.workload}", for_markdown(row.found.words)]
        parts += [elasticities(row.found), changed_durations(row.found)]
    return "\n\n".join(parts) + "\n"


def _facts(row: Row) -> list[str]:
    found = row.found
    return [
        row.workload, f"{found.requests:,}", f"{row.moments_off}", f"{row.makespan_off}", f"{found.lagging}",
        f"{row.record_seconds:.1f}", f"{row.analysis_seconds:.1f}",
    ]  # fmt: skip


def _jumps(row: Row) -> list[str]:
    far = sum(abs(jump) >= WORTH_NAMING for jump in row.jumps)
    return [row.workload, f"{len(row.jumps)}", f"{far}", percent(max(row.jumps, key=abs), "+")]


def _errors(row: Row, name: str, foretold: Callable[[Sensitivity, Point], float]) -> list[str]:
    cells = [row.workload, name]
    for place in range(len(TRIED)):
        errors: dict[str, float] = {}
        for each in row.found.classes:
            point = each.points[place]
            if each.part == "work" and point.free is not None:
                errors[each.duration.label] = foretold(each, point) - point.free
        worst = max(errors, key=lambda label: abs(errors[label]))
        middle = median(map(abs, errors.values()))
        cells.append(f"{percent(errors[worst], '+')} {for_markdown(worst)} ({percent(middle)})")
    return cells


def _by_line(each: Sensitivity, point: Point) -> float:
    return point.change * (each.slower if point.change > 0 else each.faster).elasticity


def _by_order(each: Sensitivity, point: Point) -> float:
    return point.held


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure everything and write the page."""
    parser = ArgumentParser(prog="python -m bench.sensitivity")
    parser.add_argument("--seq-len", type=int)
    parser.add_argument("-o", "--output", type=Path, default=TARGET)
    given = parser.parse_args(arguments)
    sizes = [] if given.seq_len is None else [f"sequence_length={given.seq_len}"]
    command = "python -m bench.sensitivity" + ("" if given.seq_len is None else f" --seq-len {given.seq_len}")
    write_text(given.output, page([measured(workload, sizes) for workload in WORKLOADS], command))


if __name__ == "__main__":
    main()
