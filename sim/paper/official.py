"""The official Mamba-3 against the official Mamba-2 at equal parameters, which the paper does not compare."""

from __future__ import annotations

from pathlib import Path

from sim.files.outputs import write_text
from sim.paper.official_models import comparisons
from sim.paper.official_page import figure_of, page
from sim.paper.pictures import print_style, write_figure
from sim.paper.runs import Runs


def write_official(folder: Path, runs: Runs) -> list[Path]:
    """Write official.svg, .png and .md to *folder*."""
    found = comparisons(runs)
    with print_style():
        pictures = write_figure(figure_of(found), folder, "official")
    target = folder / "official.md"
    write_text(target, page(found))
    return [*pictures, target]
