"""Which request of the program each slice of work is.

A section's requests are found by name and unit; where a section repeats (``passes``) in one layer, the n-th of what is
alike is that of the n-th pass, since a stream does its requests in order (docs/program.md).
"""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from tests.support.legality.findings import Verdict
from tests.support.legality.program import Program, Section, Stream
from tests.support.legality.trace import Slice

CHECK = "coverage"
NEVER = -(1 << 62)
NO_ITEM = -1  # one more than there are
Cycles = npt.NDArray[np.int64]


@dataclass
class Request:
    """A request as it ran: ``issued``, at work from ``start``, through with its operands at ``end``, ``done`` then.

    ``item`` is its number among the tiles of weights of its stream in a tile of tokens.
    """

    slice: Slice
    section: Section
    stream: Stream
    number: int
    pass_: int
    item: int
    issued: int
    end: int
    done: int
    operations: tuple[str, ...]
    products: tuple[str, ...] = ()  # the operations that an array does as matrix products

    @property
    def first(self) -> int:
        """The first timestep that it is about, counted from the beginning of the layer."""
        return (self.slice.first or 0) // self.section.tokens

    @property
    def last(self) -> int:
        """The last one."""
        return (self.slice.last or 0) // self.section.tokens

    @property
    def steps(self) -> int:
        """How many timesteps."""
        return self.last - self.first + 1

    @property
    def tile(self) -> int:
        """The tile of its layer."""
        return self.slice.tile or 0

    @property
    def parts(self) -> int:
        """Of how many equal parts of the section it does one."""
        name = (self.operations or (self.stream.converts,))[0]
        if name not in self.section.cut:
            return 1
        if self.stream.order == "steps":
            return self.section.blocks * self.section.lanes
        return self.section.blocks if self.slice.block is not None or self.section.blocks == 1 else 1


@dataclass
class Grid:
    """When something was done: by pass, timestep (or tile), block and lane; one block if it is not cut."""

    start: Cycles
    end: Cycles
    done: Cycles
    number: Cycles
    count: Cycles

    @classmethod
    def of(cls, *shape: int) -> Grid:
        """An empty one."""
        return cls(
            np.full(shape, -NEVER), np.full(shape, NEVER), np.full(shape, NEVER), np.full(shape, -1),
            np.zeros(shape, np.int64),
        )  # fmt: skip

    def add(self, where: tuple[int | slice, ...], request: Request) -> None:
        """*request* does what is *where*."""
        self.start[where] = np.minimum(self.start[where], request.issued)
        self.end[where] = np.maximum(self.end[where], request.end)
        self.done[where] = np.maximum(self.done[where], request.done)
        self.number[where] = request.number
        self.count[where] += 1


@dataclass
class Ran:
    """A section as it ran: all its requests, and when operations and transfers were done."""

    section: Section
    requests: list[Request] = field(default_factory=list)
    operations: dict[str, Grid] = field(default_factory=dict)  # by pass, timestep, block, lane
    transfers: dict[str, Grid] = field(default_factory=dict)  # by pass, tile, block
    of_stream: dict[str, list[Request]] = field(default_factory=lambda: defaultdict(list))

    def layout(self, name: str) -> tuple[int, int]:
        """Into how many blocks and lanes the requests of an operation are cut."""
        section = self.section
        stream = next(each for each in section.streams if name in each.operations)
        if stream.tiles:
            own = [tile.block for tile in stream.tiles if tile.operation == name]
            return (section.blocks if any(block is not None for block in own) else 1), 1
        if name not in section.cut:
            return 1, 1
        return section.blocks, section.lanes if stream.order == "steps" else 1


def requests_of(program: Program, slices: list[Slice], verdict: Verdict) -> list[Ran]:
    """The requests of every section, from the *slices* of work and of transfers in flight."""
    work = [each for each in slices if each.kind == "work" and not each.unit.startswith("dram.")]
    issued, conflicts = _issues(slices), _conflicts(slices)
    found = [Ran(section) for section in program.sections]
    names = [_names(section) for section in program.sections]
    finished: Counter[int] = Counter()
    seen: Counter[tuple[object, ...]] = Counter()
    here = 0
    for number, each in enumerate(work):
        place = _section_of(each, here, program, names, finished)
        if place is None:
            verdict.found(CHECK, "unknown request", each.words)
            continue
        here = place
        section = program.sections[here]
        stream = names[here][each.name, each.unit]
        finished[here] += stream.name == section.store_of(section.outputs[0])
        pass_, item = _turn(section, stream, each, seen)
        end = conflicts.get((each.unit, each.end, each.name, each.tile, each.first), each.end)
        begun = issued.get(number, each.end) if each.unit == "dma" else each.start
        request = Request(
            each, section, stream, number, pass_, item, begun, end, end, _operations(section, stream, each)
        )
        found[here].requests.append(request)
        found[here].of_stream[stream.name].append(request)
    verdict.compared[CHECK] += len(work)
    return found


def _issues(slices: list[Slice]) -> dict[int, int]:
    """Number of a slice of work -> when it was issued, of transfers; one that took no time was issued at its end."""
    found: dict[int, int] = {}
    flights = [each for each in slices if each.kind == "flight"]
    work = [each for each in slices if each.kind == "work" and not each.unit.startswith("dram.")]
    at = 0
    for number, each in enumerate(work):
        if each.unit != "dma" or at == len(flights):
            continue
        flight = flights[at]
        if (flight.place, flight.end, flight.bytes) == (each.place, each.end, each.bytes):
            found[number] = flight.start
            at += 1
    return found


def _conflicts(slices: list[Slice]) -> dict[tuple[object, ...], int]:
    """(unit, end of the work, request) -> when a request that the banks lengthened was through."""
    return {
        (each.unit, each.start, each.request, each.tile, each.first): each.end
        for each in slices
        if each.kind == "stall" and each.reason == "bank_conflict" and each.track == "stalls"
    }


def _names(section: Section) -> dict[tuple[str, str], Stream]:
    """(name of a slice, unit) -> its stream."""
    found: dict[tuple[str, str], Stream] = {}
    for stream in section.streams:
        own = stream.operations if stream.tiles else (stream.name,)
        for name in own:
            found[section.prefix + name, stream.unit] = stream
    return found


def _section_of(
    each: Slice, here: int, program: Program, names: list[dict[tuple[str, str], Stream]], finished: Counter[int]
) -> int | None:
    """The section to which the next slice belongs: that of the one before, unless that has ended, or a later one."""
    able = [
        number
        for number in range(here, len(program.sections))
        if (each.name, each.unit) in names[number] and _in_layers(each, program.sections[number])
    ]
    if not able:
        return None
    if len(able) > 1 and able[0] == here:
        section = program.sections[here]
        once = section.operations[section.maker[section.outputs[0]]].final
        if finished[here] >= section.passes * (1 if once else section.tiles):
            return able[1]
    return able[0]


def _in_layers(each: Slice, section: Section) -> bool:
    if section.data["head"]:
        return each.layer is None
    last = section.first_layer + (0 if section.data["part_of_a_layer"] else section.passes - 1)
    return each.layer is not None and section.first_layer <= each.layer <= last


def _turn(section: Section, stream: Stream, each: Slice, seen: Counter[tuple[object, ...]]) -> tuple[int, int]:
    """The pass that a slice belongs to, and its number among the tiles of weights of its stream."""
    weights = bool(stream.tiles or stream.converts) or stream.moves == "weights"
    part = (each.name, each.unit) if stream.tiles else stream.name
    alike = (each.block,) if weights else (each.block, each.first, each.last, each.lane)
    key = section.number, part, each.layer, each.tile, *alike
    turn = seen[key]
    seen[key] += 1
    items = _items(section, stream, each) if weights else [0]
    if section.data["part_of_a_layer"]:
        pass_, turn = divmod(turn, max(1, len(items)))
    else:
        pass_ = 0 if each.layer is None else each.layer - section.first_layer
    return pass_, items[turn] if turn < len(items) else NO_ITEM


def _items(section: Section, stream: Stream, each: Slice) -> list[int]:
    """The numbers of the tiles of weights with the name and the block of a slice."""
    name = each.name.removeprefix(section.prefix) if stream.tiles else None
    key = stream.name, name, each.block
    if key not in section.items:
        tiles = (stream if stream.tiles else user_of(section, stream)).tiles
        section.items[key] = [
            number for number, t in enumerate(tiles) if t.block == each.block and name in (None, t.operation)
        ]
    return section.items[key]


def user_of(section: Section, stream: Stream) -> Stream:
    """The stream of projections whose weights another one loads or dequantises."""
    first, unit = stream.user or stream.converts, stream.name.partition("@")[2]
    return next(s for s in section.streams if s.tiles and first in s.operations and unit in ("", s.unit))


def _operations(section: Section, stream: Stream, each: Slice) -> tuple[str, ...]:
    if stream.tiles:
        return (each.name.removeprefix(section.prefix),)
    return stream.operations
