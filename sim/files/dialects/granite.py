"""Granite 4.0 H (granitemoehybrid): Mamba-2 or attention, and behind it experts beside an MLP, or that alone."""

from __future__ import annotations

from typing import Any

from sim.files.dialects.dialect import UNLIMITED, Convert, Dialect, Place, whole, words
from sim.files.dialects.layered import (
    IGNORED,
    NEEDED,
    PLACES,
    TURNED,
    Values,
    everywhere,
    head_width,
    heads,
    implied_of,
    in_order,
    inner_width,
)
from workloads.models.registry import LAYERS

BOTH = ["mamba", "attention"]
TYPES = {"mamba": "mamba", "linear_attention": "mamba", "attention": "attention", "full_attention": "attention"}


def _ssm_head(values: Values, key: str = "mamba_d_head") -> int:
    inner = whole(values, "mamba_expand", 2) * whole(values, "hidden_size")
    return inner_width(values, "mamba_n_heads", key, inner)


def _if_experts(there: bool) -> Convert:
    """The value if there are experts, or if there are none; else it is left out."""

    def convert(values: Values, key: str) -> Any:
        return values[key] if bool(values.get("num_local_experts", 8)) == there else None

    return convert


def _fused(there: bool) -> Any:
    def value(values: Values) -> bool | None:
        return True if bool(values.get("num_local_experts", 8)) == there else None

    return value


def _of_experts(below: str) -> list[Place]:
    return everywhere(BOTH, f"experts.{below}", _if_experts(True))


def _rotated(values: Values, key: str) -> float:
    if values[key] not in (None, "nope", "rope"):
        raise ValueError(f"found {values[key]!r}, expected nope or rope")
    return 1.0 if values[key] == "rope" else 0.0


def _divided(values: Values, key: str) -> float:
    divisor = values[key]
    if isinstance(divisor, bool) or not isinstance(divisor, int | float) or divisor <= 0:
        raise ValueError(f"found {divisor!r}, expected a positive number")
    return 1 / divisor


GRANITE = Dialect(
    LAYERS,
    PLACES
    | heads(["attention"])
    | {
        "attention_multiplier": everywhere(["attention"], "attention.scale"),
        "position_embedding_type": everywhere(["attention"], "attention.rotary", _rotated),
        "layer_types": ("dimensions.pattern", in_order(TYPES)),
        "layers_block_type": ("dimensions.pattern", in_order(TYPES)),
        "residual_multiplier": "dimensions.residual_multiplier",
        "logits_scaling": ("dimensions.logits_multiplier", _divided),
        "mamba_n_heads": everywhere(["mamba"], "mamba2.heads"),
        "mamba_d_head": everywhere(["mamba"], "mamba2.head_dim", _ssm_head),
        "mamba_d_state": everywhere(["mamba"], "mamba2.d_state"),
        "mamba_n_groups": everywhere(["mamba"], "mamba2.n_groups"),
        "mamba_d_conv": everywhere(["mamba"], "mamba2.d_conv"),
        "mamba_chunk_size": "chunk",
        "num_local_experts": _of_experts("count"),
        "num_experts_per_tok": _of_experts("chosen"),
        "intermediate_size": _of_experts("width"),
        "shared_intermediate_size": [
            *_of_experts("common.width"),
            *everywhere(BOTH, "mlp.width", _if_experts(False)),
        ],
    },
    {
        "hidden_act": ("silu",),
        "attention_bias": (False,),
        "mamba_conv_bias": (True,),
        "mamba_proj_bias": (False,),
        "normalization_function": ("rmsnorm",),
        "time_step_limit": UNLIMITED,
    },
    IGNORED | TURNED | words("rope_parameters embedding_multiplier mamba_expand init_method"),
    NEEDED
    | words("layer_types intermediate_size shared_intermediate_size num_local_experts num_experts_per_tok")
    | words("mamba_n_heads mamba_d_state mamba_n_groups attention_multiplier"),
    {"tied_embeddings": False}
    | implied_of(["attention"], {"attention.head_dim": head_width, "attention.rotary": 0.0})
    | implied_of(["mamba"], {"mamba2.head_dim": _ssm_head})
    | implied_of(BOTH, {"experts.common.fused": _fused(True), "mlp.fused": _fused(False)}),
)
