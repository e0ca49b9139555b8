"""What the clocks of a DRAM channel went to, in a trace."""

from __future__ import annotations

from collections import Counter

import pytest

from sim.accounting.result import Result
from tests.support.traces import Rows, check_channel, of


@pytest.mark.parametrize("unit", ["dram.channel0", "dram.channel1"])
def test_clocks_of_a_channel_add_up_to_its_account(whole: tuple[Result, Rows], unit: str) -> None:
    result, found = whole
    clocks: Counter[str] = Counter()
    for row in of(found, unit) + of(found, unit, "stall"):
        clocks[row.get("reason", "busy")] += row["clocks"]
    check_channel(result, unit, clocks)
