"""Sensitivities in words: what a percent is worth, until when, and what takes over."""

from __future__ import annotations

from collections.abc import Iterator

from sim.explanation.elasticity import Point, Sensitivities, Sensitivity, Side
from sim.explanation.findings import WORTH_NAMING
from sim.files.numbers import percent

NAMED = 4  # classes of a kind


def told(found: Sensitivities) -> str:
    """The paragraph: units first, then the streams that matter most."""
    units = [each for each in found.classes if each.unit and not each.stream]
    streams = [each for each in found.classes if each.stream]
    sentences = [
        sentence
        for kind in (units, streams)
        for each in [one for one in kind if one.largest >= WORTH_NAMING][:NAMED]
        for sentence in _about(each)
    ]
    if not sentences:
        return "Nothing by itself is worth a percent of the time for a percent of its own."
    return " ".join(["With the order of requests kept:", *sentences, *_free(found)])


def _about(each: Sensitivity) -> Iterator[str]:
    name = each.duration.label
    yield f"1% faster {name} gives {each.faster.elasticity:.2f}%{_until(each.faster, 'faster')}."
    if _otherwise(each):
        yield f"1% slower costs {each.slower.elasticity:.2f}%{_until(each.slower, 'slower')}."


def _otherwise(each: Sensitivity) -> bool:
    """Whether it is worth saying what happens on the slower side too."""
    differ = abs(each.slower.elasticity - each.faster.elasticity) >= WORTH_NAMING
    return differ or each.slower.right_until is not None


def _free(found: Sensitivities) -> Iterator[str]:
    """How far the farthest of the smaller changes that were run again is from what a percent of it foretells."""
    points = [(each, point) for each in found.classes for point in each.points if point.free is not None]
    least = min((abs(point.change) for _, point in points), default=0.0)
    off = {
        f"{percent(abs(point.change))} {'faster' if point.change < 0 else 'slower'} {each.duration.label}": _off(
            each, point
        )
        for each, point in points
        if abs(point.change) == least
    }
    if off:
        worst = max(off, key=lambda name: abs(off[name]))
        which = f"{percent(abs(off[worst]))} of the time {'above' if off[worst] > 0 else 'below'} it"
        yield f"Run again, with units free to choose, what is farthest from that is {worst}: {which}."


def _off(each: Sensitivity, point: Point) -> float:
    side = each.slower if point.change > 0 else each.faster
    return (point.free or 0.0) - side.elasticity * point.change


def _until(side: Side, how: str) -> str:
    """As long as the line is right to a percent of the time."""
    if side.right_until is None:
        return ""
    beyond = f"; beyond, {side.leaves_to} is critical" if side.leaves_to else ""
    return f" until it is {percent(abs(side.right_until))} {how}{beyond}"
