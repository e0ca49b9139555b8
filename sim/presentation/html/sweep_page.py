"""The page about a sweep: what its axes buy, where, at which cost, and every point."""

from __future__ import annotations

import json
from collections.abc import Sequence

from sim.files.numbers import percent, plural
from sim.presentation.figures.parallel import places, scales
from sim.presentation.html.headline import HeadlineNumber
from sim.presentation.html.page import Page, page_html
from sim.presentation.html.study import Study
from sim.presentation.html.sweep_sections import sections
from sim.presentation.measures import (
    axis_title,
    by_name,
    place_words,
    point_key,
    value_title,
)
from sim.studies.gains import THROUGHPUT, numbered
from sim.studies.points import Sweep
from sim.studies.sweep import Row

MOST_FASTEST = 4  # workloads whose fastest point is in the headline


def sweep_page(sweep: Sweep, rows: Sequence[Row], columns: Sequence[str], command: str) -> str:
    """The page about *sweep*, whose points came to *rows* and whose table has *columns*; *command* writes it again."""
    study = Study(sweep.axes, numbered(sweep.axes, rows), columns)
    page = Page(
        title=sweep.spec.name,
        about="; ".join(each for each in (sweep.spec.description, study.words) if each),
        headline=_headline(study),
        verdict=_verdict(study),
        command=command,
        sections=sections(study),
        data=_data(study),
        kind="sweep",
    )
    return page_html(page)


def _headline(study: Study) -> list[HeadlineNumber]:
    failed = len(study.failed)
    found = [HeadlineNumber("points", f"{len(study.points):,}", f"{failed:,} failed", len(study.points))]
    speed = by_name(THROUGHPUT)
    for at, group in list(study.by_workload.items())[:MOST_FASTEST]:
        best = speed.best(group)
        if best is not None:
            name = f"fastest {value_title(study.axes[0], at)}" if len(study.by_workload) > 1 else "fastest"
            note = f"tokens a second; {best.number}: {place_words(study.axes, best, [0])}"
            found.append(HeadlineNumber(name, speed.text(best.throughput), note, best.throughput))
    return found


def _verdict(study: Study) -> str:
    """What the axes buy, the most first, and whether more is slower anywhere."""
    told = []
    for each in study.gains:
        if each.whole.pairs:
            ends = " to ".join(value_title(each.axis, at) for at in (each.whole.before, each.whole.after))
            least, most = each.whole.least.gain, each.whole.most.gain
            told.append(f"{axis_title(each.axis)} from {ends}: {each.whole.mean:.2f}x ({least:.2f}x to {most:.2f}x).")
    slower = study.breaks
    if slower:
        told.append(f"In {plural(len(slower), 'pair')} more is slower, by {percent(slower[0].loss)} at most.")
    return " ".join(told)


def _data(study: Study) -> str:
    """Where each point is on each scale of the figure of lines, for the script."""
    on = scales(study.axes, study.points)
    data = {
        point_key(each): [None if place is None else round(place, 4) for place in places(each, on)]
        for each in study.shown
    }
    text = json.dumps(data, separators=(",", ":")).replace("<", "\\u003c")
    return f'<script type="application/json" id="sweep-data">{text}</script>\n'
