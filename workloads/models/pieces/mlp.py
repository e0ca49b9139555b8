"""MLPs of Transformers: gated (SwiGLU, GEGLU) or plain (GELU, squared ReLU), with or without biases.

Gated ones: arXiv 2002.05202, eq. 6; squared ReLU: arXiv 2109.08668. GELU is that of the tanh approximation (arXiv
1606.08415): x (1 + tanh(z)) / 2 = x sigmoid(2 z) with z = sqrt(2 / pi) (x + 0.044715 x^3), where the exact one has an
error function, which costs as much or more.
"""

from __future__ import annotations

from collections.abc import Callable
from math import pi, sqrt
from typing import Literal

from pydantic import Field

from workloads.models.pieces.scope import Definitions
from workloads.models.sizes import Multiplier
from workloads.spec import Spec

Activation = Literal["swiglu", "geglu", "gelu", "relu2"]
GATED = ("swiglu", "geglu")
_LINEAR, _CUBIC = sqrt(8 / pi), 0.044715 * sqrt(8 / pi)


class MlpSpec(Spec):
    """An MLP."""

    width: int = Field(ge=1, le=1_048_576, json_schema_extra={"unit": "channels"}, description="Channels inside.")
    activation: Activation = Field(
        default="swiglu",
        description="SiLU or GELU of a gate times a second projection (swiglu, geglu), or a function of one (gelu, "
        "relu2: the square of what is above zero).",
    )
    bias: bool = Field(default=False, description="Whether its projections have biases.")
    fused: bool = Field(default=False, description="Whether gate and up are parts of one matrix product.")
    gate_multiplier: Multiplier = Field(
        default=1.0, description="What the gate is multiplied by; 1 takes no operation."
    )
    output_multiplier: Multiplier = Field(
        default=1.0, description="What its result is multiplied by; 1 takes no operation."
    )

    @property
    def gated(self) -> bool:
        """Whether there are two projections inwards."""
        return self.activation in GATED


def mlp(
    builder: Definitions, spec: MlpSpec, source: str, *, at: str, adapt: Callable[[str, str, str], None] | None = None
) -> str:
    """Define the MLP of *source* ``[d]``; the name of its result ``[d]``, not multiplied yet.

    *adapt* may define (part, what its projection makes, result) a gate or what goes up further.
    """
    inwards = ("gate", "up") if spec.gated else ("up",)
    prefix = "mlp.gate_up" if spec.fused and spec.gated else "mlp"
    for part in inwards:
        name = f"mlp_{part[0]}" if adapt is None else f"mlp_{part}_main"
        _projection(builder, f"{prefix}.{part}", spec.bias, f"W_{part}[d,f]", source, name, ("d", "f"), at)
        if adapt is not None:
            adapt(part, name, f"mlp_{part[0]}")
    gate, up = ("mlp_g", "mlp_u") if spec.gated else ("mlp_u", None)
    if spec.gate_multiplier != 1:
        builder.define("mlp.scale_gate", "multiplier", f"mlp_s[{at},f] = {gate}[{at},f] * {spec.gate_multiplier!r}")
        gate = "mlp_s"
    activate(builder, "mlp", spec.activation, gate, up, "mlp_a", "f", at=at)
    _projection(builder, "mlp.down", spec.bias, "W_down[f,d]", "mlp_a", "mlp_o", ("f", "d"), at)
    return "mlp_o"


def activate(
    builder: Definitions, name: str, activation: Activation, gate: str, up: str | None, result: str, index: str, *,
    at: str,
) -> None:  # fmt: skip
    """Define *result* over *index*: the activation of *gate*, times *up* if that is given."""
    here = f"[{at},{index}]"
    times, gate = f" * {up}{here}" if up else "", f"{gate}{here}"
    if activation == "swiglu":
        builder.define(f"{name}.activate", "mlp", f"{result}{here} = silu({gate}){times}")
    elif activation == "relu2":
        builder.define(f"{name}.relu", "mlp", f"{result}_r{here} = relu({gate})")
        builder.define(f"{name}.activate", "mlp", f"{result}{here} = {result}_r{here} * {result}_r{here}")
    else:
        builder.define(f"{name}.square", "mlp", f"{result}_2{here} = {gate} * {gate}")
        argument = f"{gate} * ({_LINEAR!r} + {_CUBIC!r} * {result}_2{here})"
        builder.define(f"{name}.activate", "mlp", f"{result}{here} = {gate} * sigmoid({argument}){times}")


def _projection(
    builder: Definitions, name: str, bias: bool, weight: str, source: str, result: str, between: tuple[str, str],
    at: str,
) -> None:  # fmt: skip
    """Define *result*: *source* times *weight*, from the first index of *between* to the second, and a bias."""
    from_, to = between
    raw = f"{result}_raw" if bias else result
    product = f"sum({from_}, {weight} * {source}[{at},{from_}])"
    builder.define(name, "projection", f"{raw}[{at},{to}] = {product}")
    if bias:
        builder.define(f"{name}_bias", "bias", f"{result}[{at},{to}] = {raw}[{at},{to}] + b_{result}[{to}]")
