"""What the requests of a section are called and where in the model they belong."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sim.choice import Section
from sim.layout import SegmentLayout
from sim.program import StreamPlan
from sim.scheduler import StreamRun


@dataclass(frozen=True, slots=True)
class Place:
    """A request: its name, and what of the model it does. ``layer`` counts from the first section's first."""

    name: str
    layer: int | None
    first_token: int
    last_token: int
    tile: int
    block: int | None
    lane: int | None
    operations: str | None


_Item = tuple[str, int, int, int | None, int | None, str | None]  # name, first and last step, block, lane, operations


class Places:
    """Finds the place of the item that a stream of *section* is at."""

    def __init__(self, section: Section) -> None:
        self._section = section
        self._program = section.program
        self._chunk = section.workload.graph.tokens
        self._items = [self._describe(plan) for plan in section.program.streams]

    def _describe(self, plan: StreamPlan) -> list[_Item]:
        operations = ", ".join(plan.operations) if len(plan.operations) > 1 else None
        found: list[_Item] = []
        for item in range(plan.items):
            region = plan.layout.region(item)
            in_parts = isinstance(plan.layout, SegmentLayout) and plan.operations
            name = plan.layout.part(item) if in_parts else plan.name  # type: ignore[attr-defined]
            shown = None if in_parts else operations
            found.append((self._section.prefix + name, region.first, region.last, region.block, region.lane, shown))
        return found

    def of(self, stream: StreamRun[Any]) -> Place:
        """Where the next item of *stream* belongs."""
        name, first, last, block, lane, operations = self._items[stream.rank][stream.item]
        program, chunk = self._program, self._chunk
        layer, tile = divmod(stream.tile, program.tiles_per_layer)
        steps = program.last_tile_tokens if tile == program.tiles_per_layer - 1 else program.token_tile
        start = tile * program.token_tile
        first_token = (start + first) * chunk
        last_token = (start + min(last, steps - 1) + 1) * chunk - 1
        in_head = bool(self._section.prefix)
        return Place(name, None if in_head else layer, first_token, last_token, tile, block, lane, operations)
