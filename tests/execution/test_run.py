"""Small programs whose makespans are worked out by hand in the row, what is heard of them, and deadlocks by name."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from hw.machine import MachineSpec
from hw.reasons import Reason
from hw.requests import Work
from hw.unit_names import UnitName
from sim.execution.observers import RunObserver
from sim.execution.run import Execution, run_program
from sim.files.catalog import find
from sim.files.documents import read_document
from sim.files.errors import DeadlockError
from sim.lowering.order import BatchLayout
from sim.lowering.program import NOTHING, VARIANTS, Dependency, Pool, Program, StreamPlan
from tests.support.programs import transfers

DRAM, NO_BUFFER, RECURRENCE = Reason.DRAM, Reason.NO_BUFFER, "recurrence"

EDGE = read_document(find("machine", "edge")).check(MachineSpec)


def stream(unit: UnitName, cycles: int, items: int, *needs: Dependency, tail: int = 0, name: str = "") -> StreamPlan:
    """*items* requests of *cycles* each, whose results are there *tail* cycles later."""
    layout, numbers = BatchLayout(items, 1, items), (np.zeros(items, np.int64),) * len(VARIANTS)
    return StreamPlan(name or unit, unit, (), layout, (Work(cycles, tail, {}),), numbers, (), list(needs))


def load(size_bytes: int, items: int) -> StreamPlan:
    layout, numbers = BatchLayout(items, 1, items), (np.zeros(items, np.int64),) * len(VARIANTS)
    return StreamPlan("load", "dma", (), layout, transfers(size_bytes), numbers)


def program(*streams: StreamPlan, tiles: int = 1, pool: Pool | None = None) -> Program:
    return Program(streams, (), pool, 1, tiles, 1, 1, False)


def run(built: Program) -> Execution:
    """Run it on the edge machine; the cycles of every unit and channel sum to the makespan."""
    execution = run_program(built, EDGE)
    assert [*execution.units] == ["mac_array", "simd", "dma", "dram.channel0", "dram.channel1"]
    for name, account in execution.units.items():
        assert account.busy + sum(account.stalls.values()) == execution.makespan, name
    return execution


def after(producer: int, items: int, offset: int = 1, reason: str = "waits_for_mac_array") -> Dependency:
    """Item i needs i + *offset* items of *producer*."""
    return Dependency(producer, np.arange(items) + offset, reason)


CASES = [
    pytest.param([stream("simd", 7, 3)], 1, 21, id="one-stream"),
    pytest.param([stream("simd", 7, 3)], 2, 42, id="two-tiles"),
    pytest.param([stream("simd", 7, 2), stream("mac_array", 5, 2)], 1, 14, id="two-units-side-by-side"),
    pytest.param([stream("simd", 7, 2), stream("simd", 5, 2)], 1, 24, id="two-streams-share-a-unit"),
    # array 0-10, 10-20, results at 13 and 23; lanes 13-18, 23-28
    pytest.param([stream("mac_array", 10, 2, tail=3), stream("simd", 5, 2, after(0, 2))], 1, 28, id="chain"),
    # each step starts when the one before has left the pipeline: 0, 7, 14, 21
    pytest.param([stream("simd", 5, 4, after(0, 4, 0, RECURRENCE), tail=2)], 1, 28, id="recurrence"),
    # the one before the last: 0, 5, 10, 15
    pytest.param([stream("simd", 5, 4, after(0, 4, -1, RECURRENCE), tail=2)], 1, 22, id="recurrence-of-distance-two"),
    # array 0-10, 40-50, 80-90; lanes 10-40, 50-80, 90-120
    pytest.param(
        [stream("mac_array", 10, 3, after(1, 3, 0, NO_BUFFER)), stream("simd", 30, 3, after(0, 3))],
        1, 120, id="one-buffer",
    ),
    # array 0-10, 10-20, 40-50; lanes 10-40, 40-70, 70-100
    pytest.param(
        [stream("mac_array", 10, 3, after(1, 3, -1, NO_BUFFER)), stream("simd", 30, 3, after(0, 3))],
        1, 100, id="two-buffers",
    ),
    # space is free when the reader has read, 20 cycles before its result is there
    pytest.param(
        [stream("mac_array", 10, 3, after(1, 3, 0, NO_BUFFER)), stream("simd", 30, 3, after(0, 3), tail=20)],
        1, 140, id="space-does-not-wait-for-the-tail",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("streams", "tiles", "cycles"), CASES)
def test_makespan_by_hand(streams: list[StreamPlan], tiles: int, cycles: int) -> None:
    assert run(program(*streams, tiles=tiles)).makespan == cycles


REASONS = [
    pytest.param(
        [stream("mac_array", 10, 2, tail=3), stream("simd", 5, 2, after(0, 2))],
        "simd", {"waits_for_mac_array": 18}, id="result-of-another-unit",
    ),
    pytest.param(
        [stream("simd", 5, 4, after(0, 4, 0, RECURRENCE), tail=2)],
        "simd", {"recurrence": 6, "nothing_left": 2}, id="own-result",
    ),
    pytest.param(
        [stream("mac_array", 10, 3, after(1, 3, 0, NO_BUFFER)), stream("simd", 30, 3, after(0, 3))],
        "mac_array", {"no_buffer": 60, "nothing_left": 30}, id="space",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("streams", "unit", "stalls"), REASONS)
def test_idle_cycles_go_to_what_was_missing_last(streams: list[StreamPlan], unit: str, stalls: dict[str, int]) -> None:
    assert run(program(*streams)).units[unit].stalls == stalls


class Order(RunObserver):
    """Keeps what units work on, in order."""

    def __init__(self) -> None:
        self.heard: list[tuple[str, int]] = []

    def busy(self, unit: str, offered: Any, start: int, end: int) -> None:
        self.heard.append((offered.plan.name, offered.tile))


def order(built: Program) -> list[tuple[str, int]]:
    """(stream, tile) of every request, in the order of their starts."""
    observer = Order()
    run_program(built, EDGE, observer=observer)
    return observer.heard


def test_oldest_tile_goes_first_then_the_earlier_stream() -> None:
    """Both streams are always ready; of one tile the first stream's requests come first, of two tiles the older."""
    built = program(stream("simd", 5, 2, name="first"), stream("simd", 5, 2, name="second"), tiles=2)
    expected = [(name, tile) for tile in range(2) for name in ("first", "second") for _ in range(2)]
    assert order(built) == expected


@pytest.mark.parametrize("streams", [2, 256, 257, 300])
def test_the_older_tile_goes_first_however_many_streams_there_are(streams: int) -> None:
    """The first stream offers its second tile while the last one still has to start its first."""
    names = [f"stream {number}" for number in range(streams)]
    built = program(*(stream("simd", 1, 1, name=name) for name in names), tiles=3)
    assert order(built) == [(name, tile) for tile in range(3) for name in names]


@pytest.mark.parametrize("kept", [pytest.param(0b1, id="first-tile-only"), pytest.param(0b100, id="last-tile-only")])
def test_items_without_work_take_no_time(kept: int) -> None:
    """Five tiles, of which one has something to do."""
    full = stream("simd", 9, 2)
    some = {0: (1, 3), 2: (2, 3)}[kept.bit_length() - 1]
    nothing = np.full(2, NOTHING)
    partly = replace(full, numbers=tuple(full.numbers[v] if v in some else nothing for v in VARIANTS))
    assert run(program(partly, tiles=5)).makespan == 18


@pytest.mark.parametrize("slots", [1, 2, 3])
def test_more_slots_for_weights_overlap_loading_and_use(slots: int) -> None:
    """Alone, a tile is loaded and then used; with two slots the next is loaded meanwhile: use hides the load."""
    items, use = 6, 4000
    used = stream("mac_array", use, items, after(0, items, 1, DRAM))
    execution = run(program(load(65536, items), used, pool=Pool(slots, ((0, 1),))))
    one_load = run(program(load(65536, 1))).makespan
    serial, overlapped = items * (use + one_load), items * use + one_load
    assert execution.makespan == pytest.approx(serial if slots == 1 else overlapped, rel=0.02)
    assert execution.units["mac_array"].busy == items * use


def test_waiting_for_dram_is_shared_over_what_the_transfer_spent_its_time_on() -> None:
    built = program(load(4096, 1), stream("simd", 10, 1, after(0, 1, 1, DRAM)))
    execution = run(built)
    stalls = execution.units["simd"].stalls
    assert sum(stalls.values()) == execution.makespan - 10
    assert set(stalls) == {"dram_bandwidth", "dram_latency", "dram_row_miss"}
    assert stalls["dram_bandwidth"] == pytest.approx(4096 / EDGE.dram_bytes_per_cycle, abs=2)


def test_deadlock_names_who_waits_for_what() -> None:
    one = stream("mac_array", 1, 1, after(1, 1, 1, "waits_for_simd"), name="one")
    other = stream("simd", 1, 1, after(0, 1, 1), name="other")
    with pytest.raises(DeadlockError) as error:
        run(program(one, other))
    assert str(error.value).splitlines() == [
        "the schedule cannot go on:",
        "one tile 0 item 0: waits_for_simd: other 0/1",
        "other tile 0 item 0: waits_for_mac_array: one 0/1",
    ]
