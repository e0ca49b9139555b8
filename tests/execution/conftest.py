"""The machine of hand-made programs."""

from __future__ import annotations

import pytest

from hw.machine import MachineSpec
from sim.files.catalog import find
from sim.files.documents import read_document


@pytest.fixture(scope="module")
def spec() -> MachineSpec:
    """One LPDDR5-6400 channel at 800 MHz, where a cycle is a clock of DRAM."""
    document = read_document(find("machine", "edge"))
    for override in ("clock=800MHz", "dram.timing=lpddr5-6400", "dram.channels=1", "dram.refresh=none"):
        document.override(override)
    return document.check(MachineSpec)
