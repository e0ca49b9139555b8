"""The command ``gemm``: one product on the MAC array by itself."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

from sim.commands.options import JsonOption, QuietOption, check_targets, one_line_errors, show, write_json

LONGEST = 2**40  # rows, columns or products of a GEMM


class DataflowFlag(StrEnum):
    """What stays in the PEs of a MAC array: weights, outputs or inputs."""

    ws = "ws"
    os = "os"
    is_ = "is"


class FoldsFlag(StrEnum):
    """Whether a fold of a GEMM starts when the one before has drained, or as soon as the array has room."""

    serial = "serial"
    overlapped = "overlapped"


def gemm(
    m: Annotated[int, typer.Argument(metavar="M", min=1, max=LONGEST, show_default=False)],
    n: Annotated[int, typer.Argument(metavar="N", min=1, max=LONGEST, show_default=False)],
    k: Annotated[int, typer.Argument(metavar="K", min=1, max=LONGEST, show_default=False)],
    array: Annotated[str, typer.Option(metavar="ROWSxCOLUMNS", help="Processing elements.")] = "32x32",
    dataflow: Annotated[DataflowFlag, typer.Option(help="Stationary weights, outputs or inputs.")] = DataflowFlag.os,
    folds: Annotated[FoldsFlag, typer.Option(help="Serial, as SCALE-Sim counts, or overlapped.")] = FoldsFlag.serial,
    json: JsonOption = None,
    quiet: QuietOption = False,
) -> None:
    """Cycles of an (M, K) by (K, N) product on a MAC array."""
    with one_line_errors():
        from sim.components.gemm import DATAFLOWS, parse_array, run_gemm

        check_targets(json)
        rows, columns = parse_array(array)
        result = run_gemm(m, n, k, rows, columns, DATAFLOWS[dataflow.value], folds.value)
        if write_json(result.to_json(), json) or quiet:
            return
    show(result)
