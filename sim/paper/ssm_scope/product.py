"""Writes what reproduces SSM-Scope: long_context.md and its figure."""

from __future__ import annotations

from pathlib import Path

from sim.files.outputs import write_text
from sim.paper.pictures import print_style, write_figure
from sim.paper.runs import Runs
from sim.paper.ssm_scope.facts import simulate_facts
from sim.paper.ssm_scope.figure import figure_of
from sim.paper.ssm_scope.page import page


def write_long_context(folder: Path, runs: Runs) -> list[Path]:
    """Write long_context.svg, .png and .md into *folder*."""
    facts = simulate_facts(runs)
    with print_style():
        pictures = write_figure(figure_of(facts.edge), folder, "long_context")
    target = folder / "long_context.md"
    write_text(target, page(facts))
    return [*pictures, target]
