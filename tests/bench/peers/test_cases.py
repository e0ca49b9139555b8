"""What both tools take at least, by hand: against arithmetic, and against a run of ours."""

from __future__ import annotations

import pytest

from bench.peers.cases import Block, least_cycles
from bench.peers.measuring import WORKLOAD
from hw.machine import MachineSpec
from sim import simulate
from sim.files.limits import Limits
from sim.files.resolve import read
from tests.support.folders import ROOT


@pytest.fixture(scope="module")
def edge() -> MachineSpec:
    return read("machine", "edge").check(MachineSpec)


@pytest.mark.parametrize(
    ("block", "on_array", "lanes", "array"),
    [  # 32 lanes, 1024 MACs; exp 4 cycles, dA, dBx, scan one, and dB if it is on the lanes; skip and out
        (Block(256, 1536, 16), False, (256 * 1536 * 16 * (4 + 3 + 1) + 2 * 256 * 1536) // 32, 256 * 1536 * 16 // 1024),
        (Block(256, 1536, 16), True, (256 * 1536 * 16 * (4 + 3) + 2 * 256 * 1536) // 32, 2 * 256 * 1536 * 16 // 1024),
        (Block(64, 3072, 64), False, (64 * 3072 * 64 * 8 + 2 * 64 * 3072) // 32, 64 * 3072 * 64 // 1024),
        (Block(3, 5, 2), True, 8, 1),  # 7 x 30 + 30 elements on 32 lanes
    ],
)
def test_by_arithmetic(edge: MachineSpec, block: Block, on_array: bool, lanes: int, array: int) -> None:
    found = least_cycles(block, edge, on_array)
    assert (found["lanes"], found["array"]) == (lanes, array)


def test_dram_moves_everything_once(edge: MachineSpec) -> None:
    # x, delta, y: 3 x 256 x 1536; B, C: 2 x 256 x 16; A: 1536 x 16; D: 1536; 2 bytes each, 34.13 GB/s at 250 MHz
    moved = 2 * (3 * 256 * 1536 + 2 * 256 * 16 + 1536 * 16 + 1536)
    assert least_cycles(Block(256, 1536, 16), edge, False)["DRAM"] == pytest.approx(moved / (34.1333e9 / 250e6), abs=1)


@pytest.mark.parametrize("on_array", [True, False])
def test_a_run_takes_no_less(edge: MachineSpec, on_array: bool) -> None:
    block = Block(8, 128, 16)
    place = "mac_array" if on_array else "simd"
    result = simulate(
        str(ROOT / WORKLOAD), "edge", [*block.settings, f"mapping.place.dB={place}"], limits=Limits(search="short")
    )
    least = least_cycles(block, edge, on_array)
    assert result.bounds.resource_cycles == max(least.values())
    assert result.makespan_cycles >= max(least.values())
    assert result.units["simd"].useful_cycles == least["lanes"]
