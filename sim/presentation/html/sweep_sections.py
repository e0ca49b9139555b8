"""The sections about a sweep: what each axis buys, maps, trade-offs, all points as lines, as a table, one by one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from sim.files.numbers import number, percent, plural
from sim.presentation.figures.bindings import Bindings, bindings
from sim.presentation.figures.canvas import PAGE_INCHES, print_style
from sim.presentation.figures.parallel import draw_parallel, scales
from sim.presentation.figures.tradeoff import costs, draw_tradeoff, front
from sim.presentation.html.heat_maps import WORKLOAD, heat_maps, map_axes
from sim.presentation.html.parts import Cell, Row, Section, Table, drawing_html, table_html
from sim.presentation.html.point_details import point_details
from sim.presentation.measures import (
    FAILED,
    Measure,
    axis_title,
    binding_title,
    by_name,
    place_words,
    plain,
    point_key,
    value_title,
    varying,
)
from sim.studies.figures import Figure
from sim.studies.gains import (
    LEAST_LOSS,
    THROUGHPUT,
    Gains,
    Numbered,
    Step,
    all_breaks,
    amount,
    breaks,
    gains,
    geometric_mean,
    ran,
)
from sim.studies.points import Axis

MOST_SHOWN = 1500  # points in pictures and in the table
MOST_DETAILS = 250  # points with figures, bars and mapping
MOST_WORKLOADS = 6  # that have columns of their own
MOST_OPEN = 40  # rows of a table of steps that is not folded
NOTHING = "–"


@dataclass(frozen=True)
class Study:
    """The ``axes`` of a sweep, all of its ``points``, and the ``columns`` of its table."""

    axes: Sequence[Axis]
    points: Sequence[Numbered]
    columns: Sequence[str]

    @cached_property
    def ran(self) -> list[Numbered]:
        """The points that came to something."""
        return ran(self.points)

    @cached_property
    def failed(self) -> list[Numbered]:
        """The others."""
        able = {each.number for each in self.ran}
        return [each for each in self.points if each.number not in able]

    @cached_property
    def gains(self) -> list[Gains]:
        """What axes buy, the largest spread first; workloads are not bought."""
        found = [each for each in gains(self.axes, self.points) if each.axis.keys != WORKLOAD]
        return sorted(found, key=lambda each: -each.spread)

    @cached_property
    def fills(self) -> Bindings:
        """How points are filled."""
        return bindings(self.ran)

    @cached_property
    def by_workload(self) -> dict[int, list[Numbered]]:
        """The points that ran, by the number of their workload."""
        found: dict[int, list[Numbered]] = {}
        for each in self.ran:
            found.setdefault(each.place[0], []).append(each)
        return found

    @cached_property
    def first(self) -> list[Numbered]:
        """All points, in the order in which they are worth showing: fronts, breaks, then evenly spread."""
        fronts = [each for group in self.by_workload.values() for cost in costs(group) for each in front(group, cost)]
        broken = [each for pair in breaks(self.axes, self.points) for each in (pair.less, pair.more)]
        count = len(self.points)
        spread = sorted(range(count), key=lambda at: (at * 0.6180339887498949) % 1.0)  # any beginning is spread evenly
        ordered = [*fronts, *broken, *(self.points[at] for at in spread)]
        return list({each.number: each for each in ordered}.values())

    def some(self, most: int) -> list[Numbered]:
        """So many of the points, in the order of the table."""
        return sorted(self.first[:most], key=lambda each: each.number)


def sections(study: Study) -> list[Section]:
    """All sections that *study* has something for."""
    found = [_gains(study)] if study.gains else []
    found += [_breaks(study)] if any(each.steps for each in study.gains) else []
    if varying(study.axes):
        found.append(_maps(study))
    if study.ran:
        found.append(_tradeoffs(study))
    if len(scales(study.axes, study.points)) > 1:
        found.append(_parallel(study))
    return [*found, *([_failed(study)] if study.failed else []), _table(study), _details(study)]


def _gains(study: Study) -> Section:
    several = study.by_workload if 1 < len(study.by_workload) <= MOST_WORKLOADS else {}
    names = [value_title(study.axes[0], at) for at in several]
    header = ["axis", "from, to", "geometric mean", *names, "least", "most", "stall changes"]
    whole = [_step_row(each, each.whole, list(several)) for each in study.gains]
    steps = [_step_row(each, step, list(several)) for each in study.gains for step in each.steps if len(each.steps) > 1]
    body = table_html(Table("gains-table", header, whole, left=2, open=True))
    if steps:
        body += "<h3>Step by step</h3>\n"
        body += table_html(Table("steps-table", header, steps, left=2, open=len(steps) <= MOST_OPEN))
    words = (
        "Throughput there over throughput here, of all pairs of points that differ in nothing else: their geometric "
        "mean, the least and the most, and in how many of them another unit is the busiest or waits for another "
        "reason. The axis that changes throughput most comes first."
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


def _breaks(study: Study) -> Section:
    found = breaks(study.axes, study.points)
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


def _maps(study: Study) -> Section:
    on, points = map_axes(study.axes, study.gains), study.some(MOST_SHOWN)
    sides = " and ".join(axis_title(study.axes[at]) for at in on)
    change = "change throughput most" if len(on) > 1 and len(varying(study.axes)) > len(on) else "have several values"
    words = f"By {sides}, which {change}." if len(on) > 1 else f"By {sides}."
    words += " A click lights up a point everywhere and leads to it." + _left_out(study, MOST_SHOWN)
    return Section("maps", "Maps", words, heat_maps(study.axes, on, points, study.fills))


def _tradeoffs(study: Study) -> Section:
    points = ran(study.some(MOST_SHOWN))
    with print_style():
        figure = drawing_html("tradeoff", draw_tradeoff(study.axes, points, study.fills, PAGE_INCHES))
    against, found = costs(study.ran), dict[int, tuple[Numbered, list[str]]]()
    for group in study.by_workload.values():
        for cost in against:
            for each in front(group, cost):
                found.setdefault(each.number, (each, []))[1].append(cost.title)
    rows = [
        Row([_link(each), place_words(study.axes, each), binding_title(each.binding),
             *([" and ".join(beaten)] if len(against) > 1 else []), Cell(number(each.throughput), "", each.throughput), *(_measured(cost, each) for cost in against)],
            point_key(each))
        for each, beaten in found.values()
    ]  # fmt: skip
    header = ["point", "where", "what binds", *(["not beaten in speed and"] if len(against) > 1 else [])]
    header += [by_name(THROUGHPUT).title, *(cost.title for cost in against)]
    words = (
        "Large, numbered and joined by steps: points of a workload that no other one beats in both figures. The shape "
        "is the workload, the colour what binds: the unit that works most, and what it waits for longest."
    )
    body = figure + table_html(Table("front-table", header, rows, left=len(header) - len(against) - 1))
    return Section("tradeoffs", "Throughput against cost", words + _left_out(study, MOST_SHOWN), body)


def _link(point: Numbered) -> Cell:
    return Cell(str(point.number), "", point.number, link=point_key(point))


def _measured(measure: Measure, point: Numbered) -> Cell:
    value = measure.of(point)
    return Cell(NOTHING) if value is None else Cell(measure.text(value), "", value)


def _parallel(study: Study) -> Section:
    points = study.some(MOST_SHOWN)
    with print_style():
        figure = drawing_html("parallel", draw_parallel(study.axes, points, PAGE_INCHES))
    dashed = " Dashed lines are points that failed." if study.failed else ""
    words = f"Blue: as fast as the workload's fastest point.{dashed}{_left_out(study, MOST_SHOWN)}"
    return Section("lines", "All points at once", words, f'<div id="lines-view">{figure}</div>\n')


def _failed(study: Study) -> Section:
    reasons: dict[str, list[Numbered]] = {}
    for each in study.failed:
        reasons.setdefault(each.row.outcome.error or "came to no throughput", []).append(each)
    rows = [
        Row([_link(each[0]), Cell(f"{len(each):,}"), why])
        for why, each in reasons.items()
    ]
    table = Table("failed-table", ["first", "points", "why"], rows, left=3, open=True)
    return Section("failed", "Points that failed", "", table_html(table))


def _table(study: Study) -> Section:
    points = study.some(MOST_SHOWN)
    axes = [key for at in varying(study.axes) for key in study.axes[at].keys]
    columns, failed = [*study.columns, *(["error"] if study.failed else [])], {each.number for each in study.failed}
    rows = [
        Row([_link(each),
             *(Cell(plain(each.row.coordinates[key]), "", amount(each.row.coordinates[key])) for key in axes),
             *(_figure(each.row.outcome.figures.get(name)) for name in study.columns),
             *([FAILED if each.number in failed else ""] if study.failed else [])],
            point_key(each))
        for each in points
    ]  # fmt: skip
    table = Table("points-table", ["point", *axes, *columns], rows, left=1 + len(axes), open=len(rows) <= MOST_OPEN)
    words = "Axes with several values, and the columns of results.csv; a click on the head of a column sorts."
    return Section("table", "Table", words + _left_out(study, MOST_SHOWN), table_html(table))


def _figure(value: Figure) -> Cell:
    if value is None or isinstance(value, str):
        return Cell(value or "")
    return Cell(number(value), "", value)


def _details(study: Study) -> Section:
    whole = {each.number for each in study.first[:MOST_DETAILS]}
    body = "".join(point_details(study.axes, each, each.number in whole) for each in study.some(MOST_SHOWN))
    words = "Each point with the command that runs it by itself; with --report that writes a page about it."
    if len(study.points) > MOST_DETAILS:
        words += (
            f" To keep the page small, figures, bars and mapping stand only at {len(whole):,} of them: the best "
            "trade-offs, those where more is slower, and some between."
        )
    return Section("points", "Point by point", words + _left_out(study, MOST_SHOWN), body)


def _left_out(study: Study, most: int) -> str:
    count = len(study.points)
    if count <= most:
        return ""
    return f" To keep the page small, {most:,} of the {count:,} points are shown here; results.csv has all."


def count_words(study: Study) -> str:
    """How many points there are, and along which axes."""
    along = ", ".join(f"{axis_title(study.axes[at])} ({len(study.axes[at].rows)})" for at in varying(study.axes))
    return plural(len(study.points), "point") + (f" along {along}" if along else "")

