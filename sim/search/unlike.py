"""Of many mappings that are about as good, a few that are as unlike as can be.

How unlike two mappings are is a count: the operations that another unit does, those that run step by step in one of the
two only, the doublings between their tiles, cuts and weight slots, and one for each other choice that differs.
"""

from __future__ import annotations

from collections.abc import Iterable
from math import log2

from sim.lowering.mapping import Mapping

ALIKE = 2.0  # mappings that are less unlike than that are one: not two operations elsewhere, not two doublings


def distance(one: Mapping, other: Mapping) -> float:
    """How unlike two mappings of the same layer are; zero if they are the same."""
    elsewhere = sum(other.placement[name] != unit for name, unit in one.placement.items())
    elsewhere += len(one.stepped ^ other.stepped)
    choices = ("spill", "sram_bytes", "spare_sram", "head_first", "steps_first", "share_projections")
    differing = len([key for key in choices if getattr(one, key) != getattr(other, key)])
    sizes = ("token_tile", "blocks", "lanes", "weight_slot_bytes")
    doublings: list[float] = [abs(log2(getattr(one, key) / getattr(other, key))) for key in sizes]
    return elsewhere + differing + sum(doublings)


def most_unlike(chosen: Mapping, mappings: Iterable[Mapping], most: int) -> list[Mapping]:
    """At most so many of *mappings*: one by one that which is farthest from *chosen* and from all taken so far.

    Of equally far ones the first is taken, none that is like one of those.
    """
    left = {number: (mapping, distance(chosen, mapping)) for number, mapping in enumerate(mappings)}
    taken: list[Mapping] = []
    while left and len(taken) < most:
        farthest = max(left, key=lambda number: (left[number][1], -number))
        mapping, far = left.pop(farthest)
        if far < ALIKE:
            break
        taken.append(mapping)
        left = {number: (each, min(far, distance(mapping, each))) for number, (each, far) in left.items()}
    return taken
