"""Pieces that more than one model has: RMSNorm and the residual addition around a block."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod

from workloads.graph import GraphBuilder

RMS_EPSILON = 1e-5  # the official implementations' default


def rms_norm(
    builder: GraphBuilder, sizes: dict[str, int], name: str, source: str, result: str,
    over: Sequence[str], kept: Sequence[str] = (), weight: Sequence[str] = (),
) -> None:  # fmt: skip
    """``result = source / rms(source) * weight`` over the indices *over*, separately for each index in *kept*.

    RMSNorm (arXiv 1910.07467, eq. 4). Defines three operations *name*.square, .scale and .apply, and one weight over
    the indices *weight* (*over* unless given).
    """
    full = ",".join((*kept, *over))
    rows = "".join(f",{index}" for index in kept)
    summed = ", ".join(over)
    count = prod(sizes[index] for index in over)
    builder.define(
        f"{name}.square", "norm", f"{result}_ms[t{rows}] = sum({summed}, {source}[t,{full}] * {source}[t,{full}])"
    )
    builder.define(
        f"{name}.scale", "norm", f"{result}_rs[t{rows}] = rsqrt({result}_ms[t{rows}] * {1 / count!r} + {RMS_EPSILON!r})"
    )
    builder.define(
        f"{name}.apply", "norm",
        f"{result}[t,{full}] = {source}[t,{full}] * {result}_rs[t{rows}] * W_{result}[{','.join(weight or over)}]",
    )  # fmt: skip
