"""Worked studies: shipped sweeps, what each axis buys, and the stall that decides.

python -m bench.studies [NAME ...] [--store FILE] [-o FOLDER]     those in STUDIES unless named

Writes results/studies/NAME.md and NAME.csv. A gain stands beside the least and the most that it can be with the best
mapping of every point: a run is above the bound over every mapping by a known share.
"""

from __future__ import annotations

import sys
from argparse import ArgumentParser
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

from sim import __version__
from sim.files.numbers import number
from sim.files.outputs import write_text
from sim.presentation.escaping import for_markdown
from sim.presentation.markdown import table
from sim.studies.gains import Gains, Numbered, Step, amount, gains, geometric_mean, numbered, ran
from sim.studies.points import Axis, Sweep, read_sweep
from sim.studies.store import opened
from sim.studies.sweep import Row, compute, planned
from sim.studies.table import as_csv, columns_of
from sim.studies.table import table as table_of
from sim.studies.workers import processes

TARGET = Path(__file__).parent.parent / "results" / "studies"
STUDIES = ("lanes_sram_bandwidth", "ranks", "batches")


def study(name: str, store: Path, folder: Path) -> None:
    """Run the sweep *name*, of which the *store* may know something, and write its table and its page."""
    sweep = read_sweep(name)

    def progress(done: int, needed: int) -> None:
        print(f"{name}: {done} of {needed}", end="\r", file=sys.stderr, flush=True)

    with opened(store) as kept:
        rows = compute(sweep, planned(sweep), kept, processes, progress)
    columns = columns_of(sweep, rows)
    write_text(folder / f"{name}.csv", as_csv(table_of(rows, sweep.columns, columns)))
    write_text(folder / f"{name}.md", page(name, sweep, rows))


def page(name: str, sweep: Sweep, rows: Sequence[Row]) -> str:
    """The page: for each workload, and value of other axes of words, what each other axis buys, and what binds."""
    failed = sum(1 for row in rows if row.outcome.error)
    parts = [
        f"# {for_markdown(sweep.spec.description)}",
        f"Written by `python -m bench.studies {name}`, stallscope {__version__}.",
        f"The sweep `{name}` (`python -m sim sweep {name} -o FOLDER`): {len(rows)} points, "
        f"{failed} of which cannot be run; all of them with the errors: [{name}.csv]({name}.csv).",
        "A gain is tokens a second after over before, all else equal: the geometric mean, the least and the most of "
        "all pairs. *By any mapping* is what the mean can be at least and at most if every point had its best mapping, "
        "as far as the bound over every mapping tells. *Binds* is the busiest unit and what it waits for longest, in "
        "most pairs, before and after.",
    ]
    apart = [axis for axis in sweep.axes if _is_of_kinds(axis)]
    axes = [axis for axis in sweep.axes if axis not in apart]
    of_kind: dict[str, list[Row]] = {}
    for row in rows:
        kinds = [str(row.coordinates[axis.keys[0]]) for axis in apart if len(axis.rows) > 1]
        of_kind.setdefault(", ".join(kinds), []).append(row)
    for kind, own in of_kind.items():
        parts += [f"## {for_markdown(kind) or name}", *_section(axes, own)]
    return "\n\n".join(parts) + "\n"


def _is_of_kinds(axis: Axis) -> bool:
    """Whether its values are words, such as workloads or phases, between which there is nothing to gain."""
    return len(axis.keys) == 1 and all(amount(value) is None for (value,) in axis.rows)


def _section(axes: Sequence[Axis], rows: Sequence[Row]) -> Iterator[str]:
    points = numbered(axes, rows)
    found = gains(axes, points)
    able = ran(points)
    if not able:
        yield "No point can be run."
        return
    header = ["axis", "from", "to", "pairs", "gain", "least", "most", "by any mapping", "binds before", "binds after"]
    yield table(header, [cells for each in found for cells in _steps(each)], left=3)
    yield _verdict(found)
    binds = Counter(_binding(each) for each in able)
    yield "What binds: " + ", ".join(f"{what} at {count}" for what, count in binds.most_common()) + " points."
    best = max(able, key=lambda each: each.throughput)
    keys = [key for axis in axes for key in axis.keys]
    where = ", ".join(f"{key} {best.row.coordinates[key]}" for key in keys)
    yield f"Fastest: {number(best.throughput)} tok/s at {for_markdown(where)}; {_binding(best)} binds."


def _steps(found: Gains) -> Iterator[list[str]]:
    name = ", ".join(found.axis.keys)
    for step in found.steps:
        if not step.pairs:
            continue
        least, most = _by_any_mapping(step)
        before = Counter(_binding(pair.before) for pair in step.pairs).most_common(1)[0][0]
        after = Counter(_binding(pair.after) for pair in step.pairs).most_common(1)[0][0]
        yield [
            name, _value(found.axis, step.before), _value(found.axis, step.after), str(len(step.pairs)),
            _times(step.mean), _times(step.least.gain), _times(step.most.gain), f"{_times(least)} to {_times(most)}",
            before, after,
        ]  # fmt: skip


def _verdict(found: Sequence[Gains]) -> str:
    """Which axis buys most, if that holds for every mapping; from the first value to the last."""
    whole = [each for each in found if each.whole.pairs]
    if len(whole) < 2:
        return "There is one axis, so nothing to rank."
    ranked = sorted(whole, key=lambda each: -_size(each.whole.mean))
    first, second = ranked[:2]
    least, most = _sizes(first.whole)[0], _sizes(second.whole)[1]
    names = [f"`{', '.join(each.axis.keys)}` ({_times(each.whole.mean)})" for each in ranked]
    certain = "for every mapping" if least > most else "as far as these mappings tell"
    others = ", ".join(names[1:])
    return f"From the first value to the last {names[0]} moves the throughput most, {certain}; then {others}."


def _size(gain: float) -> float:
    """How far a gain is from none, whichever way."""
    return max(gain, 1 / gain)


def _sizes(step: Step) -> tuple[float, float]:
    """The least and the most that a gain's size can be by any mapping."""
    least, most = _by_any_mapping(step)
    return (1.0 if least <= 1 <= most else min(_size(least), _size(most))), max(_size(least), _size(most))


def _by_any_mapping(step: Step) -> tuple[float, float]:
    least = geometric_mean([pair.gain / _room(pair.before) for pair in step.pairs])
    return least, geometric_mean([pair.gain * _room(pair.after) for pair in step.pairs])


def _room(point: Numbered) -> float:
    """How many times as fast the best mapping can be."""
    return 1 + max(0.0, point.above_any_mapping or 0.0)


def _binding(point: Numbered) -> str:
    unit, reason = point.binding
    return f"{unit} ({reason})" if reason else unit


def _value(axis: Axis, row: int) -> str:
    return for_markdown(", ".join(map(str, axis.rows[row])))


def _times(gain: float) -> str:
    return f"{gain:.2f}x"


def main() -> None:
    """Write the pages."""
    parser = ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", default=STUDIES)
    parser.add_argument("--store", type=Path, default=Path("studies.sqlite"))
    parser.add_argument("-o", "--output", type=Path, default=TARGET)
    arguments = parser.parse_args()
    arguments.output.mkdir(parents=True, exist_ok=True)
    for name in arguments.names:
        study(name, arguments.store, arguments.output)


if __name__ == "__main__":
    main()
