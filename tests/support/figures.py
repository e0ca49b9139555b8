"""A small run to draw, and what commands write of it."""

from __future__ import annotations

from pathlib import Path

from sim.simulation import Job, prepare
from tests.support.command_line import call

FIXED = ("mapping.token_tile=16", "mapping.blocks=2", "mapping.lanes=1", "mapping.weight_slot_kib=32")
SMALL = ("layers=2", "sequence_length=64", "dimensions.d_model=256", "dimensions.head_dim=32", *FIXED)
SETTINGS = [argument for assignment in (*SMALL, "mapping.placement=simd") for argument in ("--set", assignment)]


def job(*more: str) -> Job:
    """A run of Mamba-2, ready to go."""
    return prepare("mamba2", "edge", [*SMALL, "mapping.placement=simd", *more])


def write_results(folder: Path) -> None:
    """Write what run, explain and compare say of the run, as JSON files that are called after the commands."""
    small = SETTINGS
    for arguments in (
        ["run", "mamba2", *small, "--critical-path", "--windows", "16", "--quiet"],
        ["explain", "mamba2", *small],
        ["compare", "mamba2", "mamba2", *small],
    ):
        assert call(*arguments, "--json", str(folder / f"{arguments[0]}.json"))[0] == 0
