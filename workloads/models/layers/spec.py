"""The description of a model whose layers differ: every key of it, and what it may be."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import cycle, islice
from typing import Annotated, Literal

from pydantic import Field, StringConstraints, model_validator

from workloads.models.equations_spec import EquationsSpec, Words
from workloads.models.mamba1 import Mamba1Mixer
from workloads.models.mamba2 import Mamba2Mixer
from workloads.models.pieces.experts import ExpertsSpec
from workloads.models.pieces.heads import AttentionSpec
from workloads.models.pieces.mlp import MlpSpec
from workloads.models.pieces.norms import NormName
from workloads.models.pieces.short_conv import ShortConvSpec
from workloads.models.sizes import ModelWidth, Multiplier
from workloads.spec import Spec, contradiction

KindName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z][A-Za-z0-9_-]*$", max_length=40)]
Entry = Annotated[str, StringConstraints(pattern=r"^[A-Za-z][A-Za-z0-9_-]*(\*[1-9][0-9]{0,3})?$", max_length=60)]
MIXERS = ("mamba1", "mamba2", "short_conv", "equations")


class KindEquations(EquationsSpec):
    """Equations of a kind of layer: its own or, laid over them, those of a file."""

    extends: Words | None = Field(
        default=None, description="The YAML file of equations that this changes, or a shipped one's name."
    )


class SharedSpec(Spec):
    """A block whose weights all layers of a kind have in common (Zamba2, arXiv 2411.15242).

    It reads the residual stream and the embeddings side by side, and has no residuals inside. What it makes goes
    through a layer's own projection and is added to what the layer's mixer reads.
    """

    attention: AttentionSpec = Field(description="Attention over the stream and the embeddings, twice as wide as one.")
    mlp: MlpSpec = Field(description="The MLP behind it.")
    attention_rank: int = Field(
        default=0, ge=0, le=65_536, json_schema_extra={"unit": "ranks"},
        description="Rank of a layer's own adapters of query, key and value projections; 0: there are none.",
    )  # fmt: skip
    mlp_rank: int = Field(
        default=0, ge=0, le=65_536, json_schema_extra={"unit": "ranks"},
        description="Rank of a layer's own adapter of the MLP's projections inwards; 0: there is none.",
    )  # fmt: skip
    sets: int = Field(
        default=1, ge=1, le=10_000, description="Sets of weights, which the layers of the kind take in turn."
    )


class LayerKind(Spec):
    """One kind of layer: a mixer, or attention, or both side by side, and behind it an MLP or experts.

    Each of the two has a norm before it and a residual around it.
    """

    attention: AttentionSpec | None = Field(default=None, description="Attention of the layer.")
    mamba1: Mamba1Mixer | None = Field(default=None, description="A Mamba-1 mixer, beside attention if there is some.")
    mamba2: Mamba2Mixer | None = Field(default=None, description="A Mamba-2 mixer, beside attention if there is some.")
    short_conv: ShortConvSpec | None = Field(default=None, description="A gated short convolution.")
    equations: KindEquations | None = Field(default=None, description="Norm, mixer and residual as equations.")
    shared: SharedSpec | None = Field(
        default=None, description="A block whose weights the layers of this kind share, before the mixer."
    )
    join: Literal["sum", "normed_mean"] = Field(
        default="sum",
        description="What becomes of attention and mixer side by side: both are projected and added to the residual "
        "stream; or each is normalised, and the mean of both is projected (Hymba).",
    )
    mlp: MlpSpec | None = Field(default=None, description="The MLP.")
    experts: ExpertsSpec | None = Field(default=None, description="Experts in the place of the MLP.")

    @model_validator(mode="after")
    def _goes_together(self) -> LayerKind:
        given = [name for name in MIXERS if getattr(self, name) is not None]
        if len(given) > 1:
            raise contradiction(f"a layer has one mixer, expected {given[0]} or {given[1]}", *given)
        if self.attention and given and given[0] in ("short_conv", "equations"):
            raise contradiction(f"{given[0]} cannot run beside attention, expected mamba1 or mamba2", *given)
        if self.join == "normed_mean" and not (self.attention and self.mamba1):
            raise contradiction("normed_mean joins attention and mamba1, expected both", "join")
        if self.shared and (self.mamba2 is None or self.attention or self.mlp or self.experts):
            raise contradiction("a shared block stands before mamba2, and has the layer's attention and MLP", "shared")
        if self.mlp and self.experts:
            raise contradiction("a layer has an MLP or experts, expected one of them", "mlp", "experts")
        if not (given or self.attention or self.mlp or self.experts):
            raise contradiction("a layer needs attention, a mixer, an MLP or experts, found none")
        return self


class LayersSpec(Spec):
    """A model as kinds of layers and the pattern in which they follow one another."""

    d_model: ModelWidth
    norm: NormName = Field(default="rms", description="RMSNorm or LayerNorm, before everything and at the end.")
    kinds: dict[KindName, LayerKind] = Field(min_length=1, max_length=100, description="Kinds of layers by name.")
    pattern: list[Entry] = Field(
        min_length=1, max_length=1000,
        description="Kinds in the order of the layers, `mamba*5` for five in a row; again from the start at its end.",
    )  # fmt: skip
    residual_multiplier: Multiplier = Field(
        default=1.0, description="What all that is added to the residual stream is multiplied by; 1 takes no operation."
    )
    logits_multiplier: Multiplier = Field(
        default=1.0, description="What a logit is multiplied by; 1 takes no operation."
    )
    logits_softcap: float | None = Field(
        default=None, ge=1e-6, le=1e6, description="c, where logits are squeezed into c * tanh(logits / c)."
    )
    positions: int = Field(
        default=0, ge=0, le=2**24, json_schema_extra={"unit": "tokens"},
        description="Learned positions, which count as parameters and are added to the embeddings.",
    )  # fmt: skip
    meta_tokens: int = Field(
        default=0, ge=0, le=2**20, json_schema_extra={"unit": "tokens"},
        description="Learned tokens before every prompt, which all queries see whatever their window.",
    )  # fmt: skip

    @model_validator(mode="after")
    def _kinds_are_known(self) -> LayersSpec:
        for entry in self.pattern:
            name = entry.partition("*")[0]
            if name not in self.kinds:
                message = f"found {name}, expected one of {', '.join(self.kinds)}"
                raise contradiction(message, "pattern", "kinds")
        unused = [name for name in self.kinds if name not in {entry.partition("*")[0] for entry in self.pattern}]
        if unused:
            raise contradiction(f"no layer is of the kind {unused[0]}", "pattern", "kinds")
        return self

    def sequence(self, layers: int) -> list[str]:
        """The kind of each of so many *layers*."""
        return list(islice(cycle(_written_out(self.pattern)), layers))


def _written_out(pattern: list[str]) -> Iterator[str]:
    for entry in pattern:
        name, times = re.match(r"([^*]+)\*?(\d*)", entry).groups()  # type: ignore[union-attr]  # it is so by its type
        yield from [name] * int(times or 1)
