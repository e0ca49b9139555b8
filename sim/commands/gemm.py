"""The command ``gemm``: one product on the MAC array by itself."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

from sim.commands.options import JsonOption, QuietOption, check_targets, one_line_errors, show, write_json

LONGEST = 2**40  # rows, columns or products of a GEMM


class DataflowFlag(StrEnum):
    """What stays in the PEs of a MAC array: weights, outputs or inputs; or nothing, in dot products."""

    ws = "ws"
    os = "os"
    is_ = "is"
    dp = "dp"


class FoldsFlag(StrEnum):
    """Whether a fold of a GEMM starts when the one before has drained, or as soon as the array has room."""

    serial = "serial"
    overlapped = "overlapped"


def gemm(
    m: Annotated[int, typer.Argument(metavar="M", min=1, max=LONGEST, show_default=False)],
    n: Annotated[int, typer.Argument(metavar="N", min=1, max=LONGEST, show_default=False)],
    k: Annotated[int, typer.Argument(metavar="K", min=1, max=LONGEST, show_default=False)],
    array: Annotated[str, typer.Option(metavar="ROWSxCOLUMNS", help="Processing elements.")] = "32x32",
    dataflow: Annotated[
        list[DataflowFlag],
        typer.Option(help="Stationary weights, outputs or inputs, or dot products; the quickest of several."),
    ] = [DataflowFlag.os],  # noqa: B006 - typer copies it
    folds: Annotated[FoldsFlag, typer.Option(help="Serial, as SCALE-Sim counts, or overlapped.")] = FoldsFlag.serial,
    packing: Annotated[bool, typer.Option("--packing", help="Two products of few rows share a fold.")] = False,
    turn: Annotated[bool, typer.Option("--turn", help="As its transpose too, if that is quicker.")] = False,
    edges: Annotated[
        str | None,
        typer.Option(metavar="ROWSxCOLUMNSxRESULTS", help="Elements that the sides take and give in a cycle."),
    ] = None,
    json: JsonOption = None,
    quiet: QuietOption = False,
) -> None:
    """Cycles of an (M, K) by (K, N) product on a MAC array."""
    with one_line_errors():
        from hw.mac_array import EdgesSpec, MacArraySpec
        from hw.requests import Gemm
        from sim.components.gemm import DATAFLOWS, parse_array, parse_edges, run_gemm

        check_targets(json)
        rows, columns = parse_array(array)
        spec = MacArraySpec(
            rows=rows,
            columns=columns,
            dataflow=list(dict.fromkeys(DATAFLOWS[each.value] for each in dataflow)),
            folds=folds.value,
            packing=packing,
            edges=EdgesSpec() if edges is None else parse_edges(edges),
        )
        result = run_gemm(Gemm(m, n, k), spec, turn)
        if write_json(result.to_json(), json) or quiet:
            return
    show(result)
