"""Which operations a GPU's software computes in one kernel, and what one operation of eager PyTorch moves.

SSM-Scope ran two kinds of software. Layers of mamba_ssm (2.2.4) are a few fused kernels: addition and norm; one for
each projection; the convolution with its activation; the selective scan with its gate, or the four kernels of chunks
(their sums of decays, their states, the passing of states, products of C and B, then the scan of a chunk); gate and
norm. In layers of transformers (4.52.3, 4.57.3) only scan, chunks, convolution and attention are fused, and all else is
eager: each operator of PyTorch reads its operands from DRAM and writes its result there.

Operations of our graphs that eager PyTorch does by several operators move what those do. Bytes an element, with
activations of 2 bytes, counted from the operators in the modelling code and called as often as the artifact's profile
has them; the sums are checked against the measured time of Zamba2's norms at 32,768 tokens (491 ms; by these 479 ms at
the measured bandwidth).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

from workloads.models.layers.kinds import BESIDE
from workloads.models.layers.shared import SHARED

Software = Literal["mamba_ssm", "transformers"]

SCAN: Final = ("decay", "dt_x", "outer", "update", "readout", "skip")
CHUNKS: Final = {
    "chunk_cumsum": ("dt", "log_decay"),
    "chunk_state": ("to_end", "chunk_state"),
    "state_passing": ("decay", "update"),
    "chunk_products": ("scores",),
    "chunk_scan": ("mask", "intra", "inter", "combine", "skip"),
}
RECOMPUTED: Final = ("dt_x",)  # of chunks: each kernel that needs it multiplies anew
NORM: Final = ("square", "scale", "apply")
# to 32 bit (6), square (8), mean (4), multiply (8), to 16 bit (6), multiply by the weight (4)
EAGER_NORM_BYTES: Final = 36
# norm of x silu(z) in 32 bit: both to 32 bit (12), silu (8), multiply (12), square (8), mean (4), multiply (8), by the
# weight and to 16 bit (10)
EAGER_GATED_NORM_BYTES: Final = 62
EAGER_BYTES: Final = {
    "rotation": 20,  # x cos (4), half of it negated (2) and put together (4), times sin (4), sum (6)
    "activate": 10,  # the activation (4), times the other half (6)
    "gate": 10,  # the same around a mixer
}
MASK_BYTES: Final = (
    32  # of a query and key, once a pass: full 2, gt 1, triu 4, mul 5, clone 4, add 4, eq 3, masked_fill 9
)
RESIDUAL_BYTES: Final = 4  # mamba_ssm keeps the residual stream in 32 bit


@dataclass(frozen=True)
class Place:
    """An operation's own name, without the part of the layer that it stands in, and that part."""

    part: str
    name: str

    @property
    def head(self) -> str:
        """The first word of the name."""
        return self.name.partition(".")[0]


def placed(operation: str) -> Place:
    """Where *operation* stands.

    >>> placed("ssm.in_proj.x"), placed("conv.x")
    (Place(part='ssm', name='in_proj.x'), Place(part='', name='conv.x'))
    """
    first, _, rest = operation.partition(".")
    return Place(first, rest) if first in (BESIDE, SHARED) and rest else Place("", operation)


def kernel_of(operation: str, software: Software, chunked: bool) -> str | None:
    """The name of the kernel that does *operation* among others; None where it is recomputed by those that need it."""
    place = placed(operation)
    part = f"{place.part}." if place.part else ""
    if place.name.endswith("_bias"):
        projection = operation.removesuffix("_bias")
        return projection if place.head == "mlp" else f"{projection}_proj"  # torch.addmm
    if chunked and place.name in RECOMPUTED:
        return None
    if place.head in ("in_proj", "conv", "x_proj"):
        return part + place.head
    for kernel, names in CHUNKS.items() if chunked else (("scan", (*SCAN, "dt")),):
        if place.name in names:
            return part + kernel
    if software == "mamba_ssm":
        if place.head in ("norm", "residual"):
            return "add_norm"
        if place.head in ("gate", "gate_norm"):
            return "gated_norm" if chunked else "scan"
    if place.name == "gate" and not chunked:
        return part + "scan"
    return operation
