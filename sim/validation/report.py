"""The comparisons with reference data for people: a page, a figure, and a table for the terminal.

The same cases give the same bytes: no date, no random ids, no time taken.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from io import StringIO
from math import inf
from textwrap import fill

import matplotlib
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter
from rich.table import Table

from sim.validation.cases import Case, Summary, grouped, summarise
from sim.validation.coverage import UNCOVERED, covers
from sim.version import __version__

_MOST_ROWS = 10  # of a group's cases
_MOST_MARKS, _DPI = 20, 150  # of a group that are drawn as curves; more are a picture in the figure
_MARKS = ("o", "s", "^", "D", "v", "P", "X", "*")
_COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#56b4e9", "#e69f00", "#000000", "#999999")
_BAND = "#dddddd"
_PANEL_WIDTH, _HEIGHT, _LEAST_SPAN = 5.0, 6.4, 0.01  # inches, inches, relative error
_LABEL_WIDTH = 48  # characters of a line below a panel
_MOST_POINTS, _CROWD = 100, 8  # of a group in the figure; groups of a suite that have numbers instead of names below
_STRIP, _LINE = 0.9, 55  # part of a group's place that its cases fill; letters that fit under a panel


def as_markdown(cases: Sequence[Case], suite: str, skipped: Mapping[str, str] | None = None) -> str:
    """The page on *cases*, those of the suite called *suite* or of all; *skipped* are suites, and why."""
    command = "python -m sim validate" + ("" if suite == "all" else f" {suite}")
    lines = [
        "# Validation",
        "",
        f"Written by `{command}`, stallscope {__version__}. What each suite compares, and how: sim/validation/.",
        "Errors are relative to the reference; a tolerance is the greatest that the model claims. What the evidence is",
        "worth: docs/evidence.md.",
        "",
        *_summary_lines(summarise(cases)),
        "",
        *(f"Skipped: {name}, which {why}." for name, why in (skipped or {}).items()),
        *([""] if skipped else []),
        *_uncovered_lines(),
        "",
        "![Predicted against reference](validation.svg)",
    ]
    for name in dict.fromkeys(case.suite for case in cases):
        members = [case for case in cases if case.suite == name]
        lines += ["", f"## {name}"]
        for (_, group), of_group in grouped(members).items():
            lines += ["", f"### {name}: {group}", "", *_case_lines(of_group)]
    return "\n".join(lines) + "\n"


def _summary_lines(summaries: Sequence[Summary]) -> list[str]:
    return [
        "| suite | group | cases | worst error | median error | tolerance | verdict | what it covers |",
        "|---|---|--:|--:|--:|--:|---|---|",
        *(f"| {each.suite} | {' | '.join(_cells(each))} | {covers(each.suite, each.group)} |" for each in summaries),
    ]


def _uncovered_lines() -> list[str]:
    return ["No evidence covers:", "", *(f"- {each}" for each in UNCOVERED)]


def _cells(summary: Summary) -> tuple[str, ...]:
    return (
        summary.group,
        str(summary.cases),
        f"{100 * summary.worst:.2f} %",
        f"{100 * summary.median:.2f} %",
        "none" if summary.tolerance == inf else f"{100 * summary.tolerance:.2f} %",
        f"{summary.broken} {summary.verdict}" if summary.broken else summary.verdict,
    )


def _case_lines(cases: Sequence[Case]) -> list[str]:
    shown = cases if len(cases) <= _MOST_ROWS else sorted(cases, key=lambda case: -abs(case.error))[:_MOST_ROWS]
    lines = [
        "| case | quantity | reference | predicted | error |",
        "|---|---|--:|--:|--:|",
        *(
            f"| {case.name} | {case.quantity} | {_number(case.reference)} | {_number(case.predicted)} "
            f"| {_signed(case.error)} |"
            for case in shown
        ),
    ]
    if len(shown) < len(cases):
        lines += ["", f"The {_MOST_ROWS} worst of {len(cases)}; the others are closer."]
    return lines


def _number(value: float) -> str:
    return f"{value:,.0f}" if value == int(value) else f"{value:,.2f}"


def _signed(error: float) -> str:
    percent = round(100 * error, 2)
    return f"{percent:+.2f} %" if percent else "0.00 %"


def table(summaries: Sequence[Summary]) -> Table:
    """The verdicts, for the terminal."""
    lines = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    lines.add_column("suite")
    lines.add_column("group")
    for column in ("cases", "worst error", "median error", "tolerance"):
        lines.add_column(column, justify="right")
    lines.add_column("verdict")
    for each in summaries:
        lines.add_row(each.suite, *_cells(each), style="bold red" if each.broken else None)
    return lines


def as_svg(cases: Sequence[Case]) -> str:
    """The figure of *cases* as SVG text."""
    text = StringIO()
    with matplotlib.rc_context({"svg.hashsalt": "stallscope"}):
        figure_of(cases).savefig(text, format="svg", dpi=_DPI, metadata={"Date": None})
    return text.getvalue()


def figure_of(cases: Sequence[Case]) -> Figure:
    """A column a suite: predicted against reference above, below each case's error in the tolerance's band."""
    suites = list(dict.fromkeys(case.suite for case in cases))
    figure = Figure(figsize=(_PANEL_WIDTH * len(suites), _HEIGHT), layout="constrained")
    axes = figure.subplots(2, len(suites), squeeze=False, height_ratios=(3, 2))
    for column, suite in enumerate(suites):
        groups = {group: members for (name, group), members in grouped(cases).items() if name == suite}
        _draw_predictions(axes[0, column], suite, groups)
        _draw_errors(axes[1, column], groups)
    return figure


def _draw_predictions(axes: Axes, suite: str, groups: dict[str, list[Case]]) -> None:
    every = [case for members in groups.values() for case in members]
    values = [value for case in every for value in (case.reference, case.predicted)]
    ends = (min(values) / 1.5, max(values) * 1.5)
    tolerance = max(_claimed(case) for case in every)
    low, high = ([end * factor for end in ends] for factor in (1 - tolerance, 1 + tolerance))
    axes.fill_between(ends, low, high, color=_BAND, linewidth=0)
    axes.plot(ends, ends, color="black", linewidth=0.6)
    labels = _labels(groups)
    for number, members in enumerate(groups.values()):
        shown = _some(sorted(members, key=lambda case: case.error))
        _mark(axes, number, [case.reference for case in shown], [case.predicted for case in shown], labels[number])
    quantities = dict.fromkeys(case.quantity for case in every)
    axes.set(title=suite, xscale="log", yscale="log", xlim=ends, ylim=ends)
    axes.set(xlabel=fill(f"reference: {', '.join(quantities)}", _LABEL_WIDTH), ylabel="predicted")
    axes.legend(fontsize=8 if len(groups) < _CROWD else 6, frameon=False, loc="upper left")


def _draw_errors(axes: Axes, groups: dict[str, list[Case]]) -> None:
    """Group beside group, each as wide, and in each the errors from the lowest to the highest."""
    for number, members in enumerate(groups.values()):
        ranked = _some(sorted(members, key=lambda case: case.error))
        width = _STRIP / len(ranked)
        edges = [number - _STRIP / 2 + width * place for place in range(len(ranked) + 1)]
        band = [_claimed(case) for case in (*ranked, ranked[-1])]
        axes.fill_between(edges, [-each for each in band], band, step="post", color=_BAND, linewidth=0)
        _mark(axes, number, [edge + width / 2 for edge in edges[:-1]], [case.error for case in ranked])
    every = [case for members in groups.values() for case in members]
    span = 1.15 * max(_LEAST_SPAN, *(abs(case.error) for case in every), *map(_claimed, every))
    axes.axhline(0, color="black", linewidth=0.6)
    axes.set(xlim=(-0.5, len(groups) - 0.5), ylim=(-span, span), ylabel="error", xlabel="cases, sorted by error")
    crowded = sum(map(len, groups)) > _LINE
    ticks = [label.split()[0] for label in _labels(groups)] if len(groups) >= _CROWD else list(groups)
    axes.set_xticks(range(len(groups)), ticks, fontsize=8, rotation=20 if crowded and len(groups) < _CROWD else 0)
    axes.yaxis.set_major_formatter(PercentFormatter(1, decimals=1, symbol=" %"))


def _labels(groups: Iterable[str]) -> list[str]:
    """The names of *groups*, with a number before them if they are many."""
    names = list(groups)
    return names if len(names) < _CROWD else [f"{number} {name}" for number, name in enumerate(names, 1)]


def _some(ranked: Sequence[Case]) -> Sequence[Case]:
    """At most :data:`_MOST_POINTS` of cases that are *ranked*, evenly, the first and the last among them."""
    last = len(ranked) - 1
    if last < _MOST_POINTS:
        return ranked
    return [ranked[place * last // (_MOST_POINTS - 1)] for place in range(_MOST_POINTS)]


def _claimed(case: Case) -> float:
    """The tolerance of *case* as a band; none if it claims nothing."""
    return 0.0 if case.tolerance == inf else case.tolerance


def _mark(axes: Axes, number: int, x: Sequence[float], y: Sequence[float], label: str | None = None) -> None:
    """Draw the points of the group of that *number*."""
    mark, colour = _MARKS[number % len(_MARKS)], _COLOURS[number % len(_COLOURS)]
    axes.scatter(
        x, y, s=18, marker=mark, facecolor="none", edgecolor=colour, linewidth=0.9, label=label, zorder=3,
        rasterized=len(x) > _MOST_MARKS,
    )  # fmt: skip
