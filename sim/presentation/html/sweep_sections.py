"""The sections about a sweep: what each axis buys, maps, trade-offs, all points as lines, as a table, one by one."""

from __future__ import annotations

from sim.files.numbers import number
from sim.presentation.figures.canvas import PAGE_INCHES, print_style
from sim.presentation.figures.parallel import draw_parallel, scales
from sim.presentation.figures.tradeoff import costs, draw_tradeoff, front
from sim.presentation.html.gain_sections import breaks_section, gains_section
from sim.presentation.html.heat_maps import heat_maps, map_axes
from sim.presentation.html.parts import Cell, Row, Section, Table, drawing_html, table_html
from sim.presentation.html.point_details import point_details
from sim.presentation.html.study import Study
from sim.presentation.measures import (
    FAILED,
    NOTHING,
    Measure,
    axis_title,
    binding_title,
    by_name,
    place_words,
    plain,
    point_key,
    varying,
)
from sim.studies.figures import Figure
from sim.studies.gains import THROUGHPUT, Numbered, amount, ran

MOST_DETAILS = 150  # points with figures, bars and mapping
MOST_OPEN = 40  # rows of a table that is not folded


def sections(study: Study) -> list[Section]:
    """All sections that *study* has something for."""
    found = [gains_section(study)] if study.gains else []
    found += [breaks_section(study)] if any(each.steps for each in study.gains) else []
    if varying(study.axes):
        found.append(_maps(study))
    if study.ran:
        found.append(_tradeoffs(study))
    if len(scales(study.axes, study.points)) > 1:
        found.append(_parallel(study))
    return [*found, *([_failed(study)] if study.failed else []), _table(study), _details(study)]


def _maps(study: Study) -> Section:
    on, points = map_axes(study.axes, study.gains), study.shown
    sides = " and ".join(axis_title(study.axes[at]) for at in on)
    change = "change throughput most" if len(on) > 1 and len(varying(study.axes)) > len(on) else "have several values"
    words = f"By {sides}, which {change}." if len(on) > 1 else f"By {sides}."
    words += " A click lights up a point everywhere and leads to it." + study.left_out
    return Section("maps", "Maps", words, heat_maps(study.axes, on, points, study.fills))


def _tradeoffs(study: Study) -> Section:
    points = ran(study.shown)
    with print_style():
        figure = drawing_html("tradeoff", draw_tradeoff(study.axes, points, study.fills, PAGE_INCHES))
    words = (
        "Large, numbered and joined by steps: points of a workload that no other one beats in both figures. The shape "
        "is the workload, the colour what binds: the unit that works most, and what it waits for longest."
    )
    return Section("tradeoffs", "Throughput against cost", words + study.left_out, figure + table_html(_front(study)))


def _front(study: Study) -> Table:
    """What no other point of the same workload beats, with what it costs."""
    against, found = costs(study.ran), dict[int, tuple[Numbered, list[str]]]()
    for group in study.by_workload.values():
        for cost in against:
            for each in front(group, cost):
                found.setdefault(each.number, (each, []))[1].append(cost.title)
    rows = [
        Row([_link(each), place_words(study.axes, each), binding_title(each.binding),
             *([" and ".join(beaten)] if len(against) > 1 else []), _measured(by_name(THROUGHPUT), each),
             *(_measured(cost, each) for cost in against)],
            point_key(each))
        for each, beaten in found.values()
    ]  # fmt: skip
    header = ["point", "where", "what binds", *(["not beaten in speed and"] if len(against) > 1 else [])]
    header += [by_name(THROUGHPUT).title, *(cost.title for cost in against)]
    return Table("front-table", header, rows, left=len(header) - len(against) - 1)


def _link(point: Numbered) -> Cell:
    return Cell(str(point.number), "", point.number, link=point_key(point))


def _measured(measure: Measure, point: Numbered) -> Cell:
    value = measure.of(point)
    return Cell(NOTHING) if value is None else Cell(measure.text(value), "", value)


def _parallel(study: Study) -> Section:
    points = study.shown
    with print_style():
        figure = drawing_html("parallel", draw_parallel(study.axes, points, PAGE_INCHES))
    dashed = " Dashed lines are points that failed." if study.failed else ""
    words = f"Blue: as fast as the workload's fastest point.{dashed}{study.left_out}"
    return Section("lines", "All points at once", words, f'<div id="lines-view">{figure}</div>\n')


def _failed(study: Study) -> Section:
    reasons: dict[str, list[Numbered]] = {}
    for each in study.failed:
        reasons.setdefault(each.row.outcome.error or "came to no throughput", []).append(each)
    rows = [Row([_link(each[0]), Cell(f"{len(each):,}"), why]) for why, each in reasons.items()]
    table = Table("failed-table", ["first", "points", "why"], rows, left=3, open=True)
    return Section("failed", "Points that failed", "", table_html(table))


def _table(study: Study) -> Section:
    points = study.shown
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
    return Section("table", "Table", words + study.left_out, table_html(table))


def _figure(value: Figure) -> Cell:
    if value is None or isinstance(value, str):
        return Cell(value or "")
    return Cell(number(value), "", value)


def _details(study: Study) -> Section:
    whole = {each.number for each in study.first[:MOST_DETAILS]}
    body = "".join(point_details(study.axes, each, each.number in whole) for each in study.shown)
    words = "Each point with the command that runs it by itself; with --report that writes a page about it."
    if len(study.points) > MOST_DETAILS:
        words += (
            f" To keep the page small, figures, bars and mapping stand only at {len(whole):,} of them: the best "
            "trade-offs, those where more is slower, and some between."
        )
    return Section("points", "Point by point", words + study.left_out, body)
