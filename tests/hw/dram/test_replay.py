"""What a replay adds up over the controllers of its channels."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from hw.dram.replay import Replay


@dataclass
class Controller:
    """One that has run."""

    cycles: int
    hits: int
    misses: int
    conflicts: int


def test_channels_work_side_by_side_and_their_rows_are_counted_together() -> None:
    found = Replay.of([Controller(90, 5, 2, 1), Controller(70, 4, 0, 3)], 15, np.array([30, 40, 44]))
    assert (found.cycles, found.bursts) == (max(90, 70), 15)
    assert (found.row_hits, found.row_misses, found.row_conflicts) == (5 + 4, 2 + 0, 1 + 3)
    assert found.mean_latency == (30 + 40 + 44) / 3


def test_without_reads_there_is_no_latency() -> None:
    assert Replay.of([Controller(9, 0, 1, 0)], 1, np.array([], np.int64)).mean_latency == 0.0
