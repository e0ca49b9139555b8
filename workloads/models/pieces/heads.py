"""What stands around attention: query, key and value projections before it, the output projection behind it.

Heads are grouped: ``g`` key/value heads, each with ``r`` query heads; keys and queries have ``e`` channels, values
``w``. A part of a fused projection is called after it, ``qkv_proj.q``: the parts are done one by one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from math import sqrt

from pydantic import Field, model_validator

from workloads.models.attention import Attention
from workloads.models.pieces.norms import rms_norm
from workloads.models.pieces.rotary import PAIR, rotate
from workloads.models.pieces.scope import Definitions
from workloads.models.sizes import HeadSize, Multiplier
from workloads.spec import Spec, contradiction

AXES = {"q": "g,r,e", "k": "g,e", "v": "g,w", "gate": "g,r,w"}


class AttentionSpec(Spec):
    """Attention with its projections."""

    heads: int = Field(ge=1, le=65_536, json_schema_extra={"unit": "heads"}, description="Query heads.")
    groups: int | None = Field(
        default=None, ge=1, le=65_536, json_schema_extra={"unit": "heads"},
        description="Key/value heads, each shared by equally many query heads; as many as query heads unless given.",
    )  # fmt: skip
    head_dim: HeadSize = 64
    value_dim: int | None = Field(
        default=None, ge=1, le=65_536, json_schema_extra={"unit": "channels"},
        description="Channels of a value; as many as head_dim unless given.",
    )  # fmt: skip
    window: int | None = Field(
        default=None, ge=1, le=2**30, json_schema_extra={"unit": "tokens"},
        description="Tokens back that a query sees, its own among them; all unless given.",
    )  # fmt: skip
    own_cache: bool = Field(
        default=True,
        description="Whether it makes keys and values; otherwise it reads those of the last layer that does.",
    )
    scale: float | None = Field(
        default=None, ge=1e-6, le=1e6, description="What scores are multiplied by; 1 / sqrt(head_dim) unless given."
    )
    rotary: float = Field(
        default=1.0, ge=0, le=1, description="Share of a head's channels that rotary embedding turns; 0: there is none."
    )
    bias: bool = Field(default=False, description="Whether query, key and value projections have biases.")
    output_bias: bool = Field(default=False, description="Whether the output projection has a bias.")
    fused: bool = Field(
        default=False, description="Whether query, key and value projections are parts of one matrix product."
    )
    qk_norm: bool = Field(default=False, description="Whether queries and keys are normalised, head by head.")
    gate: bool = Field(
        default=False,
        description="Whether the result is multiplied by the sigmoid of a gate, projected as queries are.",
    )
    input_multiplier: Multiplier = Field(
        default=1.0, description="What it reads is multiplied by; 1 takes no operation."
    )
    key_multiplier: Multiplier = Field(default=1.0, description="What a key is multiplied by; 1 takes no operation.")
    output_multiplier: Multiplier = Field(
        default=1.0, description="What its result is multiplied by; 1 takes no operation."
    )

    @model_validator(mode="after")
    def _sizes_divide(self) -> AttentionSpec:
        if self.groups and self.heads % self.groups:
            message = f"heads = {self.heads} must be a multiple of groups = {self.groups}"
            raise contradiction(message, "heads", "groups")
        if self.pairs * 2 != self.head_dim * self.rotary:
            message = f"rotary {self.rotary:g} of head_dim = {self.head_dim} must be an even number of channels"
            raise contradiction(message, "rotary", "head_dim")
        return self

    @property
    def pairs(self) -> int:
        """Pairs of channels of a head that are rotated."""
        return int(self.head_dim * self.rotary) // 2

    @property
    def sizes(self) -> dict[str, int]:
        """The length of each index but d."""
        groups = self.groups or self.heads
        sizes = {"g": groups, "r": self.heads // groups, "e": self.head_dim, "w": self.value_dim or self.head_dim}
        return sizes | ({PAIR: self.pairs} if self.pairs else {})

    def operator(self, sinks: int) -> Attention:
        """The attention itself, whose queries see the first *sinks* tokens beside their window."""
        sizes, scale = self.sizes, self.scale or 1 / sqrt(self.head_dim)
        return Attention(
            sizes["g"], sizes["r"], sizes["e"], sizes["w"], scale, self.window, sinks if self.window else 0,
            self.own_cache,
        )  # fmt: skip


def before_attention(
    builder: Definitions, spec: AttentionSpec, source: str, *, at: str, product: str = "qkv_proj"
) -> tuple[str, ...]:
    """Define what attention needs of *source* ``[d]``; the names of the results: q, k, v, and a gate if there is one.

    Without a cache of its own, q and the gate alone. *product* is what a fused projection is called.
    """
    if spec.input_multiplier != 1:
        scaled = f"{source}_in[{at},d] = {source}[{at},d] * {spec.input_multiplier!r}"
        builder.define("scale_input", "multiplier", scaled)
        source = f"{source}_in"
    made = ["q", *(("k", "v") if spec.own_cache else ()), *(("gate",) if spec.gate else ())]
    for letter in made:
        operation = f"{product}.{letter}" if spec.fused else "q_proj.gate" if letter == "gate" else f"{letter}_proj"
        if spec.gate and letter == "q" and not spec.fused:
            operation = "q_proj.q"
        axes = AXES[letter]

        def project(result: str, axes: str = axes, letter: str = letter, operation: str = operation) -> None:
            product = f"sum(d, W_{letter}[d,{axes}] * {source}[{at},d])"
            builder.define(operation, "projection", f"{result}[{at},{axes}] = {product}")

        finish_heads(builder, spec, letter, project, at=at)
    return tuple(made)


def finish_heads(
    builder: Definitions, spec: AttentionSpec, letter: str, project: Callable[[str], None], *, at: str
) -> None:
    """Define q, k, v or the gate, as *letter* says: what *project* makes, then bias, norm, multiplier and rotation."""
    axes = AXES[letter]
    heads = axes.rpartition(",")[0]

    def bias(source: str, result: str) -> None:
        builder.define(f"{letter}_bias", "bias", f"{result}[{at},{axes}] = {source}[{at},{axes}] + b_{letter}[{axes}]")

    def normalise(source: str, result: str) -> None:
        sizes: Mapping[str, int] = spec.sizes
        rms_norm(builder, sizes, f"{letter}_norm", source, result, over=["e"], kept=heads.split(","), at=at)

    def multiply(source: str, result: str) -> None:
        scaled = f"{result}[{at},{axes}] = {source}[{at},{axes}] * {spec.key_multiplier!r}"
        builder.define(f"{letter}_scale", "multiplier", scaled)

    def turn(source: str, result: str) -> None:
        rotate(builder, f"{letter}_rotate", source, result, heads, spec.head_dim, spec.pairs, at=at)

    steps = {
        "biased": bias if spec.bias else None,
        "normed": normalise if spec.qk_norm and letter in "qk" else None,
        "scaled": multiply if spec.key_multiplier != 1 and letter == "k" else None,
        "rotated": turn if spec.pairs and letter in "qk" else None,
    }
    todo = [(name, step) for name, step in steps.items() if step is not None]
    names = [f"{letter}_projected", *(f"{letter}_{name}" for name, _ in todo)]
    names[-1] = letter
    project(names[0])
    for (_, step), source, result in zip(todo, names, names[1:], strict=False):
        step(source, result)


def after_attention(builder: Definitions, spec: AttentionSpec, *, at: str) -> str:
    """Define the output projection of ``o`` ``[g, r, w]``; the name of its result ``[d]``, not multiplied yet."""
    source = "o"
    if spec.gate:
        source = "o_gated"
        builder.define("gate", "gate", f"o_gated[{at},g,r,w] = o[{at},g,r,w] * sigmoid(gate[{at},g,r,w])")
    raw = "o_raw" if spec.output_bias else "o_d"
    builder.define("o_proj", "projection", f"{raw}[{at},d] = sum(g, r, w, W_o[g,r,w,d] * {source}[{at},g,r,w])")
    if spec.output_bias:
        builder.define("o_bias", "bias", f"o_d[{at},d] = o_raw[{at},d] + b_o[d]")
    return "o_d"
