"""The kernels that do a prompt in chunks, Mamba-3's beside Mamba-2's: how long, for how much work, in which kernels.

Their work is the paper's (sim/paper/convention.py): MACs of the chunked form, in mamba-ssm's chunks (256 tokens for
SSD, 64 for SISO, 16 for MIMO of rank 4), and bytes at least, those of one kernel that keeps the state on the chip.
Its kernels for Mamba-3 (mamba3_siso_fwd.py, mamba3_mimo_fwd.py; release 2.3) are one: a thread block takes
a head of a sequence through its chunks in turn. SSD's are several, which hand states on through memory, and most of
them have a block for each chunk and head.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from sim.files.resolve import resolve_workload
from sim.paper.convention import count_as_paper
from sim.paper.gpu.measurements import GpuMeasurements, Kernel, StateUpdate

SSD = "mamba2-780m"
MAMBA3 = {"mamba3-siso-893m": "SISO", "mamba3-mimo-894m": "MIMO"}
OFFICIAL = "mamba-ssm"
LONGEST = 48  # characters of a kernel's name


@dataclass(frozen=True)
class Chunked:
    """The chunk kernels of a row on a card: seconds of one layer, tokens, and of what they do its MACs and bytes.

    *kernels* are those of a layer, the longest first; *copying* and *multiplying* are seconds of the bytes at the rate
    of the card's best copy and of the MACs at that of its best product. Empty, or None, where that was not measured.
    *heads* are those of the layer, each a thread block of Mamba-3's kernels.
    """

    row: str
    launch: str
    seconds: float
    tokens: int
    macs: float
    heads: int
    kernels: tuple[Kernel, ...]
    copying: float | None
    multiplying: float | None

    @property
    def seconds_per_token(self) -> float:
        """Seconds of a layer for a token."""
        return self.seconds / self.tokens

    @property
    def seconds_per_mac(self) -> float:
        """Seconds of a multiply-accumulate."""
        return self.seconds / self.macs

    @property
    def runs(self) -> int:
        """Launches of kernels."""
        return sum(kernel.runs for kernel in self.kernels)

    @property
    def in_kernels(self) -> float:
        """Seconds of all kernels."""
        return sum(kernel.microseconds for kernel in self.kernels) / 1e6

    @property
    def least(self) -> float | None:
        """What it takes by bytes or by MACs, whichever is longer."""
        known = [each for each in (self.copying, self.multiplying) if each is not None]
        return max(known, default=None)


def chunked(card: GpuMeasurements, row: str) -> Chunked | None:
    """The quickest that mamba-ssm's kernels did *row*; None if that was not measured."""
    update = card.quickest(row, OFFICIAL)
    if update is None:
        return None
    macs, moved, heads = _work(row)
    copies = [copy.bytes_per_second for copy in card.copies]
    products = [product.macs_per_second for product in card.products]
    return Chunked(
        row=row,
        launch=update.launch,
        seconds=update.timed.seconds / update.layers,
        tokens=update.tokens,
        macs=macs * update.tokens,
        heads=heads,
        kernels=_kernels(card, update),
        copying=moved * update.tokens / max(copies) if copies else None,
        multiplying=macs * update.tokens / max(products) if products else None,
    )


def _kernels(card: GpuMeasurements, update: StateUpdate) -> tuple[Kernel, ...]:
    """Those of *update*, or of the same code launched in the other way, where no profile of this was taken."""
    same = [each for each in card.state_updates if (each.row, each.code) == (update.row, update.code)]
    profiles = [each.kernels for each in (update, *same) if each.kernels]
    return tuple(sorted(profiles[0], key=lambda each: -each.microseconds)) if profiles else ()


@cache
def _work(row: str) -> tuple[float, float, int]:
    """MACs in chunks and the least bytes of the state update of a layer for a token, and its heads."""
    plain, chunks = resolve_workload(row), resolve_workload(row, ["formulation=chunked"])
    counts, least = (count_as_paper(each.body[0].graph, each.spec.sequence_length) for each in (chunks, plain))
    return counts.state_ops / 2, least.traffic_bytes, plain.body[0].graph.sizes["h"]


def shortened(name: str) -> str:
    """The name of a kernel, cut if it is long."""
    return name if len(name) <= LONGEST else f"{name[: LONGEST - 1]}…"
