"""A dataclass of options as one argument of a command."""

from __future__ import annotations

from dataclasses import dataclass
from inspect import signature
from typing import Annotated

import typer
from typer.testing import CliRunner

from sim.commands.spread import spread


@dataclass(frozen=True)
class Size:
    """Two options."""

    width: Annotated[int, typer.Option(help="How wide.")] = 1
    tall: Annotated[bool, typer.Option("--tall")] = False


def draw(*, name: Annotated[str, typer.Argument()], size: Size, times: Annotated[int, typer.Option()] = 1) -> None:
    """Draw it."""
    typer.echo(f"{name} {size} {times}")


def test_the_options_of_a_bundle_are_those_of_the_command() -> None:
    spread_out = spread(draw)
    assert list(signature(spread_out).parameters) == ["name", "width", "tall", "times"]
    assert spread_out.__doc__ == "Draw it."
    app = typer.Typer()
    app.command()(spread_out)
    done = CliRunner().invoke(app, ["x", "--width", "3", "--tall", "--times", "2"])
    assert done.stdout == "x Size(width=3, tall=True) 2\n"
    assert CliRunner().invoke(app, ["x"]).stdout == "x Size(width=1, tall=False) 1\n"
    assert CliRunner().invoke(app, ["x", "--width", "wide"]).exit_code == 2
