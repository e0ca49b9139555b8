"""Runs as they are recorded for the checker of legality: by the command, as a user would."""

from __future__ import annotations

from pathlib import Path

from tests.support.command_line import call

SMALL = (
    "mamba2-d96 --layers 2 --seq-len 12 --set mapping.token_tile=5 --set mapping.blocks=3 --set mapping.lanes=1 "
    "--set mapping.weight_slot_kib=8 --set mapping.spill=false --set mapping.sram_kib=110 "
    "--set mapping.spare_sram=evenly --set mapping.head_first=false --set mapping.steps_first=true "
    "--set mapping.step_elements=1 --set mapping.place.outer=mac_array --set mapping.place.readout=mac_array"
)
"""Two layers in three tiles, the last a short one, cut into blocks, with a pool of slots for weights."""


def recorded(folder: Path, arguments: str) -> tuple[Path, Path, Path]:
    """Trace, result and program of ``run`` with these *arguments*, in a *folder*."""
    trace, result, program = (folder / name for name in ("trace.csv.gz", "result.json", "program.json"))
    files = ["--trace", str(trace), "--json", str(result), "--program", str(program)]
    code, _, error = call("run", *arguments.split(), *files, "--quiet", "--stride", "tile")
    assert code == 0, error
    return trace, result, program
