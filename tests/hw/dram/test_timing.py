"""The table of LPDDR5's timing rules."""

from __future__ import annotations

from hw.dram import TIMINGS
from hw.dram.timing import Command, Scope, rules


def test_every_rule_holds_back_what_it_is_about() -> None:
    table = rules(TIMINGS["lpddr5-6400"])
    assert all(rule.clocks > 0 for rule in table)
    within = {(r.scope, r.preceding, r.following) for r in table if r.window == 1}
    assert len(within) == sum(r.window == 1 for r in table)  # no pair is given twice
    assert (Scope.CHANNEL, Command.RD, Command.WR) in within
