"""The sections on what the axes of a sweep buy, and on where more of something is slower."""

from __future__ import annotations

from collections.abc import Sequence

from sim.files.numbers import percent, plural
from sim.presentation.html.parts import Cell, Row, Section, Table, table_html
from sim.presentation.html.study import Study
from sim.presentation.measures import NOTHING, axis_title, place_words, point_key, value_title
from sim.studies.gains import LEAST_LOSS, Gains, Numbered, Step, all_breaks, geometric_mean
from sim.studies.points import Axis

MOST_WORKLOADS = 6  # that have columns of their own
MOST_STEPS = 200  # rows of the table of steps
MOST_OPEN = 40  # of them in a table that is not folded


def gains_section(study: Study) -> Section:
    """Gains from the first to the last value of each axis, and step by step; there is an axis."""
    several = study.by_workload if 1 < len(study.by_workload) <= MOST_WORKLOADS else {}
    names = [value_title(study.axes[0], at) for at in several]
    header = ["axis", "from, to", "geometric mean", *names, "least", "most", "stall changes"]
    whole = [_step_row(each, each.whole, list(several)) for each in study.gains]
    steps = [_step_row(each, step, list(several)) for each in study.gains for step in each.steps if len(each.steps) > 1]
    body = table_html(Table("gains-table", header, whole, left=2, open=True))
    if steps:
        body += "<h3>Step by step</h3>\n"
        shown = steps[:MOST_STEPS]
        body += table_html(Table("steps-table", header, shown, left=2, open=len(shown) <= MOST_OPEN))
        if len(steps) > len(shown):
            body += f"<p>The first {len(shown)} of {len(steps):,} steps.</p>\n"
    words = (
        "Throughput there over throughput here, of all pairs of points that differ in nothing else: their geometric "
        "mean, the least and the most, and in how many of them another unit is the busiest or waits for another "
        "reason. The axis that changes throughput most comes first. A dash: in no pair both points ran."
    )
    return Section("gains", "What each axis buys", words, body)


def _step_row(found: Gains, step: Step, workloads: Sequence[int]) -> Row:
    names = [axis_title(found.axis), f"{value_title(found.axis, step.before)} → {value_title(found.axis, step.after)}"]
    if not step.pairs:
        return Row([*names, *[NOTHING] * (len(workloads) + 4)])
    means = []
    for at in workloads:
        own = [pair.gain for pair in step.pairs if pair.before.place[0] == at]
        means.append(_gain(geometric_mean(own)) if own else Cell(NOTHING))
    ends = [
        Cell(f"{pair.gain:.3f}x", f"{pair.before.number}, {pair.after.number}", pair.gain, link=point_key(pair.after))
        for pair in (step.least, step.most)
    ]
    changes = Cell(f"{step.changes} of {len(step.pairs)}", "", step.changes)
    return Row([*names, _gain(step.mean), *means, *ends, changes])


def _gain(value: float) -> Cell:
    return Cell(f"{value:.3f}x", "", value)


def breaks_section(study: Study) -> Section:
    """Where more of a resource was slower, and how far from their bounds both points are."""
    found = study.breaks
    small = sum(1 for _ in all_breaks(study.axes, study.points)) - len(found)
    rows = [
        Row(
            [
                axis_title(each.axis), _value(each.axis, each.less, study), _value(each.axis, each.more, study),
                place_words(study.axes, each.more, [study.axes.index(each.axis)]),
                Cell(percent(each.loss), "", each.loss), _above(each.less), _above(each.more),
            ]
        )
        for each in found
    ]  # fmt: skip
    header = ["axis", "faster with", "slower with", "all else", "slower by", "faster one, above its bound",
              "slower one, above its bound"]  # fmt: skip
    least = percent(LEAST_LOSS)
    if found:
        words = (
            "More of a resource makes no best mapping slower; mappings are searched for, and here a better one of the "
            "larger machine was not found. Above its bound: no mapping of that machine is more than so much faster."
        )
        words += f"\n{plural(small, 'more pair')} lost less than {least}." if small else ""
    else:
        words = f"In no pair that differs in one resource of the machine was more of it slower by {least} or more."
    body = table_html(Table("breaks-table", header, rows, left=4)) if rows else ""
    return Section("breaks", "Where more is slower", words, body)


def _value(axis: Axis, point: Numbered, study: Study) -> Cell:
    title = value_title(axis, point.place[study.axes.index(axis)])
    return Cell(title, str(point.number), link=point_key(point))


def _above(point: Numbered) -> Cell:
    above = point.above_any_mapping
    return Cell(NOTHING) if above is None else Cell(percent(above), "", above)
