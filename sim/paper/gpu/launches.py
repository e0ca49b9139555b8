"""What launches take of the sequential rows of Table 1 on a GPU, where each operation of a token is a kernel.

Two ways tell it: launches times the seconds of an empty kernel, and what a CUDA graph of the same kernels saves.
"""

from __future__ import annotations

from dataclasses import dataclass

from sim.paper.gpu.measurements import TORCH, GpuMeasurements, Launch
from sim.paper.published import table1

SEQUENTIAL = ("mamba1", "mamba2")  # the sequential rows that the paper has on its A100
BOUND = 0.5  # of the time: what takes that much decides


@dataclass(frozen=True)
class Launched:
    """A sequential row on a card, in seconds of all layers and tokens; None is what was not measured.

    *plain* and *graph* are torch operations, *fused* is one kernel a token, *launching* is launches times seconds each,
    of which *launches* belong to a layer and token.
    """

    row: str
    tokens: int
    plain: float
    graph: float | None
    fused: float | None
    launches: int | None
    launching: float | None

    @property
    def saved(self) -> float | None:
        """The share of the plain time that a graph saves."""
        return None if self.graph is None else 1 - self.graph / self.plain

    @property
    def told(self) -> float | None:
        """The share of the plain time that launches take by their number."""
        return None if self.launching is None else self.launching / self.plain

    @property
    def bound(self) -> bool | None:
        """Whether launches decide the plain time; None if nothing tells."""
        shares = [share for share in (self.saved, self.told) if share is not None]
        return max(shares) >= BOUND if shares else None


def launched(card: GpuMeasurements, row: str) -> Launched | None:
    """What is known of *row*; None if it was not measured as torch operations launched plainly."""
    plain, graph = card.update(row, TORCH, "plain"), card.update(row, TORCH, "graph")
    if plain is None:
        return None
    fused, each = card.fused(row), card.launch_seconds("plain")
    total = None if plain.launches is None else plain.launches * plain.layers
    return Launched(
        row,
        plain.tokens,
        plain.timed.seconds,
        graph.timed.seconds if graph else None,
        fused.timed.seconds if fused else None,
        None if plain.launches is None else round(plain.launches / plain.tokens),
        None if total is None or each is None else total * each,
    )


def pace_ratio(card: GpuMeasurements, code: str, launch: Launch) -> float | None:
    """Tokens a second of Mamba-1 over those of Mamba-2, both sequential; None unless both were measured."""
    first, second = (card.update(row, code, launch) for row in SEQUENTIAL)
    return first.tokens_per_second / second.tokens_per_second if first and second else None


def paper_ratio() -> float:
    """The same of the paper's A100."""
    first, second = (_paper_pace(row) for row in SEQUENTIAL)
    return first / second


def paper_launches(row: str, layers: int, each: float) -> float:
    """How many launches a layer and token the A100's time of *row* is, if one takes *each* seconds."""
    return 1 / (_paper_pace(row) * layers * each)


def _paper_pace(row: str) -> float:
    pace = table1()[row].a100_tok_per_s
    assert pace is not None, "the paper has the sequential rows"
    return pace
