"""Streams at a desk that serves everybody at once: how they go on, and what they say of themselves."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from hw.engine import Engine
from hw.reasons import reason_names
from hw.stream import Stream
from hw.unit import Server
from sim.execution.streams import StreamRun
from sim.execution.tables import StreamTables
from sim.lowering.program import NOTHING, Program, StreamPlan
from tests.support.programs import MAC, SIMD, compute, items, load, needs, program, transfers

NAMES = reason_names(["data", "recurrence"])


class Desk(Server):
    """Starts whatever it is offered in the same cycle, and keeps what that was."""

    def __init__(self, engine: Engine) -> None:
        super().__init__("desk", NAMES, engine)
        self.heard: list[tuple[int, int, int, bool]] = []  # cycle, bytes, address, write
        self.asked: list[tuple[int, int, int, int]] = []  # cycle, cycles, tail, load
        self.priorities: list[int] = []
        self._waiting: list[Stream] = []

    def offer(self, stream: Stream) -> None:
        now = self.engine.now
        self.heard.append((now, stream.size_bytes, stream.address + stream.origin, stream.write))
        self.asked.append((now, stream.cycles, stream.tail_cycles, stream.load))
        self.priorities.append(stream.priority)
        self._waiting.append(stream)
        self.engine.start_at(max(now, stream.ready_at), self)

    def start(self) -> None:
        stream, now = self._waiting.pop(0), self.engine.now
        stream.issued(now + stream.cycles, now + stream.cycles + stream.tail_cycles, None)


def runs(built: Program) -> tuple[Desk, list[StreamRun]]:
    """The streams of *built*, all at one desk, not begun yet."""
    desk = Desk(Engine())
    streams = [
        StreamRun(StreamTables(built, rank, NAMES, load_number), desk, None) for rank in range(len(built.streams))
    ]
    for stream in streams:
        stream.connect(streams)
        desk.engine.at(0, stream)
    return desk, streams


def load_number(cycles: int, _: dict[int, int]) -> int:
    """The number of a load of the SRAM ports."""
    return 100 + cycles


def moving(*sizes: int, **variants: list[int]) -> StreamPlan:
    """Transfers of *sizes*, one behind the other, in a layer of 1000 bytes with 100 a tile."""
    plan = load(len(sizes))
    every = list(range(len(sizes)))
    numbers = tuple(np.array(variants.get(key, every), np.int64) for key in ("middle", "first", "last", "only"))
    return replace(plan, requests=transfers(*sizes), numbers=numbers, layer_bytes=1000, tile_bytes=100)


def test_transfers_move_on_by_tile_and_layer() -> None:
    desk, _ = runs(program(moving(40, 8), layers=2, tiles=3))
    desk.engine.run()
    assert [(size, address) for _, size, address, _ in desk.heard] == [
        (size, 1000 * layer + 100 * tile + place)
        for layer in range(2)
        for tile in range(3)
        for size, place in ((40, 0), (8, 40))
    ]


def test_tiles_without_work_are_passed_over_but_count() -> None:
    """In the first tile of a layer the first item, in the last one the second, in between nothing."""
    plan = moving(40, 8, middle=[NOTHING, NOTHING], first=[0, NOTHING], last=[NOTHING, 1])
    desk, (stream,) = runs(program(plan, layers=2, tiles=5))
    desk.engine.run()
    assert [address for _, _, address, _ in desk.heard] == [0, 400 + 40, 1000, 1400 + 40]
    assert (stream.tile, stream.item, stream.results.issued) == (10, 0, 2 * 10)


def test_the_direction_is_that_of_the_request() -> None:
    plan = replace(load(1), requests=transfers(64, write=True))
    desk, _ = runs(program(plan))
    desk.engine.run()
    assert desk.heard == [(0, 64, 0, True)]


def test_older_tiles_come_first_then_earlier_streams() -> None:
    built = program(compute(MAC, items(1)), compute(MAC, items(1)), compute(MAC, items(1)), tiles=2, layers=2)
    desk, _ = runs(built)
    desk.engine.run()
    assert sorted(desk.priorities) == [3 * tile + rank for tile in range(4) for rank in range(3)]


def test_a_unit_hears_what_the_tables_say() -> None:
    desk, (stream,) = runs(program(compute(MAC, [(5, 3), (7, 0)])))
    desk.engine.run()
    assert desk.asked == [(0, 5, 3, 105), (0, 7, 0, 107)]
    assert stream.last_completion == 8  # of the first, behind which the second's result, there at 7, has to wait


def test_every_layer_has_a_tally_of_its_own() -> None:
    desk, (stream,) = runs(program(compute(MAC, items(1)), tiles=2, layers=3))
    first = stream.tally
    desk.engine.run()
    assert len(stream.tallies) == len({id(tally) for tally in stream.tallies}) == 3
    assert stream.tallies[0] is first and stream.tallies[-1] is stream.tally


def test_operands_are_counted_only_if_somebody_asks() -> None:
    built = program(compute(MAC, items(2), needs(1, 0, 1, reason="no_buffer")), compute(SIMD, items(2), needs(0, 1, 2)))
    desk, (writer, reader) = runs(built)
    desk.engine.run()
    assert writer.operands is None
    assert reader.operands is reader.operand_progress() is not None
    assert reader.operands.issued == reader.results.issued == 2


def test_somebody_can_look_at_the_end_of_every_tile() -> None:
    desk, (stream,) = runs(program(compute(MAC, [(5, 0), None]), tiles=2, layers=2))
    stream.pause_at_borders()
    seen: list[int] = []
    desk.engine.run(lambda: seen.append(stream.tile))
    assert seen == [1, 2, 3, 4]


@pytest.mark.parametrize(
    ("built", "begun", "said"),
    [
        pytest.param(program(compute(MAC, items(1))), False, "mac_array tile 0 item 0: never started", id="not begun"),
        pytest.param(program(compute(MAC, items(1))), True, None, id="at its end"),
        pytest.param(
            program(compute(MAC, items(2), needs(0, 0, 3), name="late")),
            True,
            "late tile 0 item 1: data: late 1/3",
            id="something that never comes",
        ),
        pytest.param(
            program(compute(MAC, items(2), needs(0, 0, -1), needs(0, 0, 2, reason="recurrence"), name="late"), tiles=2),
            True,
            "late tile 0 item 1: recurrence: late 1/2",
            id="of two things the one that is missing",
        ),
    ],
)
def test_what_keeps_a_stream_from_its_end(built: Program, begun: bool, said: str | None) -> None:
    desk, streams = runs(built)
    if begun:
        desk.engine.run()
    assert streams[0].waiting_for() == said
