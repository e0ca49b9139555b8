"""Numbers on pages."""

from __future__ import annotations

import pytest

from sim.paper.pages import signed


@pytest.mark.parametrize(
    ("percent", "text"), [(None, ""), (0.04, "0.0 %"), (-0.04, "0.0 %"), (1.26, "+1.3 %"), (-2.0, "-2.0 %")]
)
def test_signed(percent: float | None, text: str) -> None:
    assert signed(percent) == text
