"""A unit to try things on."""

from __future__ import annotations

import pytest

from hw.engine import Engine
from hw.unit import Unit
from tests.support.scripts import NAMES


@pytest.fixture
def unit() -> Unit:
    return Unit("simd", NAMES, Engine())
