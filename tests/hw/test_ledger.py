"""Where the cycles of a unit went: gaps, waits for DRAM shared over their causes, and every cycle accounted for."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hw.engine import Engine
from hw.integers import apportion
from hw.reasons import COST_NAMES
from hw.sram import SramSpec
from hw.sram_ports import SramPorts
from hw.unit import Unit
from tests.support.scripts import NAMES, Item, Script, Tape, account, items, landed, one, work


class TestAccounts:
    """Where the cycles of a unit went."""

    def test_gaps_go_to_what_the_later_request_waited_for(self, unit: Unit) -> None:
        Script(unit, [(5, work(10))], reason="first")
        Script(unit, [(20, work(10))], reason="second")
        Script(unit, [(22, work(10))], reason="no gap before it")
        unit.engine.run()
        assert account(unit.ledger.close(50)) == (30, {"first": 5, "second": 5, "nothing_left": 10})

    def test_every_stream_has_a_tally_of_its_own(self, unit: Unit) -> None:
        scripts = [Script(unit, [(5, work(10))], reason="first"), Script(unit, [(20, work(7))], reason="second")]
        unit.engine.run()
        accounts = [unit.ledger.accounts(script.tally) for script in scripts]
        assert [*map(account, accounts)] == [(10, {"first": 5}), (7, {"second": 5})]

    def test_stalls_of_a_stream_come_in_the_order_of_the_numbers_of_their_reasons(self, unit: Unit) -> None:
        landing = landed(0, "late", 1, 1, 1, 1, 1, before=landed(0, "second", 1, 1, 1, 1, 1))
        script = Script(unit, [(5, work(10)), (90, work(10))], reason="second", landing=landing)
        unit.engine.run()
        stalls = unit.ledger.accounts(script.tally).stalls
        assert list(stalls) == sorted(stalls, key=NAMES.index)

    def test_a_unit_without_work_has_nothing_left(self, unit: Unit) -> None:
        assert account(unit.ledger.close(50)) == (0, {"nothing_left": 50})

    def test_busy_banks_make_a_request_longer(self) -> None:
        spec = SramSpec.model_validate(
            {"capacity": "4KiB", "banks": 1, "bank_width": "64B", "ports": 1, "interleave": 1}
        )
        engine, ports = Engine(), SramPorts(spec)
        array, simd = Unit("mac_array", NAMES, engine, ports), Unit("simd", NAMES, engine, ports)
        first = Script(array, [(0, work(100, cluster0=6400))], ports=ports)  # all that the bank gives
        second = Script(simd, [(10, work(20, cluster0=20 * 64))], ports=ports)  # gets half of it: twice as long
        engine.run()
        assert (first.ends, second.ends) == ([100], [50])
        assert account(array.ledger.close(100)) == (100, {})
        assert account(simd.ledger.close(100)) == (20, {"late": 10, "bank_conflict": 20, "nothing_left": 50})

    # The unit is idle for 100 cycles; the transfer's own time went 3 : 2 : 1 to bandwidth, latency and row misses.
    @pytest.mark.parametrize(
        ("issued", "expected"),
        [
            pytest.param(
                0, {"dram_bandwidth": 50, "dram_latency": 33, "dram_row_miss": 17}, id="issued as the wait began"
            ),
            pytest.param(
                40,
                {"no_buffer": 40, "dram_bandwidth": 30, "dram_latency": 20, "dram_row_miss": 10},
                id="issued late: 40 to the reason for that",
            ),
            pytest.param(-50, {"dram_bandwidth": 50, "dram_latency": 33, "dram_row_miss": 17}, id="issued before"),
            pytest.param(100, {"no_buffer": 100}, id="issued at the end"),
        ],
    )
    def test_a_wait_for_dram_is_shared_over_its_causes(self, unit: Unit, issued: int, expected: dict[str, int]) -> None:
        landing = landed(10 + issued, "no_buffer", 300, 200, 100, 0, 0)
        one(unit, 0, 10)
        Script(unit, [(110, work(5))], reason="dram", landing=landing)
        unit.engine.run()
        assert account(unit.ledger.close(115)) == (15, expected)

    def test_a_wait_for_a_transfer_that_waited_for_another_is_shared_over_both(self, unit: Unit) -> None:
        """Idle from 0 to 100: a transfer issued at 10 held up another one until 70, which then took refreshes."""
        before = landed(10, "no_buffer", 2, 0, 0, 1, 0)
        landing = landed(70, "dram", 0, 0, 0, 0, 30, before=before)
        Script(unit, [(100, work(5))], reason="dram", landing=landing)
        unit.engine.run()
        expected = {"no_buffer": 10, "dram_bandwidth": 40, "dram_turnaround": 20, "dram_refresh": 30}
        assert account(unit.ledger.close(105)) == (5, expected)

    def test_an_observer_hears_of_the_parts_of_a_wait_in_order_of_time(self, unit: Unit) -> None:
        """What both transfers spent time on is one part, where the first of them did."""
        unit.ledger.observer = tape = Tape()
        before = landed(10, "no_buffer", 30, 20, 0, 0, 0)
        Script(unit, [(100, work(5))], reason="dram", landing=landed(60, "dram", 30, 0, 10, 0, 0, before=before))
        unit.engine.run()
        assert tape.of("simd") == [
            ("no_buffer", 0, 10),
            ("dram_bandwidth", 10, 70),
            ("dram_latency", 70, 90),
            ("dram_row_miss", 90, 100),
            ("script", 100, 105),
        ]

    def test_an_observer_hears_of_every_cycle(self, unit: Unit) -> None:
        unit.ledger.observer = tape = Tape()
        Script(unit, [(5, work(10, tail=3)), (0, work(2)), (30, work(1))], name="work")
        unit.engine.run()
        unit.ledger.close(40)
        assert tape.of("simd") == [
            ("late", 0, 5),
            ("work", 5, 15),
            ("work", 15, 17),
            ("late", 17, 30),
            ("work", 30, 31),
            ("nothing_left", 31, 40),
        ]


@settings(deadline=None)
@given(items=items)
def test_busy_and_stalls_are_the_makespan(items: list[Item]) -> None:
    unit = Unit("simd", NAMES, Engine())
    unit.ledger.observer = tape = Tape()
    scripts = [
        Script(
            unit, [(ready, work(cycles, tail)), (0, work(cycles))], priority, reason=f"reason {ready % 3}", ahead=ahead
        )
        for ready, cycles, tail, priority, ahead in items
    ]
    unit.engine.run()
    makespan = max(max(script.completions) for script in scripts)
    busy, stalls = account(unit.ledger.close(makespan))
    assert busy == 2 * sum(cycles for _, cycles, _, _, _ in items)
    assert busy + sum(stalls.values()) == makespan
    edges = [0] + [end for _, _, end in tape.of("simd")]
    assert [start for _, start, _ in tape.of("simd")] == edges[:-1]
    assert edges[-1] == makespan


costs = st.lists(st.integers(0, 10**6), min_size=len(COST_NAMES), max_size=len(COST_NAMES))


@given(chain=st.lists(st.tuples(st.integers(-50, 450), costs), min_size=1, max_size=4), cycles=st.integers(1, 400))
def test_a_shared_wait_is_as_long_as_before_and_shared_in_proportion(
    chain: list[tuple[int, list[int]]], cycles: int
) -> None:
    """Parts follow each other without a gap; of a single transfer each kind gets its share, rounded up or down."""
    unit = Unit("simd", NAMES, Engine())
    unit.ledger.observer = tape = Tape()
    landing = None
    for issued, spent in chain:
        landing = landed(issued, "no_buffer", *spent, before=landing)
    Script(unit, [(cycles, work(5))], reason="dram", landing=landing)
    unit.engine.run()
    *waits, _ = tape.of("simd")
    assert [start for _, start, _ in waits] == [0, *(end for _, _, end in waits[:-1])]
    assert waits[-1][2] == cycles
    assert len({what for what, _, _ in waits}) == len(waits)
    if len(chain) == 1 and any(chain[0][1]):
        shared = cycles - min(max(chain[0][0], 0), cycles)
        found = {what: end - start for what, start, end in waits}
        assert found.get("no_buffer", 0) == cycles - shared
        for name, clocks in zip(COST_NAMES, chain[0][1], strict=True):
            assert abs(found.get(name, 0) - Fraction(shared * clocks, sum(chain[0][1]))) < 1


@given(weights=costs, cycles=st.integers(1, 10**6))
def test_a_wait_is_shared_by_largest_remainders(weights: list[int], cycles: int) -> None:
    unit = Unit("simd", NAMES, Engine())
    Script(unit, [(cycles, work(5))], reason="dram", landing=landed(0, "late", *weights))
    unit.engine.run()
    _, stalls = account(unit.ledger.close(cycles + 5))
    spent = dict(zip(COST_NAMES, weights if any(weights) else [1, 0, 0, 0, 0], strict=True))
    assert stalls == {name: share for name, share in apportion(cycles, spent).items() if share}
