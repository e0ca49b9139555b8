"""The result of a small run, worked out by hand where it is tested."""

from __future__ import annotations

import pytest

from sim.accounting.result import Result
from sim.simulation import Job, run
from tests.support.layers import EDGE, LEAKY, inventory, section


@pytest.fixture(scope="module")
def leaky() -> Result:
    """Two layers of ten tokens, in tiles of four."""
    return run(Job(EDGE, (section(inventory(LEAKY, "s y", tokens=4), layers=2, length=10),)))
