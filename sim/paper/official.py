"""The official Mamba-3 against the official Mamba-2 at equal parameters, which the paper does not compare."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from sim.files.outputs import write_text
from sim.paper.official_models import Comparison, comparisons
from sim.paper.official_page import figure_of, page
from sim.paper.pages import Found
from sim.paper.pictures import print_style, write_figure
from sim.paper.runs import Runs


def write_official(folder: Path, runs: Runs) -> Found:
    """Write official.svg, .png and .md to *folder*, and tell the penalties."""
    found = comparisons(runs)
    with print_style():
        write_figure(figure_of(found), folder, "official")
    write_text(folder / "official.md", page(found))
    return {"penalties": [row for each in found for row in _rows(each)]}


def _rows(compared: Comparison) -> Iterator[dict[str, Any]]:
    for machine, phase in compared.cycles:
        least, most = compared.penalties(machine, phase)
        yield {
            "mamba3": compared.model.name,
            "nearest_mamba2": compared.nearest.name,
            "machine": machine,
            "phase": phase,
            "penalty_percent": compared.penalty(machine, phase),
            "least_percent": least,
            "most_percent": most,
        }
