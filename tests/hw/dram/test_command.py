"""DRAM at command level: against Ramulator 2.1, and single accesses of LPDDR5 by hand."""

from __future__ import annotations

import numpy as np
import pytest

from hw.dram import TIMINGS
from hw.dram.command import replay
from hw.dram.refresh import Refresh
from hw.dram.replay import Ints, Replay
from sim.validation.traces import build

SLOW = TIMINGS["lpddr5-6400"]
ROW = 1 << 15  # bytes from a row of a bank to its next


def requests(*lines: tuple[str, int, int]) -> Ints:
    return np.array([(kind == "W", address, size) for kind, address, size in lines], dtype=np.int64)


def alone(*lines: tuple[str, int, int]) -> Replay:
    return replay(requests(*lines), SLOW, refresh="none")


# A command a clock, from clock 1 on: ACT-1 at 1, CAS (data clock) the clock before the first read or write.
@pytest.mark.parametrize(
    ("lines", "cycles"),
    [
        pytest.param([("R", 0, 32)], 1 + 15 + 1 + 17 + 2, id="activate, CAS, read, RL, burst"),
        pytest.param([("R", 0, 64)], 1 + 15 + 1 + 4 + 17 + 2, id="second burst of a group: CCD_L"),
        pytest.param([("R", 32, 64)], 1 + 4 + 15 + 17 + 2, id="two groups: their activations are RRD apart"),
        pytest.param([("W", 0, 32)], 1 + 15 + 1, id="a write ends with its command"),
        pytest.param([("R", 0, 32), ("R", ROW, 32)], 1 + 49 + 15 + 1 + 17 + 2, id="another row of the bank: RC"),
        pytest.param([("R", 0, 32), ("W", 4096, 32)], 17 + 17 + 2, id="a write command before the read's data"),
        pytest.param([("W", 0, 32), ("R", 0, 32)], 17, id="a read of what waits to be written is answered at once"),
    ],
)
def test_single_accesses(lines: list[tuple[str, int, int]], cycles: int) -> None:
    assert alone(*lines).cycles == cycles


@pytest.mark.parametrize(
    ("config", "name", "preset", "refresh", "cycles", "latency"),
    [
        # sim/validation/data/ramulator_lpddr5.csv has all of them
        pytest.param("base", "e2_bank_conflict_2rows", "lpddr5-6400", "all-bank", 79568, 179.235, id="two rows"),
        pytest.param("base", "e_bank_conflict_read", "lpddr5-6400", "all-bank", 426893, 873.378, id="one bank"),
        pytest.param("perbank", "e_bank_conflict_read", "lpddr5-6400", "per-bank", 408966, 837.341, id="per bank"),
        pytest.param("noref", "d2_rw50_samebank_512B", "lpddr5-6400", "none", 446538, 255.258, id="no refresh"),
        pytest.param("lp5x", "d_rw50_4K", "lpddr5x-8533", "all-bank", 308030, 178.616, id="8533"),
        pytest.param("base_2ch", "2ch_h_r70w30_1K", "lpddr5-6400", "all-bank", 320362, 119.198, id="two channels"),
    ],
)
def test_commands_equal_ramulators(
    config: str, name: str, preset: str, refresh: Refresh, cycles: int, latency: float
) -> None:
    found = replay(build(name), TIMINGS[preset], 2 if config.endswith("2ch") else 1, refresh)
    assert found.cycles == cycles
    assert found.mean_latency == pytest.approx(latency, abs=0.06)


@pytest.mark.parametrize(
    ("preset", "name", "cycles", "latency", "error"),
    [
        # sim/validation/data/ramulator_standards.csv has all of them
        pytest.param("ddr4-3200", "d_rw50_512B", 408586, 428.103, 0, id="DDR4, to the clock"),
        pytest.param("ddr4-3200", "e_bank_conflict_read", 158811, 667.013, 0, id="DDR4, one bank"),
        # its reads are a clock later here: RL counts from the second clock of the command
        pytest.param("ddr5-4800", "a_seq_read_4M", 572928, 328.717, 0.0001, id="DDR5"),
        pytest.param("ddr5-4800", "d_rw50_4K", 674776, 711.591, 0.003, id="DDR5, reads and writes"),
        # Ramulator has the two command buses of HBM, we have one
        pytest.param("hbm2e-3200", "d_rw50_4K", 319816, 180.586, 0.01, id="HBM2e"),
        pytest.param("hbm3-6400", "c_rand_read_64B", 886065, 282.922, 0.02, id="HBM3"),
    ],
)
def test_commands_of_other_standards_follow_ramulators(
    preset: str, name: str, cycles: int, latency: float, error: float
) -> None:
    found = replay(build(name), TIMINGS[preset])
    assert found.cycles == pytest.approx(cycles, rel=error)
    assert found.mean_latency == pytest.approx(latency, rel=error, abs=0.06)


def test_more_channels_share_the_work() -> None:
    trace = build("a_seq_read_4M")
    one, two = (replay(trace, SLOW, channels) for channels in (1, 2))
    assert two.bursts == one.bursts == 4 * 2**20 // 32
    assert one.cycles == pytest.approx(2 * two.cycles, rel=0.01)
