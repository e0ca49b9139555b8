"""What the requests of a section are called, and where in the model they belong."""

from __future__ import annotations

from typing import NamedTuple, TypeVar

from sim.execution.offered import Offered
from sim.lowering.order import SegmentLayout
from sim.lowering.program import Program, StreamPlan
from sim.search.choose import Section
from sim.trace.slices import Numbers

Whole = TypeVar("Whole", int, Numbers)  # one number, or many at once


class ItemDescription(NamedTuple):
    """What is the same in every tile: an item of a stream covers the steps ``first`` to ``last`` of the tile.

    In the last tile of a layer, which may be shorter, ``last_at_end`` stands for ``last``. ``operations`` are all of
    them if they are several that the name does not tell; ``block`` and ``lane`` are None if it covers all.
    """

    name: str
    first: int
    last: int
    last_at_end: int
    block: int | None
    lane: int | None
    operations: str | None


class RequestDescription(NamedTuple):
    """One request: ``tile`` is that of its layer, and ``layer`` is None in the head; the rest as of its item."""

    name: str
    layer: int | None
    first_token: int
    last_token: int
    tile: int
    block: int | None
    lane: int | None
    operations: str | None


def describe_items(section: Section) -> list[list[ItemDescription]]:
    """The items of every stream of *section*."""
    return [[_item(section, plan, number) for number in range(plan.items)] for plan in section.program.streams]


def _item(section: Section, plan: StreamPlan, number: int) -> ItemDescription:
    region = plan.layout.region(number)
    operations = ", ".join(plan.operations) if len(plan.operations) > 1 else None
    name = plan.name
    if isinstance(plan.layout, SegmentLayout) and plan.operations:
        name, operations = plan.layout.part(number), None
    last_at_end = min(region.last, section.program.last_tile_tokens - 1)
    name = section.prefix + name
    return ItemDescription(name, region.first, region.last, last_at_end, region.block, region.lane, operations)


def tokens(program: Program, chunk: int, tile: Whole, first: Whole, last: Whole) -> tuple[Whole, Whole]:
    """The first and the last token of the steps *first* to *last* of a *tile* of a layer; a step has *chunk* tokens."""
    start = tile * program.token_tile
    return (start + first) * chunk, (start + last + 1) * chunk - 1


class RequestDescriber:
    """Describes the requests that the streams of *section* offer."""

    def __init__(self, section: Section) -> None:
        self._program = section.program
        self._in_head = bool(section.prefix)
        self._chunk = section.workload.graph.tokens
        self._items = describe_items(section)

    def describe(self, offered: Offered) -> RequestDescription:
        """What the *offered* request is called, and where it belongs."""
        item, program = self._items[offered.rank][offered.item], self._program
        layer, tile = divmod(offered.tile, program.tiles_per_layer)
        last = item.last_at_end if tile == program.tiles_per_layer - 1 else item.last
        found = tokens(program, self._chunk, tile, item.first, last)
        return RequestDescription(
            item.name, None if self._in_head else layer, *found, tile, item.block, item.lane, item.operations
        )
