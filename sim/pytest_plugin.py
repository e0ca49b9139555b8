"""A pytest fixture for scenarios: ``simulate(workload, machine, **overrides)`` returns the result of a run.

Installed with the package, so a scenario of one's own is a row in a table (see docs/scenarios.md). Runs with the same
arguments are done once a session.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from sim.accounting.result import Result


@pytest.fixture(scope="session")
def simulate() -> Callable[..., Result]:
    """Run a workload on a machine: paths or shipped names; overrides as keywords, a dot as two underscores.

    ``simulate("mamba2", "edge", layers=1, sequence_length=64, simd__lanes=64)``
    """
    known: dict[tuple[Any, ...], Result] = {}

    def run(workload: str, machine: str = "edge", **overrides: Any) -> Result:
        from sim.simulation import simulate as simulate_once

        key = (workload, machine, *sorted((name, str(value)) for name, value in overrides.items()))
        if key not in known:
            known[key] = simulate_once(workload, machine, certificate=False, **overrides)
        return known[key]

    return run
