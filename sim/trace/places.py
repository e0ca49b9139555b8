"""What the requests of a section are called and where in the model they belong."""

from __future__ import annotations

from typing import NamedTuple

from sim.execution.offered import Offered
from sim.lowering.order import SegmentLayout
from sim.lowering.program import StreamPlan
from sim.lowering.section import Section


class Place(NamedTuple):
    """A request: its name, and what of the model it does. ``layer`` counts from the first section's first."""

    name: str
    layer: int | None
    first_token: int
    last_token: int
    tile: int
    block: int | None
    lane: int | None
    operations: str | None


class Item(NamedTuple):
    """What is the same in every tile: ``first`` and ``last`` are steps of the tile."""

    name: str
    first: int
    last: int
    block: int | None
    lane: int | None
    operations: str | None


def items(section: Section) -> list[list[Item]]:
    """The items of every stream of *section*."""
    return [[_item(section, plan, number) for number in range(plan.items)] for plan in section.program.streams]


def _item(section: Section, plan: StreamPlan, number: int) -> Item:
    region = plan.layout.region(number)
    operations = ", ".join(plan.operations) if len(plan.operations) > 1 else None
    name = plan.name
    if isinstance(plan.layout, SegmentLayout) and plan.operations:
        name, operations = plan.layout.part(number), None
    return Item(section.prefix + name, region.first, region.last, region.block, region.lane, operations)


class Places:
    """Finds the place of what a stream of *section* offers."""

    def __init__(self, section: Section) -> None:
        self._program = section.program
        self._in_head, self._first_layer = section.stack.head, section.first_layer
        self._chunk = section.stack.graph.tokens
        self._items = items(section)

    def of(self, offered: Offered) -> Place:
        """Where the *offered* request belongs."""
        name, first, last, block, lane, operations = self._items[offered.rank][offered.item]
        program, chunk = self._program, self._chunk
        layer, tile = divmod(offered.tile, program.tiles_per_layer)
        if last >= program.last_tile_steps and tile == program.tiles_per_layer - 1:
            last = program.last_tile_steps - 1
        start = tile * program.tile_steps
        first_token, last_token = (start + first) * chunk, (start + last + 1) * chunk - 1
        layer_of_model = None if self._in_head else self._first_layer + layer
        return Place(name, layer_of_model, first_token, last_token, tile, block, lane, operations)
