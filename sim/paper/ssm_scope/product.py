"""Writes what reproduces SSM-Scope: long_context.md and its figure."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

from sim.files.outputs import write_text
from sim.paper.pages import Found
from sim.paper.pictures import print_style, write_figure
from sim.paper.runs import Runs
from sim.paper.ssm_scope.facts import simulate_facts
from sim.paper.ssm_scope.figure import figure_of
from sim.paper.ssm_scope.page import page
from sim.paper.ssm_scope.verdicts import verdicts


def write_long_context(folder: Path, runs: Runs) -> Found:
    """Write long_context.svg, .png and .md into *folder*, and tell the claims."""
    facts = simulate_facts(runs)
    with print_style():
        write_figure(figure_of(facts.edge), folder, "long_context")
    judged = verdicts(facts)
    write_text(folder / "long_context.md", page(facts, judged))
    return {"claims": list(map(asdict, judged))}
