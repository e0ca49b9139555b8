"""How points are filled by what binds them: the unit that works most, and the reason for which it waits longest."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from sim.presentation.figures.palette import SERIES_COLOURS, Fill, leaf_fill
from sim.presentation.titles import shown
from sim.studies.gains import Numbered

Bindings = dict[tuple[str, str], Fill]
"""A unit and what it waits for -> how that is filled."""
NOTHING = "useful"  # what is shown of a unit that never waits


def bindings(points: Sequence[Numbered]) -> Bindings:
    """The fills of all bindings of *points*, the most frequent first.

    That of the stall wherever it is drawn; where two units wait for the same, the rarer one has a colour of its own.
    """
    found: Bindings = {}
    spare = iter(SERIES_COLOURS[1:])
    for binding, _ in sorted(Counter(each.binding for each in points).items(), key=lambda pair: (-pair[1], pair[0])):
        unit, reason = binding
        fill, used = leaf_fill(shown(unit, reason) if reason else NOTHING), {each.colour for each in found.values()}
        own = (colour for colour in spare if colour not in used)
        found[binding] = Fill(next(own, fill.colour), fill.hatch) if fill.colour in used else fill
    return found
