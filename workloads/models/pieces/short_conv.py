"""The gated short convolution of LFM2: y = C * conv(B * x), then out; no state but the window.

As transformers' Lfm2ShortConv has it: B, C and x are parts of one in_proj; no activation.
"""

from __future__ import annotations

from pydantic import Field

from workloads.models.pieces.scope import Definitions
from workloads.models.sizes import Taps
from workloads.spec import Spec


class ShortConvSpec(Spec):
    """A gated short convolution of all channels of the residual stream."""

    taps: Taps = 3
    bias: bool = Field(default=False, description="Whether projections and convolution have biases.")

    @property
    def sizes(self) -> dict[str, int]:
        """The length of each index but d and its like c."""
        return {"k": self.taps}


def short_conv(b: Definitions, spec: ShortConvSpec, source: str, *, at: str) -> str:
    """Define the mixer of *source* ``[d]``; the name of its result ``[d]``. The inner channels are c."""
    past = at.replace("t", "t-k", 1)
    for part in ("B", "C", "x"):
        raw = f"{part}_raw" if spec.bias else part
        product = f"sum(d, W_in_{part}[d,c] * {source}[{at},d])"
        b.define(f"in_proj.{part}", "projection", f"{raw}[{at},c] = {product}")
        if spec.bias:
            b.define(f"in_bias.{part}", "bias", f"{part}[{at},c] = {raw}[{at},c] + b_in_{part}[c]")
    bias = " + b_conv[c]" if spec.bias else ""
    b.define("gate.in", "gate", f"bx[{at},c] = B[{at},c] * x[{at},c]")
    b.define("conv", "convolution", f"xc[{at},c] = sum(k, W_conv[k,c] * bx[{past},c]){bias}")
    b.define("gate.out", "gate", f"y[{at},c] = C[{at},c] * xc[{at},c]")
    raw = "o_raw" if spec.bias else "o"
    b.define("out_proj", "projection", f"{raw}[{at},d] = sum(c, W_out[c,d] * y[{at},c])")
    if spec.bias:
        b.define("out_bias", "bias", f"o[{at},d] = o_raw[{at},d] + b_out[d]")
    return "o"
