"""Streams as flat tables: requests in numbers, and needs without what an earlier item has waited for already."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from hw.reasons import Reason, reason_names
from hw.requests import Work
from sim.execution.tables import NEEDED, StreamTables
from sim.lowering.program import NOTHING, Pool, Program
from tests.support.programs import MAC, SIMD, compute, items, load, needs, program, transfers

DRAM, NO_BUFFER = Reason.DRAM, Reason.NO_BUFFER


def tables(built: Program, rank: int) -> StreamTables:
    """Those of one stream, whose loads of the SRAM ports are numbered by the bytes that they ask for."""
    return StreamTables(built, rank, built.reasons, lambda cycles, demand: cycles * 1000 + sum(demand.values()))


def needed(found: StreamTables, names: tuple[str, ...]) -> list[list[tuple[tuple[int, bool], int, int, int, str]]]:
    """For each item what it waits for: counter, items of the producer a tile, offset, producer, reason."""
    numbers = found.needed.tolist()
    rows = [numbers[place : place + NEEDED] for place in range(0, len(numbers), NEEDED)]
    told = [(found.counters[row[0]], row[1], row[2], row[3], names[row[4]]) for row in rows]
    return [told[found.firsts[item] : found.firsts[item + 1]] for item in range(found.items)]


class TestRequests:
    """What is said of a stream and of its requests."""

    def test_a_request_to_a_unit_is_its_cycles_its_tail_and_its_load(self) -> None:
        stream = replace(compute(MAC, [(5, 3), (7, 0)]), requests=(Work(5, 3, {0: 64}), Work(7, 0, {})))
        found = tables(program(stream), 0)
        assert found.values.tolist() == [5, 3, 5064, 7, 0, 7000]
        assert not found.transfers

    def test_a_transfer_is_its_bytes_its_address_and_its_direction(self) -> None:
        stream = replace(load(2), requests=transfers(64, 100, address=4096, write=True))
        found = tables(program(stream), 0)
        assert found.values.tolist() == [64, 4096, 1, 100, 4160, 1]
        assert found.transfers

    def test_items_are_numbered_by_variant_and_variants_that_are_alike_share_their_array(self) -> None:
        same, other = np.array([0, NOTHING]), np.array([NOTHING, 0])
        stream = replace(compute(MAC, items(2)), numbers=(same, same, other, same))
        found = tables(program(stream, layers=2, tiles=3), 0)
        assert [numbers.tolist() for numbers in found.numbers] == [[0, -1], [0, -1], [-1, 0], [0, -1]]
        assert len({id(numbers) for numbers in found.numbers}) == 2
        assert [int(found.variant(tile)) for tile in range(6)] == [1, 0, 2, 1, 0, 2]
        assert (found.items, found.tiles, found.tiles_per_layer, found.streams) == (2, 6, 3, 1)

    @pytest.mark.parametrize(
        ("variants", "idle"),
        [
            pytest.param({}, False, id="always at work"),
            pytest.param({"first": [None]}, False, id="but in the first tile"),
            pytest.param({"middle": [None]}, True, id="in the first and the last tile only"),
        ],
    )
    def test_a_stream_is_idle_if_it_does_nothing_in_the_middle_of_a_layer(
        self, variants: dict[str, list[tuple[int, int] | None]], idle: bool
    ) -> None:
        built = program(compute(MAC, items(1), **variants), tiles=4)  # type: ignore[arg-type]
        assert tables(built, 0).idle is idle


class TestNeeds:
    """What items wait for."""

    @pytest.mark.parametrize(
        ("table", "expected"),
        [
            pytest.param([1, 2, 3], [[1], [2], [3]], id="each for more than the one before"),
            pytest.param([3, 3, 3], [[3], [], []], id="the first for all"),
            pytest.param([1, 3, 2], [[1], [3], []], id="less than before is implied"),
            pytest.param([-1, 0, 1], [[-1], [0], [1]], id="earlier tiles"),
            pytest.param([-6, -5, -7], [[], [-5], []], id="further back than there are tiles: two of three items"),
            pytest.param([-(1 << 60), 1, 1], [[], [1], []], id="nothing at all"),
        ],
    )
    def test_what_an_earlier_item_implies_is_left_out(self, table: list[int], expected: list[list[int]]) -> None:
        built = program(compute(MAC, items(3)), compute(SIMD, items(3), needs(0, *table)), tiles=2)
        found = needed(tables(built, 1), built.reasons)
        assert found == [[((0, False), 3, offset, 0, "data") for offset in offsets] for offsets in expected]

    def test_an_item_that_may_do_nothing_implies_nothing(self) -> None:
        """The first item waits for nothing in the last tile, so that the second has to."""
        lanes = compute(SIMD, items(2), needs(0, 2, 2), last=[None, (1, 0)])
        found = needed(tables(program(compute(MAC, items(2)), lanes, tiles=2), 1), reason_names(["data"]))
        assert found == [[((0, False), 2, 2, 0, "data")], [((0, False), 2, 2, 0, "data")]]

    def test_results_and_operands_of_a_stream_are_counted_apart(self) -> None:
        dependencies = needs(0, 1, 2), needs(0, 0, 1, reason=NO_BUFFER), needs(1, 0, 1, reason="recurrence")
        built = program(compute(MAC, items(2)), compute(SIMD, items(2), *dependencies))
        found = tables(built, 1)
        assert found.counters == [(0, False), (0, True), (1, False)]
        assert needed(found, built.reasons)[1] == [
            ((0, False), 2, 2, 0, "data"),
            ((0, True), 2, 1, 0, NO_BUFFER),
            ((1, False), 2, 1, 1, "recurrence"),
        ]

    def test_two_reasons_to_wait_for_one_counter_share_it(self) -> None:
        built = program(compute(MAC, items(2)), compute(SIMD, items(1), needs(0, 1), needs(0, 2, reason="recurrence")))
        found = tables(built, 1)
        assert found.counters == [(0, False)]
        assert [(offset, reason) for _, _, offset, _, reason in needed(found, built.reasons)[0]] == [
            (1, "data"),
            (2, "recurrence"),
        ]

    @pytest.mark.parametrize(
        ("pool", "order"),
        [
            pytest.param(None, [0, 1], id="weights without slots: as they are given"),
            pytest.param(Pool(2, ((0, 2),)), [1, 0], id="weights last"),
        ],
    )
    def test_weights_come_last_of_what_an_item_waits_for(self, pool: Pool | None, order: list[int]) -> None:
        user = compute(SIMD, items(1), needs(0, 1, reason=DRAM), needs(1, 1))
        built = program(load(1), compute(MAC, items(1)), user, pool=pool)
        assert [row[3] for row in needed(tables(built, 2), built.reasons)[0]] == order

    def test_who_waits_for_nothing_has_empty_tables(self) -> None:
        found = tables(program(compute(MAC, items(3))), 0)
        assert (found.firsts.tolist(), found.needed.tolist(), found.counters) == ([0] * 4, [], [])
