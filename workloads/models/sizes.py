"""The sizes that blocks of more than one model have: in which range each is, and what it means."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from workloads.spec import contradiction

ModelWidth = Annotated[
    int, Field(ge=1, le=65_536, json_schema_extra={"unit": "channels"}, description="Channels of the residual stream.")
]
StateSize = Annotated[
    int,
    Field(ge=1, le=65_536, json_schema_extra={"unit": "elements"}, description="Elements of the state of a channel."),
]
Expansion = Annotated[
    int,
    Field(
        ge=1, le=64, json_schema_extra={"unit": "times d_model"}, description="Inner channels, in multiples of d_model."
    ),
]
HeadSize = Annotated[
    int, Field(ge=1, le=65_536, json_schema_extra={"unit": "channels"}, description="Inner channels of a head.")
]
Groups = Annotated[
    int, Field(ge=1, le=65_536, json_schema_extra={"unit": "groups"}, description="Groups of heads that share B and C.")
]
Taps = Annotated[int, Field(ge=1, le=256, json_schema_extra={"unit": "taps"}, description="Taps of the convolution.")]
Rank = Annotated[
    int,
    Field(
        ge=1,
        le=1024,
        json_schema_extra={"unit": "ranks"},
        description="Inputs and outputs of each channel's state (MIMO).",
    ),
]
MlpWidth = Annotated[
    int,
    Field(
        ge=0,
        le=1_048_576,
        json_schema_extra={"unit": "channels"},
        description="Channels of a SwiGLU MLP after the block; 0: there is none.",
    ),
]
Multiplier = Annotated[float, Field(ge=-1e6, le=1e6, description="What it is multiplied by; 1 takes no operation.")]


def check_heads(expand: int, d_model: int, head_dim: int, n_groups: int = 1) -> None:
    """Raise ValueError unless the inner channels can be cut into groups of heads."""
    inner = expand * d_model
    if inner % (head_dim * n_groups):
        divisor, keys = ("head_dim", ()) if n_groups == 1 else ("head_dim*n_groups", ("n_groups",))
        message = f"expand*d_model = {inner} must be a multiple of {divisor} = {head_dim * n_groups}"
        raise contradiction(message, "head_dim", *keys, "d_model", "expand")
