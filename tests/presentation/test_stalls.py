"""Lists of stalls begin with what is on the critical path and end with that for which nobody waits."""

from __future__ import annotations

import pytest

from sim.accounting.result import PathPart, Result
from sim.presentation.stalls import listed
from sim.simulation import run
from tests.support.figures import job


@pytest.fixture(scope="module")
def result() -> Result:
    return run(job("layers=1"))


def part(because: str, spent_on: str, cycles: int) -> PathPart:
    return PathPart(unit="simd", operation_class="state", spent_on=spent_on, because=because, cycles=cycles)


@pytest.mark.parametrize(
    ("unit", "stalls", "path", "expected"),
    [
        pytest.param(
            "simd", {"no_buffer": 5, "waits_for_mac_array": 9}, None, ["waits_for_mac_array", "no_buffer"], id="by size"
        ),
        pytest.param(
            "simd", {"no_buffer": 5, "waits_for_mac_array": 9}, [part("no_buffer", "useful", 900)],
            ["no_buffer", "waits_for_mac_array"], id="the path first",
        ),
        pytest.param(
            "simd", {"dram_refresh": 5, "waits_for_mac_array": 9}, [part("dram", "dram_refresh", 900)],
            ["dram_refresh", "waits_for_mac_array"], id="what the path was spent on",
        ),
        pytest.param(
            "simd", {"no_buffer": 5, "waits_for_mac_array": 9}, [part("no_buffer", "useful", 0)],
            ["waits_for_mac_array", "no_buffer"], id="less than a thousandth of the path counts for nothing",
        ),
        pytest.param(
            "dma", {"no_buffer": 90, "waits_for_simd": 1}, [part("no_buffer", "useful", 900)],
            ["waits_for_simd", "ahead"], id="ahead is last",
        ),
        pytest.param(
            "mac_array", {"nothing_left": 90, "no_buffer": 1}, None, ["no_buffer", "nothing_left"], id="idle is last"
        ),
    ],
)  # fmt: skip
def test_order(
    unit: str, stalls: dict[str, int], path: list[PathPart] | None, expected: list[str], result: Result
) -> None:
    of = result.model_copy(update={"critical_path": path, "makespan_cycles": 1000})
    found = listed(unit, stalls, of)
    assert [key for key, _ in found] == expected
    assert sum(cycles for _, cycles in found) == sum(stalls.values())
