"""What the requests of a section are called, and where in the model they belong."""

from __future__ import annotations

from typing import NamedTuple, TypeVar

from sim.execution.offered import Offered
from sim.lowering.order import SegmentLayout
from sim.lowering.program import StreamPlan
from sim.lowering.section import Section
from sim.trace.slices import Numbers

Whole = TypeVar("Whole", int, Numbers)  # one number, or many at once


class ItemDescription(NamedTuple):
    """What is the same in every tile: an item of a stream covers the steps ``first`` to ``last`` of the tile.

    In the last tile of a layer, which may be shorter, ``last_at_end`` stands for ``last``. ``block`` and ``lane`` are
    None if it covers all; a transfer has no ``operations``.
    """

    name: str
    first: int
    last: int
    last_at_end: int
    block: int | None
    lane: int | None
    operations: tuple[str, ...]


class RequestDescription(NamedTuple):
    """One request: ``tile`` is that of its layer, and ``layer`` is None in the head; the rest as of its item."""

    name: str
    layer: int | None
    first_token: int
    last_token: int
    tile: int
    block: int | None
    lane: int | None
    operations: tuple[str, ...]


def describe_items(section: Section) -> list[list[ItemDescription]]:
    """The items of every stream of *section*."""
    return [[_item(section, plan, number) for number in range(plan.items)] for plan in section.program.streams]


def _item(section: Section, plan: StreamPlan, number: int) -> ItemDescription:
    region, name, operations = plan.layout.region(number), plan.name, plan.operations
    if isinstance(plan.layout, SegmentLayout) and operations:
        name = plan.layout.part(number)
        operations = (name,)
    last_at_end = min(region.last, section.program.last_tile_steps - 1)
    name = section.prefix + name
    return ItemDescription(name, region.first, region.last, last_at_end, region.block, region.lane, operations)


def tokens(section: Section, tile: Whole, first: Whole, last: Whole) -> tuple[Whole, Whole]:
    """The first and the last token of the steps *first* to *last* of a *tile* of a layer of *section*."""
    start, tokens_a_step = tile * section.program.tile_steps, section.stack.graph.tokens
    return (start + first) * tokens_a_step, (start + last + 1) * tokens_a_step - 1


class RequestDescriber:
    """Describes the requests that the streams of *section* offer."""

    def __init__(self, section: Section) -> None:
        self._section = section
        self._items = describe_items(section)

    def describe(self, offered: Offered) -> RequestDescription:
        """What the *offered* request is called, and where it belongs."""
        item, section = self._items[offered.rank][offered.item], self._section
        layer, tile = divmod(offered.tile, section.program.tiles_per_layer)
        last = item.last_at_end if tile == section.program.tiles_per_layer - 1 else item.last
        first_token, last_token = tokens(section, tile, item.first, last)
        layer_of_model = None if section.stack.head else section.layer_of(layer)
        return RequestDescription(
            item.name, layer_of_model, first_token, last_token, tile, item.block, item.lane, item.operations
        )
