"""Every figure that shows a run, in any width."""

from __future__ import annotations

import pytest

from sim.presentation.figures.canvas import print_style
from sim.presentation.figures.catalogue import FIGURES, Evidence, draw
from sim.presentation.figures.gather import observe
from tests.support.figures import job

OF_RUNS = [name for name, kind in FIGURES.items() if kind.from_run]


@pytest.fixture(scope="module")
def known() -> Evidence:
    return observe(job())


@pytest.mark.parametrize("width", [3.4, 7.0])
@pytest.mark.parametrize("name", OF_RUNS)
def test_every_figure_is_as_wide_as_asked_and_has_marks(name: str, width: float, known: Evidence) -> None:
    with print_style():
        drawing = draw(name, known, width, "test")
    assert drawing.figure.get_figwidth() == width
    assert drawing.title and drawing.description and drawing.marks
