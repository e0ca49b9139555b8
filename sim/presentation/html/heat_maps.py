"""Maps of a sweep: a figure by the two axes that change the throughput most, a map for each value of the others.

They are tables whose cells are coloured, so that numbers can be read, copied and searched for, and each is a link.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from math import log

from sim.presentation.escaping import for_html
from sim.presentation.figures.bindings import Bindings
from sim.presentation.html.parts import themed
from sim.presentation.measures import (
    ABOVE,
    FAILED,
    WORKLOAD,
    Measure,
    axis_title,
    binding_title,
    known_measures,
    place_words,
    point_key,
    value_title,
    varying,
)
from sim.presentation.titles import unit_title
from sim.studies.gains import Gains, Numbered, Place, ran
from sim.studies.points import Axis

CellMaker = Callable[[Numbered, bool], str]
STALL = "binding"
LEAST_RANGE = 0.1  # share by which a value differs at least from the best if it has no colour


def map_axes(axes: Sequence[Axis], found: Sequence[Gains]) -> tuple[int, ...]:
    """The numbers of one or two of *axes* for rows and columns: those with the largest spread; none if none vary.

    The one with more values lies across. Workloads have maps of their own, unless nothing else varies.
    """
    spreads = {axes.index(each.axis): each.spread for each in found}
    able = [at for at in varying(axes) if axes[at].keys != WORKLOAD] or varying(axes)
    chosen = sorted(able, key=lambda at: (-spreads.get(at, 1.0), at))[:2]
    return tuple(sorted(chosen, key=lambda at: (len(axes[at].rows), at)))


def heat_maps(axes: Sequence[Axis], on: tuple[int, ...], points: Sequence[Numbered], fills: Bindings) -> str:
    """All maps of *points* with the axes *on* their sides, each figure in a box, of which a script shows one."""
    maps = Maps(axes, on, points)
    boxes = [_box(each.name, each.title, maps.of_measure(each)) for each in known_measures(ran(points))]
    boxes.append(_box(STALL, "the stall that binds", legend(fills) + maps.of_bindings(fills)))
    return f'<div id="map-boxes">\n{"".join(boxes)}</div>\n'


def legend(fills: Bindings) -> str:
    """What the colours of stalls mean."""
    entries = (
        f'<li><i class="filled" style="--c:{themed(fill.colour)}"></i>{for_html(binding_title(binding))}</li>\n'
        for binding, fill in fills.items()
    )
    return f'<ul class="legend">\n{"".join(entries)}</ul>\n'


def _box(name: str, title: str, body: str) -> str:
    head = f"<h3>{for_html(title[0].upper() + title[1:])}</h3>"
    return f'<div class="measure" data-measure="{for_html(name)}">\n{head}\n{body}</div>\n'


@dataclass
class Maps:
    """Points by what the axes that are not *on* the sides of a map have in common, and their maps."""

    axes: Sequence[Axis]
    on: tuple[int, ...]
    points: Sequence[Numbered]
    panels: dict[Place, dict[Place, Numbered]] = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        for each in self.points:
            rest = tuple(-1 if at in self.on else place for at, place in enumerate(each.place))
            self.panels.setdefault(rest, {})[tuple(each.place[at] for at in self.on)] = each

    def of_measure(self, measure: Measure) -> str:
        """Maps of a figure, with one range of colours for each workload."""
        said = (
            f"The stronger the colour, the {measure.stronger}; a range of colours for each workload. "
            "Bold: the best of a map."
        )
        text = [f'<p class="note">{for_html(said)}</p>\n']
        for panels in self._by_workload():
            ranged = _Range(measure, ran([point for panel in panels for point in self.panels[panel].values()]))
            text.append(self._group(panels, measure.name, ranged.cell, measure))
        return "".join(text)

    def of_bindings(self, fills: Bindings) -> str:
        """Maps of what binds: the busiest unit written, its largest stall as the colour."""

        def cell(point: Numbered, _: bool) -> str:
            unit, fill = unit_title(point.binding[0]), fills[point.binding]
            attributes = f' title="{for_html(binding_title(point.binding))}" style="--c:{themed(fill.colour)}"'
            return _cell(point, unit, attributes, "filled")

        said = "Written: the unit that works most. Coloured: what it waits for longest."
        groups = (self._group(panels, STALL, cell, None) for panels in self._by_workload())
        return f'<p class="note">{said}</p>\n{"".join(groups)}'

    def _by_workload(self) -> list[list[Place]]:
        found: dict[int, list[Place]] = {}
        for panel in self.panels:
            found.setdefault(panel[0], []).append(panel)
        return list(found.values())

    def _group(self, panels: list[Place], name: str, cell: CellMaker, measure: Measure | None) -> str:
        """The maps of a workload beside each other, below its name if there are several."""
        several = len(self.axes[0].rows) > 1 and 0 not in self.on
        head = f"<h4>{for_html(value_title(self.axes[0], panels[0][0]))}</h4>\n" if several else ""
        first = list(self.panels).index(panels[0])
        tables = (self._map(panel, f"map-{name}-{at}", cell, measure) for at, panel in enumerate(panels, first))
        return f'{head}<div class="maps">\n{"".join(tables)}</div>\n'

    def _map(self, panel: Place, name: str, cell: CellMaker, measure: Measure | None) -> str:
        points = self.panels[panel]
        best = measure.best(ran(list(points.values()))) if measure is not None else None
        across, down = self.axes[self.on[-1]], self.axes[self.on[0]] if len(self.on) > 1 else None
        head = "".join(f'<th scope="col">{for_html(value_title(across, at))}</th>' for at in range(len(across.rows)))
        corner = f"{for_html(axis_title(down))} ↓<br>" if down is not None else ""
        rows = []
        for at in range(len(down.rows)) if down is not None else [None]:
            title = for_html(value_title(down, at)) if down is not None and at is not None else ""
            found = (points.get((column,) if at is None else (at, column)) for column in range(len(across.rows)))
            cells = "".join(_drawn(point, cell, point is best) for point in found)
            rows.append(f'<tr><th scope="row">{title}</th>{cells}</tr>\n')
        return (
            f'<table class="map" id="{for_html(name)}">{self._caption(next(iter(points.values())))}<thead>'
            f"<tr><th>{corner}{for_html(axis_title(across))} →</th>{head}</tr></thead>\n"
            f"<tbody>\n{''.join(rows)}</tbody></table>\n"
        )

    def _caption(self, point: Numbered) -> str:
        """The values of the axes that tell the maps of a workload apart."""
        if not set(varying(self.axes)) - {0, *self.on}:
            return ""
        return f"<caption>{for_html(place_words(self.axes, point, (0, *self.on)))}</caption>"


@dataclass
class _Range:
    """How strong the colours of some points are: by factors below the best, or by differences where 0 is a value.

    All of them are strong where they differ by less than :data:`LEAST_RANGE`.
    """

    measure: Measure
    points: Sequence[Numbered]

    def __post_init__(self) -> None:
        values = [value for point in self.points if (value := self.measure.of(point)) is not None]
        by_factors = self.measure.name != ABOVE and min(values, default=1) > 0
        self._scale: Callable[[float], float] = log if by_factors else float
        scaled = [self._scale(value) for value in values] or [0.0]
        self._best = max(scaled) if self.measure.more_is_better else min(scaled)
        self._span = max(max(scaled) - min(scaled), LEAST_RANGE)

    def cell(self, point: Numbered, best: bool) -> str:
        """The cell of *point*."""
        value = self.measure.of(point)
        if value is None:
            return _cell(point, "?", "")
        strength = 100 * (1 - abs(self._scale(value) - self._best) / self._span)
        style = f' style="--v:{strength:.0f}%"'
        return _cell(point, self.measure.text(value), f' data-value="{value}"{style}', "best" if best else "")


def _drawn(point: Numbered | None, cell: CellMaker, best: bool) -> str:
    if point is None:
        return '<td class="none">·</td>'
    if not ran([point]):
        return _cell(point, FAILED, f' class="failed" title="{for_html(point.row.outcome.error)}"')
    return cell(point, best)


def _cell(point: Numbered, text: str, attributes: str, kind: str = "") -> str:
    key = point_key(point)
    marked = f' class="{kind}"' if kind else ""
    return f'<td data-key="{key}"{marked}{attributes}><a href="#{key}">{for_html(text)}</a></td>'
