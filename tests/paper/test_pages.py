"""Numbers on pages."""

from __future__ import annotations

import pytest

from sim.paper.pages import link, signed


@pytest.mark.parametrize(
    ("percent", "text"), [(None, ""), (0.04, "0.0 %"), (-0.04, "0.0 %"), (1.26, "+1.3 %"), (-2.0, "-2.0 %")]
)
def test_signed(percent: float | None, text: str) -> None:
    assert signed(percent) == text


@pytest.mark.parametrize(
    ("file", "text"),
    [("gpu/h100.json", "[h100](gpu/h100.json)"), ("gpu/a [b](c).json", r"[a \[b\](c)](gpu/a%20%5Bb%5D%28c%29.json)")],
)
def test_link(file: str, text: str) -> None:
    assert link(file) == text
