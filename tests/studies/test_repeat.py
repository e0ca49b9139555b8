"""The command of a point, parsed as it would be when typed."""

from __future__ import annotations

import shlex
from typing import Any

import pytest
import typer

from sim.commands.cli import app
from sim.studies.points import Point
from sim.studies.repeat import repeating

POINTS = [
    Point("mamba2", "edge"),
    Point("my models/a 'b'.yaml", "$HOME/edge.yaml", ('name="a b"', 'mac_array.dataflow=["output_stationary"]')),
    Point("mamba3_mimo", "edge", ("sram.capacity=1MiB", "layers=2"), "mamba3_mimo_edge", "short", 2),
    Point("mamba2", "edge", search="full", simulate_layers=None),
]


def parsed(command: str) -> Point:
    """The point that a command of ``run`` is about."""
    words = shlex.split(command)
    assert words[:4] == ["python", "-m", "sim", "run"]
    group: Any = typer.main.get_command(app)
    context = group.get_command(None, "run").make_context("run", words[4:])
    found = context.params
    search = found["search"]
    return Point(
        found["workload"], found["hw"], tuple(found["set_"] or ()), found["mapping"],
        None if search is None else getattr(search, "value", search), found["simulate_layers"],
    )  # fmt: skip


@pytest.mark.parametrize("point", POINTS, ids=range(len(POINTS)))
def test_a_command_is_about_the_same_point(point: Point) -> None:
    assert parsed(repeating(point)) == point


def test_it_names_what_was_said() -> None:
    assert repeating(POINTS[2]) == (
        "python -m sim run mamba3_mimo --hw edge --mapping mamba3_mimo_edge --set sram.capacity=1MiB --set layers=2 "
        "--search short --simulate-layers 2"
    )
