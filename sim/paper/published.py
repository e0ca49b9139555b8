"""What "The Hyperscale Lottery" (arXiv 2604.07935 v1) publishes, and how its numbers come about where it does not say.

Table 1 stands in data/table1.csv. *Recovered* means: found by reproducing the paper's numbers, not read in it.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

SOURCE = "arXiv 2604.07935 v1"


@dataclass(frozen=True)
class PaperRow:
    """A row of Table 1; None is N/A there. ``workload`` is the name of ours that is the same model.

    Operations are in GOP a token (a MAC is two), the intensity in op/B, throughputs in tok/s. The A100 ran the state
    update of all layers only; Stream and the roofline are about the edge accelerator.
    """

    workload: str
    variant: str
    formulation: str
    ops_gop_per_token: float
    state_gop_per_token: float
    oi_op_per_byte: float
    a100_tok_per_s: float | None
    a100_w: float | None
    stream_tok_per_s: float | None
    stream_mj_per_token: float | None
    roofline_tok_per_s: float


@dataclass(frozen=True)
class Claim:
    """A latency penalty of Mamba-3 over Mamba-2 that the paper states, and the method that gives it (recovered)."""

    percent: float
    parameters: float
    label: str
    method: str


PENALTY_LARGE = Claim(28.0, 880e6, "Stream", "the ratio of Stream's throughputs in Table 1, 319.2 / 247.4")
PENALTY_SMALL = Claim(48.0, 15e6, "roofline", "the roofline's operations at d = 96 (Mamba-3 at 48), N = 64, 48 layers")

STREAM_TILES = {"mamba1": 128, "mamba2": 32, "mamba3_mimo": 32}
"""Tokens that share one pass over the weights, so that the energies are the paper's: recovered."""

STREAM_MAPPING = "stream-like"
"""The named mapping that gives about the paper's Stream throughputs: recovered."""


@cache
def table1() -> dict[str, PaperRow]:
    """The rows of Table 1 by our workloads' names, in the paper's order."""
    with files("sim.paper").joinpath("data", "table1.csv").open() as stream:
        rows = csv.DictReader(line for line in stream if not line.startswith("#"))
        return {row["workload"]: _row(row) for row in rows}


def _row(cells: dict[str, str]) -> PaperRow:
    def measured(column: str) -> float | None:
        return float(cells[column]) if cells[column] else None

    return PaperRow(
        workload=cells["workload"],
        variant=cells["variant"],
        formulation=cells["formulation"],
        ops_gop_per_token=float(cells["ops_gop_per_token"]),
        state_gop_per_token=float(cells["state_gop_per_token"]),
        oi_op_per_byte=float(cells["oi_op_per_byte"]),
        a100_tok_per_s=measured("a100_tok_per_s"),
        a100_w=measured("a100_w"),
        stream_tok_per_s=measured("stream_tok_per_s"),
        stream_mj_per_token=measured("stream_mj_per_token"),
        roofline_tok_per_s=float(cells["roofline_tok_per_s"]),
    )
