"""Mamba-3 (arXiv 2603.15569), official and as "The Hyperscale Lottery" (arXiv 2604.07935) had it.

The recurrence: h = alpha h + beta x' B'^T + gamma x B^T, where x' and B' are of the token before (trapezoidal rule,
beta = (1 - lambda) dt alpha, gamma = lambda dt), B and C normalised, biased per head, and rotated by angles that
accumulate (a complex state); with rank R, x B^T is a sum over R of them. No convolution.

*Official*: A is data-dependent, the angles are shared by the heads before they are scaled with each head's dt, and only
a share of the state is rotated; MIMO widens x, z and y by vectors per rank (mimo_x, mimo_z, mimo_o). *Naive*, the seed
paper's: A is a parameter, in_proj makes x, z and y R times as wide and an angle of its own for every head (in_proj is
d_model x (2 R d_inner + 2 N R + H N/2 + 2 H), out_proj is R d_inner x d_model), no MLP.

*Chunked*: as Mamba-2's, with the weight gamma + (1 - lambda') dt' (primes: next token) for what a token leaves to later
ones and gamma for what it gives itself; beta's share of a chunk's last token is added when the next chunk enters, which
is the same as looking ahead, and needs no token that is not there yet.

Index letters: d = d_model, e = groups, h = heads of a group, r and g = ranks, p = channels of a head, a = angles, f =
MLP channels, q and s = tokens of a chunk. The state index is a pair: m of N/2 pairs, c = 0, 1 within one; the official
SISO form pairs neighbours (m, c), the others halves (c, m).
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from math import pi

from pydantic import Field, field_validator, model_validator

from workloads.builder import GraphBuilder
from workloads.graph import TimestepGraph
from workloads.models.blocks import finish_block
from workloads.models.pieces.norms import TOKENS, rms_norm, subscripts
from workloads.models.sizes import (
    Expansion,
    Groups,
    HeadSize,
    MlpWidth,
    ModelWidth,
    Rank,
    StateSize,
    check_heads,
)
from workloads.spec import Spec, contradiction

A_FLOOR = 1e-4  # A is at most -A_FLOOR in the official implementation


class Mamba3NaiveDimensions(Spec):
    """Sizes of the seed paper's Mamba-3 block; ``mimo_rank`` 1 is its SISO form."""

    d_model: ModelWidth
    d_state: StateSize = 64
    expand: Expansion = 2
    head_dim: HeadSize = 32
    mimo_rank: Rank = 4

    @model_validator(mode="after")
    def _sizes_divide(self) -> Mamba3NaiveDimensions:
        check_heads(self.expand, self.d_model, self.head_dim)
        _check_pairs(self.d_state)
        return self


class Mamba3Dimensions(Spec):
    """Sizes of an official Mamba-3 block; ``mimo_rank`` counts only with ``mimo``."""

    d_model: ModelWidth
    d_state: StateSize = 128
    expand: Expansion = 2
    head_dim: HeadSize = 64
    n_groups: Groups = 1
    mimo: bool = Field(
        default=False, description="Whether each channel's state has mimo_rank inputs and outputs, or one."
    )
    mimo_rank: Rank = 4
    rope_fraction: float = Field(
        default=0.5, description="Share of the state that is rotated.", json_schema_extra={"enum": [0.5, 1.0]}
    )
    out_norm: bool = Field(default=False, description="Whether y is normalised per head before the gate.")
    d_intermediate: MlpWidth = 0

    @field_validator("rope_fraction")
    @classmethod
    def _known_fraction(cls, value: float) -> float:
        if value not in (0.5, 1.0):
            raise ValueError(f"rope_fraction must be 0.5 or 1.0, not {value}")
        return value

    @model_validator(mode="after")
    def _sizes_divide(self) -> Mamba3Dimensions:
        check_heads(self.expand, self.d_model, self.head_dim, self.n_groups)
        _check_pairs(self.d_state)
        if not self.angles:
            message = f"rope_fraction {self.rope_fraction} of d_state {self.d_state} leaves nothing to rotate"
            raise contradiction(message, "d_state", "rope_fraction")
        return self

    @property
    def angles(self) -> int:
        """Pairs of the state that are rotated."""
        return int(self.d_state * self.rope_fraction) // 2


def _check_pairs(d_state: int) -> None:
    if d_state % 2:
        raise contradiction(f"d_state must be even, since rotations turn pairs of it, not {d_state}", "d_state")


def mamba3_sequential(m: Mamba3Dimensions) -> TimestepGraph:
    """The dependency graph of one token of one official Mamba-3 block, norm and residual included."""
    return _Official(m, None).graph()


def mamba3_chunked(m: Mamba3Dimensions, chunk: int) -> TimestepGraph:
    """The graph of one chunk of an official Mamba-3 block."""
    return _Official(m, chunk).graph()


def mamba3_naive_sequential(m: Mamba3NaiveDimensions) -> TimestepGraph:
    """The dependency graph of one token of one naive-MIMO Mamba-3 block, norm and residual included."""
    return _Naive(m, None).graph()


def mamba3_naive_chunked(m: Mamba3NaiveDimensions, chunk: int) -> TimestepGraph:
    """The graph of one chunk of a naive-MIMO Mamba-3 block."""
    return _Naive(m, chunk).graph()


class _Block(ABC):
    """What the two Mamba-3s share. Strings hold indices: ``H`` of a head, ``N`` of the state, ``X`` of the update's x.

    ``x`` names the tensor that the update multiplies with B, and ``angle`` the index of the angles.
    """

    H: str
    N: str
    x: str
    X: str
    angle: str
    angles: int

    def __init__(self, name: str, sizes: dict[str, int], chunk: int | None) -> None:
        self.sizes = sizes | ({TOKENS: chunk, "s": chunk} if chunk is not None else {})
        self.chunk = chunk
        self.at = subscripts(chunk)
        self.before = self.at.replace("t", "t-1", 1)
        self.b = GraphBuilder(name, self.sizes, f"u[{self.at},d]", tokens=TOKENS if chunk is not None else None)
        rms_norm(self.b, self.sizes, "norm", "u", "v", over=["d"], at=self.at)

    def project(self, name: str, tensor: str, indices: str) -> None:
        """One part of in_proj."""
        weight = f"W_in_{name}[d,{indices}]"
        text = f"{tensor}[{self.at},{indices}] = sum(d, {weight} * v[{self.at},d])"
        self.b.define(f"in_proj.{name}", "projection", text)

    def step_size(self) -> None:
        """dt of each head; padding has none, so it changes nothing."""
        text = f"dt[{self.at},{self.H}] = softplus(dt_raw[{self.at},{self.H}] + b_dt[{self.H}])"
        self.b.define("dt", "discretisation", text, masked=self.chunk is not None)

    def trapezoid(self, log_decay: str) -> None:
        """The factors of the trapezoidal rule; *log_decay* is A dt of a token."""
        b, now = self.b, f"{self.at},{self.H}"
        if self.chunk is None:
            b.define("decay", "discretisation", f"alpha[{now}] = exp({log_decay})")
        else:
            b.define("log_decay", "discretisation", f"cum[{now}] = cumsum(q, {log_decay})")
        b.define("trapezoid.now", "discretisation", f"gamma[{now}] = sigmoid(trap[{now}]) * dt[{now}]")
        if self.chunk is None:
            b.define("trapezoid.past", "discretisation", f"beta[{now}] = (dt[{now}] - gamma[{now}]) * alpha[{now}]")
        else:
            b.define("trapezoid.past", "discretisation", f"rest[{now}] = dt[{now}] - gamma[{now}]")
            later = f"rest[t,q+1,{self.H}]"  # of the next token; none is known after the chunk's last
            b.define("trapezoid.both", "discretisation", f"scale[{now}] = gamma[{now}] + {later}")

    def rotations(self, theta: str) -> None:
        """Accumulate the angles, bias B and C (which makes them per head), and rotate them."""
        b, at, H, N, a = self.b, self.at, self.H, self.N, self.angle
        turn = f"tanh({theta}) * (dt[{at},{H}] * {pi!r})"
        if self.chunk is None:
            b.define("angle", "angle", f"phi[t,{H},{a}] = phi[t-1,{H},{a}] + {turn}")
        else:
            b.define("angle", "angle", f"phi[{at},{H},{a}] = phi[t-1,0,{H},{a}] + cumsum(q, {turn})")
        b.constant("sign", "c", (-1.0, 1.0))
        b.define("angle.cos", "angle", f"cs[{at},{H},{a}] = cos(phi[{at},{H},{a}])")
        b.define("angle.sin", "angle", f"sn[{at},{H},c,{a}] = sign[c] * sin(phi[{at},{H},{a}])")
        groups = H.replace("h", "").strip(",")  # in_proj makes one B and C for all heads of a group
        raw = f"{groups},r,{N}" if groups else f"r,{N}"
        m = "m" if a == "m" else "m+0"  # there may be fewer angles than pairs; what lies behind the last is not used
        mirrored = N.replace("c", "1-c")  # the other one of a pair
        for name in ("B", "C"):
            biased = f"{name}_n[{at},{raw}] + bias_{name}[{H},r,{N}]"
            b.define(f"bias_{name}", "bias", f"{name}_b[{at},{H},r,{N}] = {biased}")
            here, pair = f"{name}_b[{at},{H},r,{N}]", f"{name}_b[{at},{H},r,{mirrored}]"
            turned = f"{here} * cs[{at},{H},{m}] + {pair} * sn[{at},{H},c,{m}]"
            turned = turned if a == "m" else f"where(m < {self.angles}, {turned}, {here})"
            b.define(f"rotate_{name}", "rotation", f"{name}[{at},{H},r,{N}] = {turned}")

    @abstractmethod
    def past_x(self, factor: str, lag: str) -> str:
        """*factor* times the x of the token before, as the update multiplies it; *lag* begins its subscripts."""

    def recur(self, readout: str) -> None:
        """h token by token; *readout* are the indices of its result s."""
        b, H, N, X = self.b, self.H, self.N, self.X
        b.define("scale_x.now", "input_scale", f"x_now[t,{X}] = gamma[t,{H}] * {self.x}[t,{X}]")
        b.define("scale_x.past", "input_scale", f"x_past[t,{X}] = {self.past_x(f'beta[t,{H}]', 't-1')}")
        products = (f"sum(r, x_now[t,{X}] * B[t,{H},r,{N}])", f"sum(r, x_past[t,{X}] * B[t-1,{H},r,{N}])")
        b.define("outer", "state", f"U[t,{H},p,{N}] = {' + '.join(products)}")
        b.define("update", "state", f"S[t,{H},p,{N}] = alpha[t,{H}] * S[t-1,{H},p,{N}] + U[t,{H},p,{N}]")
        summed = "c, m" if "r" in readout else "r, c, m"
        b.define("readout", "state", f"s[t,{readout}] = sum({summed}, C[t,{H},r,{N}] * S[t,{H},p,{N}])")

    def chunks(self, readout: str) -> None:
        """h chunk by chunk; *readout* are the indices of its result s."""
        b, H, N, X, x = self.b, self.H, self.N, self.X, self.x
        ranks = "r" in X  # a rank of its own on each side of the scores
        last = (self.chunk or 1) - 1
        C, summed = f"C[t,q,{H},r,{N}]", "c, m" if ranks else "r, c, m"
        B, pair = (f"B[t,s,{H},g,{N}]", f"{H},q,r,s,g") if ranks else (f"B[t,s,{H},r,{N}]", f"{H},q,s")
        other = X.replace("r", "g")
        b.define("scores", "chunk", f"G[t,{pair}] = sum({summed}, {C} * {B})")
        decay = f"exp(cum[t,q,{H}] - cum[t,s,{H}]) * scale[t,s,{H}]"
        b.define("mask", "chunk", f"L[t,{H},q,s] = where(s < q, {decay}, where(s == q, gamma[t,q,{H}], 0))")
        b.define("weigh", "chunk", f"M[t,{pair}] = G[t,{pair}] * L[t,{H},q,s]")
        over = "s, g" if ranks else "s"
        b.define("intra", "chunk", f"y_in[t,q,{readout}] = sum({over}, M[t,{pair}] * {x}[t,s,{other}])")
        b.define("border_x", "input_scale", f"x_past[t,{X}] = {self.past_x(f'rest[t,0,{H}]', 't-1,0')}")
        b.define("border", "passing", f"U[t,{H},p,{N}] = sum(r, x_past[t,{X}] * B[t-1,0,{H},r,{N}])")
        b.define("enter", "passing", f"S_in[t,{H},p,{N}] = S[t-1,{H},p,{N}] + U[t,{H},p,{N}]")
        b.define("inter", "chunk", f"y_past[t,q,{readout}] = sum({summed}, {C} * S_in[t,{H},p,{N}])")
        both = f"y_in[t,q,{readout}] + exp(cum[t,q,{H}]) * y_past[t,q,{readout}]"
        b.define("combine", "chunk", f"s[t,q,{readout}] = {both}")
        to_end = f"exp(cum[t,{last},{H}] - cum[t,q,{H}]) * scale[t,q,{H}]"
        b.define("to_end", "chunk", f"xw[t,q,{X}] = {to_end} * {x}[t,q,{X}]")
        b.define("chunk_state", "chunk", f"dS[t,{H},p,{N}] = sum(q, r, xw[t,q,{X}] * B[t,q,{H},r,{N}])")
        b.define("decay", "discretisation", f"alpha[t,{H}] = exp(cum[t,{last},{H}])")
        b.define("update", "passing", f"S[t,{H},p,{N}] = alpha[t,{H}] * S_in[t,{H},p,{N}] + dS[t,{H},p,{N}]")


class _Naive(_Block):
    """The seed paper's Mamba-3."""

    def __init__(self, m: Mamba3NaiveDimensions, chunk: int | None) -> None:
        heads = m.expand * m.d_model // m.head_dim
        self.H, self.N, self.x, self.X = "h", "c,m", "x", "h,r,p"
        self.angle, self.angles = "m", m.d_state // 2
        sizes = {"d": m.d_model, "h": heads, "r": m.mimo_rank, "p": m.head_dim, "c": 2, "m": self.angles}
        sizes |= {"g": m.mimo_rank} if chunk is not None else {}
        super().__init__("mamba3_naive", sizes, chunk)

    def graph(self) -> TimestepGraph:
        """The whole block."""
        b, at = self.b, self.at
        self.project("x", "x", "h,r,p")
        self.project("B", "B_raw", "r,c,m")
        self.project("C", "C_raw", "r,c,m")
        self.project("theta", "theta", "h,m")
        self.project("dt", "dt_raw", "h")
        self.project("trap", "trap", "h")
        self.project("z", "z", "h,r,p")
        for name in ("B", "C"):
            rms_norm(b, self.sizes, f"norm_{name}", f"{name}_raw", f"{name}_n", over=["c", "m"], kept=["r"], at=at)
        self.step_size()
        self.trapezoid(f"dt[{at},h] * A[h]")
        self.rotations(f"theta[{at},h,m]")
        (self.recur if self.chunk is None else self.chunks)("h,r,p")
        b.define("skip", "skip", f"y[{at},h,r,p] = s[{at},h,r,p] + D[h] * x[{at},h,r,p]")
        b.define("gate", "gate", f"gy[{at},h,r,p] = y[{at},h,r,p] * silu(z[{at},h,r,p])")
        b.define("out_proj", "projection", f"o[{at},d] = sum(h, r, p, W_out[h,r,p,d] * gy[{at},h,r,p])")
        return finish_block(b, self.sizes, at)

    def past_x(self, factor: str, lag: str) -> str:
        return f"{factor} * x[{lag},h,r,p]"


class _Official(_Block):
    """The public implementation's Mamba-3."""

    def __init__(self, m: Mamba3Dimensions, chunk: int | None) -> None:
        self.m = m
        heads = m.expand * m.d_model // m.head_dim // m.n_groups
        rank = m.mimo_rank if m.mimo else 1
        self.H, self.N = "e,h", "c,m" if m.mimo else "m,c"
        self.x, self.X = ("x_r", "e,h,r,p") if m.mimo else ("x", "e,h,p")
        self.angles = m.angles
        self.angle = "m" if 2 * m.angles == m.d_state else "a"
        sizes = {"d": m.d_model, "e": m.n_groups, "h": heads, "r": rank, "p": m.head_dim, "c": 2, "m": m.d_state // 2}
        sizes |= {"a": m.angles} if self.angle == "a" else {}
        sizes |= {"g": rank} if chunk is not None and m.mimo else {}
        sizes |= {"f": m.d_intermediate} if m.d_intermediate else {}
        super().__init__("mamba3", sizes, chunk)

    def graph(self) -> TimestepGraph:
        """The whole block."""
        b, at, a = self.b, self.at, self.angle
        self.project("x", "x", "e,h,p")
        self.project("B", "B_raw", f"e,r,{self.N}")
        self.project("C", "C_raw", f"e,r,{self.N}")
        self.project("theta", "theta", a)
        self.project("dt", "dt_raw", "e,h")
        self.project("A", "A_raw", "e,h")
        self.project("trap", "trap", "e,h")
        self.project("z", "z", "e,h,p")
        n = self.N.split(",")
        for name in ("B", "C"):
            rms_norm(
                b, self.sizes, f"norm_{name}", f"{name}_raw", f"{name}_n", over=n, kept=["e", "r"], weight=n, at=at
            )
        self.step_size()
        raw = f"A_raw[{at},e,h]"
        heavy_tail = f"max({raw}, 0) + 1 / (1 - min({raw}, 0))"
        b.define("rate", "discretisation", f"rate[{at},e,h] = min({-A_FLOOR!r}, -1 * ({heavy_tail}))")
        self.trapezoid(f"rate[{at},e,h] * dt[{at},e,h]")
        self.rotations(f"theta[{at},{a}]")
        if self.m.mimo:
            b.define("widen_x", "input_scale", f"x_r[{at},e,h,r,p] = x[{at},e,h,p] * mimo_x[e,h,r,p]")
        (self.recur if self.chunk is None else self.chunks)(self.X)
        self._gate()
        b.define("out_proj", "projection", f"o[{at},d] = sum(e, h, p, W_out[e,h,p,d] * gy[{at},e,h,p])")
        return finish_block(b, self.sizes, at)

    def _gate(self) -> None:
        b, at, X = self.b, self.at, self.X
        b.define("skip", "skip", f"y[{at},{X}] = s[{at},{X}] + D[e,h] * {self.x}[{at},{X}]")
        y = "y"
        if self.m.out_norm:
            kept = [index for index in X.split(",") if index != "p"]
            rms_norm(b, self.sizes, "out_norm", "y", "gn", over=["p"], kept=kept, weight=["e", "h", "p"], at=at)
            y = "gn"
        gate = f"silu(z[{at},e,h,p])"
        if self.m.mimo:
            gate = f"silu(z[{at},e,h,p] * mimo_z[e,h,r,p])"
            b.define("gate", "gate", f"gy[{at},e,h,p] = sum(r, {y}[{at},{X}] * {gate} * mimo_o[e,h,r,p])")
        else:
            b.define("gate", "gate", f"gy[{at},e,h,p] = {y}[{at},{X}] * {gate}")

    def past_x(self, factor: str, lag: str) -> str:
        widened = " * mimo_x[e,h,r,p]" if self.m.mimo else ""
        return f"{factor} * x[{lag},e,h,p]{widened}"
