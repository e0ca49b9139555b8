"""The edge accelerator: which lengths make state-space models faster than a Transformer, and what moves these lengths.

Three models of about the size: Qwen2.5-0.5B (a Transformer), Falcon-H1-0.5B (attention beside Mamba-2) and Mamba2-780m.
Chunks have 32 tokens, as many as the array has rows, which is the quickest of Mamba-2's there (docs/findings.md) and
what fits in 2 MiB of Falcon-H1's.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import exp, log
from typing import Final, Literal, NamedTuple

from sim.paper.runs import Runs
from sim.paper.ssm_scope.curves import Curve, Family, Timed, curves_of

Phase = Literal["prefill", "decode"]
MACHINE: Final = "edge"
TRANSFORMER: Final = "qwen2.5-0.5b"
MODELS: Final = (TRANSFORMER, "falcon-h1-0.5b", "mamba2-780m")
PHASES: Final[tuple[Phase, Phase]] = ("prefill", "decode")
CHUNKS: Final = ("formulation=chunked", "chunk=32")
LENGTHS: Final = (256, 512, 1024, 2048, 4096, 8192, 16_384, 32_768, 57_344, 65_536)
OTHERS: Final[dict[Phase, tuple[int, ...]]] = {  # of variants: around their crossings
    "prefill": (4096, 8192, 16_384, 32_768, 65_536),
    "decode": (8192, 16_384, 32_768, 65_536, 262_144, 1_048_576),
}
LAST: Final = (131_072, 262_144, 524_288, 1_048_576)  # contexts before a token, where the others do not reach


class Variant(NamedTuple):
    """The machine with one thing changed: in words, on an axis, and as settings."""

    name: str
    label: str
    assignments: tuple[str, ...] = ()


AS_SHIPPED: Final = Variant("as shipped: 2 MiB, 34 GB/s", "shipped")
VARIANTS: Final = (
    AS_SHIPPED,
    *(Variant(f"{size} MiB of SRAM", f"{size} MiB", (f"sram.capacity={size}MiB",)) for size in (1, 4, 8)),
    Variant("half the DRAM bandwidth", "DRAM x 0.5", ("dram.channels=1",)),
    Variant("twice the DRAM bandwidth", "DRAM x 2", ("dram.channels=4",)),
    Variant("twice the lanes", "lanes x 2", ("simd.lanes=64",)),
)


@dataclass(frozen=True)
class Crossing:
    """From which length on a model is faster than the Transformer: as found, and certainly not before and from when.

    None where no length that was simulated shows it; 0 where all of them do.
    """

    found: float | None
    earliest: float | None
    latest: float | None


@dataclass(frozen=True)
class Edge:
    """Every curve, by variant, phase and model; none of a model that does not fit."""

    curves: Mapping[tuple[Variant, Phase, str], Sequence[Timed]]

    def crossing(self, variant: Variant, phase: Phase, model: str) -> Crossing:
        """When *model* becomes faster than the Transformer."""
        own, other = (self.curves.get((variant, phase, name), ()) for name in (model, TRANSFORMER))
        if not (own and other):
            return Crossing(None, None, None)
        return Crossing(
            crossing(own, other, _seconds, _seconds),
            crossing(own, other, _least, _seconds),
            crossing(own, other, _seconds, _least),
        )


def _seconds(timed: Timed) -> float:
    return timed.seconds


def _least(timed: Timed) -> float:
    return timed.least_seconds


Time = Callable[[Timed], float]


def crossing(own: Sequence[Timed], other: Sequence[Timed], of_own: Time, of_other: Time) -> float | None:
    """The length from which on *own* takes less than *other*, to the end; None if it does not at the last length.

    Between two lengths the ratio of their times is taken to be a power of the length. 0 where it is so at all of them.
    """
    ratios = [(a.length, of_own(a) / of_other(b)) for a, b in zip(own, other, strict=True)]
    if ratios[-1][1] >= 1:
        return None
    for (before, slower), (after, faster) in reversed(list(pairwise(ratios))):
        if slower >= 1:
            share = log(slower) / (log(slower) - log(faster))
            return exp(log(before) + share * (log(after) - log(before)))
    return 0.0


def simulate_edge(runs: Runs) -> Edge:
    """Simulate all of it."""
    asked = [(phase, model) for phase in PHASES for model in MODELS]
    found = runs.each(curves_of, [_family(*key) for key in asked])
    return Edge({
        (variant, *key): curve
        for key, curves in zip(asked, found, strict=True)
        for variant, curve in zip(VARIANTS, curves, strict=True)
        if curve is not None
    })  # fmt: skip


def _family(phase: Phase, model: str) -> Family:
    chunks = CHUNKS if model != TRANSFORMER else ()
    lengths = LENGTHS if phase == "prefill" else (*LENGTHS, *LAST)
    curve = Curve(model, MACHINE, (f"phase={phase}", *chunks, "head=true"), lengths)
    return Family(curve, tuple(variant.assignments for variant in VARIANTS), OTHERS[phase])
