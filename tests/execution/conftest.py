"""The machine of hand-made programs."""

from __future__ import annotations

import pytest

from hw.machine import MachineSpec
from tests.support.programs import one_channel


@pytest.fixture(scope="module")
def spec() -> MachineSpec:
    return one_channel()
