"""Explanations and comparisons as Markdown: what the terminal shows, and what a file can keep."""

from __future__ import annotations

import re
from collections.abc import Sequence

from sim.accounting.layers import layers_of_all, layers_run, layers_told, not_the_model
from sim.accounting.result import Result
from sim.explanation.compare import ComparedRun, Comparison
from sim.explanation.elasticity import Sensitivities, Sensitivity, Side
from sim.explanation.findings import Explanation, Range, repeating
from sim.files.numbers import count, joules, number, percent, plural, rough, scaled
from sim.presentation.critical_path import spent_by_class
from sim.presentation.escaping import code_for_markdown, for_markdown
from sim.presentation.stalls import listed
from sim.presentation.titles import busy_title, title

ANY_SCHEDULE = "any schedule near the best"
BAR = 30  # characters of the longest bar
_BAR = re.compile(r"(?<!\\)\|")
LEAST = 0.0005  # of the time: what is less stands in no table


def explanation(found: Explanation) -> str:
    """The whole explanation."""
    result = found.result
    parts = [
        f"# {for_markdown(f'{result.workload} on {result.machine}')}: where the time goes",
        f"{code_for_markdown(found.command)}, version {for_markdown(result.version)}",
        for_markdown(found.words),
        f"{for_markdown(result.phase.capitalize())}, {plural(result.tokens, 'token')}, "
        f"{_pace(result)} tok/s; {layers_told(result)}. {_schedule(result)}.",
        "## From the roofline to the simulated time",
        _ladder(found),
        "A rung switches one effect on, after all those above it, and runs the same schedule again. The first rung has "
        "all of them ideal.",
        "## What would help",
        _what_ifs(found),
        *(
            [
                f"Where no mapping is set, it is that of the schedule explained: "
                f"{code_for_markdown(repeating((), found.mappings))}."
            ]
            if len(found.mappings) == 1
            else []
        ),
        "Makespan now over makespan then. The same schedule keeps placement, tiles and order; a new one is chosen for "
        "the changed machine. A change alone may slow a schedule down that was chosen without it."
        + (
            " *Any schedule near the best* is what a schedule gains that is kept, the least and the most."
            if found.near
            else ""
        ),
        *_together(found),
        *_near(found),
        "## Critical path",
        _path(result),
        *([] if found.sensitivities is None else _sensitivities(found.sensitivities)),
        "## Where the cycles of each unit went",
        _units(result),
    ]
    return "\n\n".join(parts) + "\n"


def comparison(found: Comparison) -> str:
    """The whole comparison."""
    parts = [
        "# " + ", ".join(_names(found)),
        *([code_for_markdown(found.command)] if found.command else []),
        for_markdown(found.words),
        for_markdown(layers_of_all({f"{run.workload} on {run.machine}": run for run in found.runs})) + ".",
        "## Side by side",
        _side_by_side(found),
        "## Cycles a token and layer, by what is on the critical path",
        decomposed(found),
        "A column sums to its run's time; the difference of two columns, row by row, is where the difference of their "
        "runs comes from.",
    ]
    return "\n\n".join(parts) + "\n"


def table(header: Sequence[str], rows: Sequence[Sequence[str]], left: int = 1) -> str:
    """A Markdown table whose first *left* columns are text and whose others are numbers.

    Cells are Markdown, but for bars, which would end them: these are escaped.
    """
    rule = ["---"] * left + ["--:"] * (len(header) - left)
    return "\n".join("| " + " | ".join(_BAR.sub(r"\|", cell) for cell in row) + " |" for row in (header, rule, *rows))


def _pace(run: Result | ComparedRun) -> str:
    """Tokens a second, and of which layers if they are not the model's."""
    cut = not_the_model(run)
    return number(run.tokens_per_second) + (f" ({cut})" if cut else "")


def _schedule(result: Result) -> str:
    return "; ".join(
        f"{for_markdown(which)}: {tiles}" if which else tiles.capitalize()
        for which, mapping in result.mappings.items()
        for cut in [f"{plural(mapping.blocks, 'block')} x {plural(mapping.lanes, 'lane')}"]
        for tiles in [f"tiles of {plural(mapping.token_tile, 'token')}, {cut}"]
    )


def _ladder(found: Explanation) -> str:
    total, scale = found.result.makespan_cycles, found.result.tokens * found.result.layers
    longest = max(abs(rung.added_cycles) for rung in found.rungs)
    rows = []
    for place, rung in enumerate(found.rungs):
        added = percent(rung.added_cycles / total, "+") if place else ""
        bar = "█" * round(BAR * abs(rung.added_cycles) / longest) if place else "░" * round(BAR * rung.cycles / longest)
        near = [_shares(found.shares(rung)) if place else ""] if found.near else []
        rows.append([for_markdown(rung.description), bar, f"{rung.cycles / scale:,.0f}", added, *near])
    rows.append(["**simulated**", "", f"**{total / scale:,.0f}**", "", *([""] if found.near else [])])
    header = ["switched on", "", "cycles a token and layer", "added, of the time"]
    return table([*header, *([ANY_SCHEDULE] if found.near else [])], rows, left=2)


def _shares(share: Range) -> str:
    return f"{percent(share.least, '+')} to {percent(share.most, '+')}"


def _what_ifs(found: Explanation) -> str:
    rows = [
        [
            for_markdown(what_if.name),
            code_for_markdown(found.options(what_if)),
            _factor(what_if.same_schedule),
            _factor(what_if.new_schedule),
            *([_factors(what_if.kept)] if found.near else []),
        ]
        for what_if in found.what_ifs
    ]
    header = ["change", "repeat it with", "same schedule", "new schedule"]
    return table([*header, *([ANY_SCHEDULE] if found.near else [])], rows, left=2)


def _factors(gain: Range | None) -> str:
    return "" if gain is None else f"{gain.least:.3f}x to {gain.most:.3f}x"


def _together(found: Explanation) -> list[str]:
    """Two changes at a time."""
    rows = [
        [for_markdown(" and ".join(pair.names)), code_for_markdown(pair.options),
         _factor(pair.new_schedule), _factor(pair.product)]
        for pair in found.pairs
    ]  # fmt: skip
    header = ["changes", "repeat them with", "together", "product of what each buys alone"]
    return ["## Two changes together", table(header, rows, left=2)] if rows else []


def _near(found: Explanation) -> list[str]:
    """The schedules near the best."""
    rows = [
        [code_for_markdown(repeating((), each.mappings)), f"{each.of_explained:.4f}x",
         *(f"{share:.1%}" for share in each.busy.values())]
        for each in found.near
    ]  # fmt: skip
    header = ["mapping", "time, of the one explained", *(for_markdown(busy_title(unit)) for unit in found.result.busy)]
    return ["## Other schedules near the best", table(header, rows)] if rows else []


def _share(value: float | None) -> str:
    return "" if value is None else f"{value:.1%}"


def _factor(speedup: float | None) -> str:
    return "" if speedup is None else f"{speedup:.3f}x"


def _path(result: Result) -> str:
    rows = []
    for (unit, kind), spent in spent_by_class(result).items():
        cycles = sum(spent.values())
        if cycles >= LEAST * result.makespan_cycles:
            on = sorted(spent.items(), key=lambda item: -item[1])
            rows.append([for_markdown(unit), for_markdown(kind), _percent(cycles, result), _named(on, cycles)])
    because: dict[str, int] = {}
    for part in result.critical_path or ():
        because[part.because] = because.get(part.because, 0) + part.cycles
    why = [(reason or "end", cycles) for reason, cycles in sorted(because.items(), key=lambda item: -item[1])]
    links = f"What the next request on the path waited for: {_named(why, result.makespan_cycles)}."
    return table(["unit", "operations", "of the time", "spent on"], rows, left=2) + "\n\n" + links


def _sensitivities(found: Sensitivities) -> list[str]:
    """What a percent of each class is worth, and what more than that."""
    return [
        "## What a percent is worth",
        for_markdown(found.words),
        elasticities(found),
        "Elasticity: percent of the time for a percent of what takes it, with the order of requests kept. It is "
        "exact for changes within the next column, and right to a percent of the time as far as the columns after "
        "say; by then what they name has become critical.",
        changed_durations(found),
        "By how much the time changes if something takes so much shorter or longer: in the order that is kept, and "
        "*free*, run again with units that choose anew.",
    ]


def elasticities(found: Sensitivities) -> str:
    """A row for each class that matters: how long it is, what a percent of it is worth, and until when."""
    rows = [
        [
            for_markdown(each.duration.label),
            _share(each.cycles / found.makespan_cycles),
            _elasticity(each),
            f"{_until(each.faster.exact_until, -1)} to {_until(each.slower.exact_until, 1)}",
            _right(each.faster, -1),
            _right(each.slower, 1),
        ]
        for each in found.classes
        if each.matters
    ]
    return table(["what", "of the time", "elasticity", "exact", "right if faster", "right if slower"], rows)


def changed_durations(found: Sensitivities) -> str:
    """A row for each class that matters: what becomes of the time with each change, in order and free."""
    matter = [each for each in found.classes if each.matters]
    changes = [point.change for each in matter[:1] for point in each.points]
    again = {point.change for each in matter for point in each.points if point.free is not None}
    header = ["what"]
    for change in changes:
        header += [f"{change:+.0%}", *([f"{change:+.0%}, free"] if change in again else [])]
    rows = []
    for each in matter:
        row = [for_markdown(each.duration.label)]
        for point in each.points:
            free = "" if point.free is None else percent(point.free, "+")
            row += [percent(point.held, "+"), *([free] if point.change in again else [])]
        rows.append(row)
    return table(header, rows)


def _elasticity(each: Sensitivity) -> str:
    """One figure where both sides have the same."""
    faster, slower = (f"{side.elasticity:.3f}" for side in (each.faster, each.slower))
    return faster if faster == slower else f"{faster} faster, {slower} slower"


def _until(change: float | None, most: int) -> str:
    return f"{most:+.0%}" if change is None else percent(change, "+")


def _right(side: Side, most: int) -> str:
    then = f": {for_markdown(side.leaves_to)}" if side.leaves_to else ""
    return f"to {_until(side.right_until, most)}{then}"


def _named(parts: Sequence[tuple[str, int]], whole: int) -> str:
    shown = [(name, cycles) for name, cycles in parts if cycles >= 10 * LEAST * whole]
    return ", ".join(f"{for_markdown(title(name))} {cycles / whole:.0%}" for name, cycles in shown)


def _percent(cycles: int, result: Result) -> str:
    return percent(cycles / result.makespan_cycles)


def _units(result: Result) -> str:
    rows = []
    for name, account in result.units.items():
        if name.startswith("sram"):
            continue
        stalls = listed(name, account.stalls, result)
        split = (account.useful_cycles, account.edge_cycles, account.fill_drain_cycles)
        rows.append(
            [for_markdown(name), _named(stalls, result.makespan_cycles), *(_percent(part, result) for part in split)]
        )
    return table(["unit", "stalls", "useful", "edges", "fill and drain"], rows, left=2)


def _side_by_side(found: Comparison) -> str:
    rows = [
        ["layers", *map(layers_run, found.runs)],
        ["tok/s", *(_pace(run) for run in found.runs)],
        ["cycles a token and layer", *(f"{run.cycles_per_token_layer:,.0f}" for run in found.runs)],
        ["of the paper's roofline", *(f"{run.of_roofline:.0%}" for run in found.runs)],
        ["energy a token", *(joules(run.energy_mj_per_token / 1000) for run in found.runs)],
        *_energy_ends(found),
        ["operations a token", *(count(round(run.ops_per_token)) for run in found.runs)],
        ["DRAM traffic a token", *(scaled(run.dram_bytes_per_token, "B", 0) for run in found.runs)],
        *(
            [for_markdown(busy_title(unit)), *(_share(run.busy.get(unit)) for run in found.runs)]
            for unit in found.units
        ),
    ]
    return table(["", *_names(found)], rows)


def _energy_ends(found: Comparison) -> list[list[str]]:
    """What the energy may be by low and by high figures."""
    ends = {run.label: (run.low, run.high) for run in found.energy.runs} if found.energy else {}
    cells = [" to ".join(joules(end / 1000) for end in ends[run.label]) for run in found.runs if ends]
    return [["by low to high figures", *cells]] if ends else []


def _names(found: Comparison) -> list[str]:
    return [for_markdown(run.label) for run in found.runs]


def decomposed(found: Comparison) -> str:
    """Cycles a token and layer by part of the critical path, a column a run, then the differences to the first."""
    rows = []
    for row in found.rows:
        cells = [rough(cycles) for cycles in row.cycles]
        cells += [rough(cycles - row.cycles[0], "+") for cycles in row.cycles[1:]]
        rows.append([for_markdown(f"{row.operation_class} on {row.unit}"), *cells])
    sums = [run.cycles_per_token_layer for run in found.runs]
    rows.append(["**all**", *(f"**{s:,.0f}**" for s in sums), *(f"**{s - sums[0]:+,.0f}**" for s in sums[1:])])
    names = _names(found)
    return table(["", *names, *(f"{name} - {names[0]}" for name in names[1:])], rows)
