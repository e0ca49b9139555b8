"""Effects that a machine can be freed of, one at a time or several: the switches of what-if experiments.

``ideal: [dram_refresh, bank_conflicts]`` in a machine's file, or ``--set ideal=[edges]``, makes these cost nothing and
leaves the schedule as it is: placement, tiles and order stay.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from typing import Literal

from hw.requests import Cost

Effect = Literal[
    "dependencies",  # results of other operations are there at once
    "recurrence",  # and so are those of earlier timesteps
    "edges",  # no PE or lane is ever without work while its unit is busy
    "fill_drain",  # pipelines fill, drain and hand on results in no time
    "buffers",  # there is always room
    "bank_conflicts",  # SRAM banks serve everybody at once
    "dram_bandwidth",  # data crosses the bus in no time
    "dram_latency",  # rows are open, CAS latency is zero
    "dram_turnaround",  # the bus changes its direction in no time
    "dram_refresh",  # rows need none
]


def freed_cost(cost: Cost, ideal: Collection[Effect]) -> Cost:
    """*cost* without edge waste, and without fill and drain, where *ideal* says so."""
    if "edges" in ideal:
        cost = replace(cost, cycles=max(1, cost.useful_cycles + cost.fill_drain_cycles))
    if "fill_drain" in ideal:
        cycles = max(1, cost.cycles - cost.fill_drain_cycles)
        cost = replace(cost, cycles=cycles, tail_cycles=0, fill_drain_cycles=0)
    return cost
