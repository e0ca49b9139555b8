"""The scenario harness for users: the fixture is there without being imported, and a scenario is a row in a table."""

from __future__ import annotations

import pytest

pytest_plugins = ["pytester"]

SCENARIOS = """
import pytest

SCENARIOS = [
    pytest.param("mamba2", "edge", {"layers": 1, "sequence_length": 32}, "mac_array", 0.6, id="busy-array"),
    pytest.param("mamba2", "edge", {"layers": 1, "sequence_length": 32, "simd__lanes": 8}, "simd", 0.6, id="few-lanes"),
]

@pytest.mark.parametrize(("workload", "machine", "overrides", "unit", "share"), SCENARIOS)
def test_bottleneck(simulate, workload, machine, overrides, unit, share):
    assert simulate(workload, machine, **overrides).utilisation(unit) > share

def test_same_arguments_run_once(simulate):
    first = simulate("mamba2", layers=1, sequence_length=32)
    assert simulate("mamba2", "edge", sequence_length=32, layers=1) is first
"""


def test_fixture_serves_a_users_own_scenarios(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(SCENARIOS)
    pytester.runpytest("-p", "no:randomly").assert_outcomes(passed=3)
