"""Schedules that are nearly as good as the one explained, and as unlike it and each other as can be.

A search is made for them, since the one that found the best passes over what its bound shows to be no better.
"""

from __future__ import annotations

from dataclasses import replace
from itertools import zip_longest
from typing import NamedTuple

from sim.files.limits import LIMITS, Limits
from sim.lowering.allotment import usable_bytes
from sim.lowering.mapping import Mapping
from sim.lowering.section import Section
from sim.search.choose import by, lay, searched
from sim.search.unlike import distance, most_unlike

ROBUST = 0.02  # of the best time: what takes that much longer is near the best, unless told otherwise
MOST = 10  # schedules that are looked at

Schedule = tuple[Section, ...]


class Near(NamedTuple):
    """Of ``tried`` mappings up to a ``share`` slower than the best the most unlike, laid onto the machine.

    ``known`` are all that are remembered of each section, nearer or not, the best first.
    """

    share: float
    tried: int
    schedules: tuple[Schedule, ...]
    known: tuple[list[Mapping], ...]


def near(sections: Schedule, share: float = ROBUST, limits: Limits = LIMITS, most: int = MOST) -> Near:
    """Other schedules of *sections* that take up to *share* longer than the best, at most so many.

    Where layers differ, the first of the others has the first other mapping of every kind of layer, and so on.
    """
    of_graph: dict[int, list[tuple[float, Mapping]]] = {}
    for section in sorted(sections, key=lambda section: -section.stack.steps):  # of the same graph the longest run
        if share and id(section.stack.graph) not in of_graph:
            of_graph[id(section.stack.graph)] = _others(section, share, limits)
    found = [of_graph.get(id(section.stack.graph), []) for section in sections]
    close = [[mapping for ratio, mapping in others if ratio <= 1 + share] for others in found]
    unlike = [most_unlike(settled(section), each, most) for section, each in zip(sections, close, strict=True)]
    schedules = tuple(tuple(map(_laid, sections, row)) for row in zip_longest(*unlike))
    return Near(share, max(map(len, close)), schedules, tuple([each for _, each in others] for others in found))


def _others(section: Section, share: float, limits: Limits) -> list[tuple[float, Mapping]]:
    """Mappings that were tried, but that of *section*, with their time as a multiple of the best one's."""
    tried = searched(section.stack, section.costs.machine, limits, [section.mapping], share)
    ranked = [(1.0, tried.mapping), *tried.choice.near]
    best = min(ratio for ratio, _ in ranked)
    others = [(ratio / best, settled(tried, mapping)) for ratio, mapping in ranked]
    return [(ratio, mapping) for ratio, mapping in others if distance(mapping, settled(section))]


def settled(section: Section, mapping: Mapping | None = None) -> Mapping:
    """A *mapping* of *section*, its own unless given, that uses no more SRAM on a machine that has more."""
    found = section.mapping if mapping is None else mapping
    return replace(found, sram_bytes=usable_bytes(found, section.costs.machine.sram.capacity))


def _laid(section: Section, mapping: Mapping | None) -> Section:
    if mapping is None:
        return section
    inventory = lay(section.stack, section.costs, mapping)
    assert inventory is not None, "what was tried fits"
    return by(section, section.costs, inventory)
