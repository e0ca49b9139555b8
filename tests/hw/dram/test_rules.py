"""The table of timing rules."""

from __future__ import annotations

import pytest

from hw.dram import TIMINGS
from hw.dram.rules import Command, Scope, rules


@pytest.mark.parametrize("grade", TIMINGS)
def test_every_rule_holds_back_what_it_is_about(grade: str) -> None:
    table = rules(TIMINGS[grade])
    assert all(rule.clocks > 0 for rule in table)
    within = {(r.scope, r.preceding, r.following) for r in table if r.window == 1}
    assert len(within) == sum(r.window == 1 for r in table)  # no pair is given twice
    assert (Scope.CHANNEL, Command.RD, Command.WR) in within


@pytest.mark.parametrize(
    ("grade", "preceding", "following", "clocks"),
    [
        pytest.param("ddr4-3200", Command.ACT1, Command.RD, 22, id="one clock a command: RCD"),
        pytest.param("ddr5-4800", Command.ACT1, Command.RD, 39, id="two clocks each: RCD"),
        pytest.param(
            "ddr5-4800", Command.RD, Command.PRE, 18 + 2 - 1, id="RTP counts from the second clock of the read"
        ),
        pytest.param("ddr5-4800", Command.PRE, Command.ACT1, 39 + 1 - 2, id="RP to the second clock of the activation"),
        pytest.param(
            "lpddr4-4266", Command.PRE, Command.ACT1, 39 + 2 - 4, id="ACT-2 ends three clocks after ACT-1 begins"
        ),
        pytest.param("hbm3-6400", Command.ACT1, Command.WR, 15, id="RCD of a write"),
    ],
)
def test_distances_are_between_the_first_clocks_of_commands(
    grade: str, preceding: Command, following: Command, clocks: int
) -> None:
    table = {(r.scope, r.preceding, r.following): r.clocks for r in rules(TIMINGS[grade]) if r.window == 1}
    assert table[Scope.BANK, preceding, following] == clocks


def test_without_bank_groups_only_the_turn_of_the_bus_is_a_rule_of_a_group() -> None:
    found = {(r.preceding, r.following) for r in rules(TIMINGS["lpddr4-4266"]) if r.scope == Scope.GROUP}
    assert found == {(Command.WR, Command.RD)}
