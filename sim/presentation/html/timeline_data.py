"""The data of the timeline that can be zoomed, as JSON within the page; page.js draws it.

``labels`` are [waits (0 or 1), title, colour, name]; ``places`` say where; ``lanes``, one for each unit, have [name,
slices], where slices are five numbers each: cycles since the slice before, cycles, label, place, requests.
"""

from __future__ import annotations

import json

from sim.presentation.figures.palette import class_colour, leaf_fill
from sim.presentation.figures.timeline_recorder import Label, Slice, Timeline
from sim.presentation.titles import TITLES, class_title, unit_title


def timeline_data(found: Timeline, clock_hz: int) -> str:
    """The element that holds the data of *found*; *clock_hz* tells how long a cycle is."""
    labels: dict[tuple[int, str, str, str], int] = {}
    places: dict[str, int] = {}
    units = found.slices.items()
    lanes = [[unit_title(unit), _numbers(found.start, slices, labels, places)] for unit, slices in units]
    data = {
        "start": found.start,
        "end": found.end,
        "clock": clock_hz,
        "labels": sorted(labels, key=labels.__getitem__),
        "places": list(places),
        "lanes": lanes,
    }
    text = json.dumps(data, separators=(",", ":")).replace("<", "\\u003c")
    return f'<script type="application/json" id="timeline-data">{text}</script>\n'


def _numbers(
    start: int, slices: tuple[Slice, ...], labels: dict[tuple[int, str, str, str], int], places: dict[str, int]
) -> list[int]:
    numbers, before = [], start
    for each in slices:
        label = labels.setdefault(_label(each.label), len(labels))
        place = places.setdefault(each.label.where, len(places))
        numbers += [each.start - before, each.end - each.start, label, place, each.requests]
        before = each.end
    return numbers


def _label(label: Label) -> tuple[int, str, str, str]:
    if label.wait:
        return 1, TITLES[label.kind], leaf_fill(label.kind).colour, ""
    return 0, class_title(label.kind), class_colour(label.kind), label.name
