"""Runs on machines of whose DRAM only a bandwidth is known."""

from __future__ import annotations

import pytest

from sim.simulation import simulate

SMALL = ["layers=2", "sequence_length=64"]
UNKNOWN = "ideal=[dram_latency, dram_turnaround, dram_refresh]"  # what a bandwidth says nothing of


@pytest.mark.parametrize("workload", ["mamba2-d96", "mamba3_mimo-d96"])
@pytest.mark.parametrize("phase", ["prefill", "decode"])
def test_a_bandwidth_is_a_speed_grade_without_all_that_is_not_known(workload: str, phase: str) -> None:
    settings = [*SMALL, f"phase={phase}"]
    graded = simulate(workload, "edge", [*settings, UNKNOWN])
    plain = simulate(workload, "edge", [*settings, "dram.timing=null", "dram.bandwidth=17066666667B/s"])
    assert plain.makespan_cycles == graded.makespan_cycles
    assert plain.dram_bytes == graded.dram_bytes


def test_decode_takes_what_its_bytes_take() -> None:
    found = simulate(
        "mamba2-130m", "edge", ["phase=decode", "dram={bandwidth: 10GB/s, efficiency: 0.75, latency: 1us}"]
    )
    seconds = found.makespan_cycles / 250e6
    assert seconds == pytest.approx(found.dram_bytes / 7.5e9, rel=0.01)
    assert found.dram_bytes / seconds < 7.5e9
