"""The command ``dram``: a trace of requests on a memory by itself."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from sim.commands.complete import grades
from sim.commands.options import JsonOption, QuietOption, check_targets, one_line_errors, show, write_json


class LevelFlag(StrEnum):
    """How closely DRAM is modelled: an event a command, or an event a chunk."""

    command = "command"
    transaction = "transaction"


class RefreshFlag(StrEnum):
    """What a refresh occupies."""

    all_bank = "all-bank"
    per_bank = "per-bank"
    none = "none"


def dram(
    trace: Annotated[Path, typer.Argument(help="Requests, a line each: R|W hex-address bytes.")],
    preset: Annotated[
        str,
        typer.Option(
            metavar="GRADE",
            help=f"Speed grade: {', '.join(grades(''))}; or a machine's YAML file.",
            autocompletion=grades,
        ),
    ],
    channels: Annotated[int, typer.Option(min=1, max=8, help="Channels, interleaved by 256 bytes.")] = 1,
    level: Annotated[LevelFlag, typer.Option(help="An event a command, or a chunk.")] = LevelFlag.command,
    refresh: Annotated[RefreshFlag, typer.Option(help="All banks at once, one by one, or not.")] = RefreshFlag.all_bank,
    json: JsonOption = None,
    quiet: QuietOption = False,
) -> None:
    """Replay a DRAM trace on a speed grade, or on a machine's memory."""
    with one_line_errors():
        from sim.components.dram import replay_trace

        check_targets(json, file=trace, machine=preset)
        result = replay_trace(trace, preset, channels, level.value, refresh.value)
        if write_json(result.to_json(), json) or quiet:
            return
    from rich.table import Table
    from rich.text import Text

    from sim.files.characters import visible

    table = Table(box=None, show_header=False, pad_edge=False, padding=(0, 2, 0, 0))
    for name, value in result.model_dump().items():
        text = f"{value:,.4g}" if isinstance(value, float) else f"{value:,}" if isinstance(value, int) else value
        table.add_row(name, Text(visible(text)))
    show(table)
