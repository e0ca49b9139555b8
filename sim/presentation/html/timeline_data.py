"""The data of the timeline that can be zoomed, as JSON within the page; page.js draws it.

A colour may be a variable of page.css.

``labels`` are [waits (0 or 1), what its colour stands for, colour, name, title]; ``places`` say where; ``lanes``, one
for each unit, have [name, slices], where slices are five numbers each: cycles since the slice before, cycles, label,
place, requests.
"""

from __future__ import annotations

import json
from dataclasses import replace

from sim.presentation.escaping import plain
from sim.presentation.figures.palette import class_colour, leaf_fill
from sim.presentation.figures.timeline import key_titles
from sim.presentation.figures.timeline_recorder import Label, Slice, Timeline
from sim.presentation.html.parts import themed
from sim.presentation.titles import unit_title


def timeline_data(found: Timeline, clock_hz: int) -> str:
    """The element that holds the data of *found*; *clock_hz* tells how long a cycle is."""
    labels: dict[Label, int] = {}
    titles = key_titles(found)
    places: dict[str, int] = {}
    units = found.slices.items()
    lanes = [[unit_title(unit), _numbers(found.start, slices, labels, places)] for unit, slices in units]
    data = {
        "start": found.start,
        "end": found.end,
        "clock": clock_hz,
        "labels": [_label(label, titles[label.wait, label.kind]) for label in labels],
        "places": list(places),
        "lanes": lanes,
    }
    text = json.dumps(data, separators=(",", ":")).replace("<", "\\u003c")
    return f'<script type="application/json" id="timeline-data">{text}</script>\n'


def _numbers(start: int, slices: tuple[Slice, ...], labels: dict[Label, int], places: dict[str, int]) -> list[int]:
    numbers, before = [], start
    for each in slices:
        label = labels.setdefault(replace(each.label, where=""), len(labels))
        place = places.setdefault(each.label.where, len(places))
        numbers += [each.start - before, each.end - each.start, label, place, each.requests]
        before = each.end
    return numbers


def _label(label: Label, key: str) -> tuple[int, str, str, str, str]:
    if label.wait:
        return 1, key, themed(leaf_fill(label.kind).colour), "", label.title
    return 0, plain(key), class_colour(label.kind), plain(label.name), plain(label.title)
