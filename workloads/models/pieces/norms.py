"""Norms over channels: RMSNorm and LayerNorm.

``at`` is how a tensor of the current timestep begins its subscripts: ``"t"`` where a timestep is a token, ``"t,q"``
where it is a chunk of tokens along ``q``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import prod
from typing import Literal

from workloads.models.pieces.scope import Definitions

RMS_EPSILON = 1e-5  # the official implementations' default
TOKENS = "q"  # the token axis of chunked formulations
NormName = Literal["rms", "layer"]


def subscripts(chunk: int | None) -> str:
    """``at`` for a formulation with *chunk* tokens a timestep, or with one (None)."""
    return "t" if chunk is None else f"t,{TOKENS}"


def norm(
    builder: Definitions, sizes: Mapping[str, int], kind: NormName, name: str, source: str, result: str, *, at: str
) -> None:  # fmt: skip
    """``result``: *source* normed over the channels ``d`` of the residual stream."""
    if kind == "layer":
        layer_norm(builder, sizes, name, source, result, over="d", at=at)
    else:
        rms_norm(builder, sizes, name, source, result, over=["d"], at=at)


def rms_norm(
    builder: Definitions, sizes: Mapping[str, int], name: str, source: str, result: str, over: Sequence[str], *,
    kept: Sequence[str] = (), weight: Sequence[str] | None = (), at: str = "t",
) -> None:  # fmt: skip
    """``result = source / rms(source) * weight`` over the indices *over*, separately for each index in *kept*.

    RMSNorm (arXiv 1910.07467, eq. 4). Defines three operations *name*.square, .scale and .apply, and one weight over
    the indices *weight* (*over* unless given; None for no weight).
    """
    full = ",".join((*kept, *over))
    rows = "".join(f",{index}" for index in kept)
    count = prod(sizes[index] for index in over)
    weights = "" if weight is None else f" * W_{result}[{','.join(weight or over)}]"
    builder.define(
        f"{name}.square", "norm",
        f"{result}_ms[{at}{rows}] = sum({', '.join(over)}, {source}[{at},{full}] * {source}[{at},{full}])",
    )  # fmt: skip
    builder.define(
        f"{name}.scale", "norm",
        f"{result}_rs[{at}{rows}] = rsqrt({result}_ms[{at}{rows}] * {1 / count!r} + {RMS_EPSILON!r})",
    )  # fmt: skip
    builder.define(
        f"{name}.apply", "norm", f"{result}[{at},{full}] = {source}[{at},{full}] * {result}_rs[{at}{rows}]{weights}"
    )


def layer_norm(
    builder: Definitions, sizes: Mapping[str, int], name: str, source: str, result: str, over: str, *, at: str = "t"
) -> None:  # fmt: skip
    """``result = (source - mean) / root of the variance * weight + bias`` over the index *over*.

    Layer normalization (arXiv 1607.06450, eq. 4). Defines *name*.mean, .centre, .square, .scale and .apply, a weight
    and a bias.
    """
    row, full, share = f"[{at}]", f"[{at},{over}]", 1 / sizes[over]
    centred, deviation = f"{result}_c{full}", f"{result}_rs{row}"
    builder.define(f"{name}.mean", "norm", f"{result}_mean{row} = sum({over}, {source}{full}) * {share!r}")
    builder.define(f"{name}.centre", "norm", f"{centred} = {source}{full} - {result}_mean{row}")
    builder.define(f"{name}.square", "norm", f"{result}_ms{row} = sum({over}, {centred} * {centred})")
    builder.define(f"{name}.scale", "norm", f"{deviation} = rsqrt({result}_ms{row} * {share!r} + {RMS_EPSILON!r})")
    builder.define(
        f"{name}.apply", "norm",
        f"{result}{full} = {centred} * {deviation} * W_{result}[{over}] + b_{result}[{over}]",
    )  # fmt: skip
