"""Zamba2 (zamba2): Mamba-2 layers, some of which call a block of attention and MLP that they share."""

from __future__ import annotations

from sim.files.dialects.dialect import Dialect, whole, words
from sim.files.dialects.layered import (
    IGNORED,
    NEEDED,
    PLACES,
    TURNED,
    Values,
    everywhere,
    given,
    implied_of,
    in_order,
    inner_width,
)
from workloads.models.registry import LAYERS

BOTH = ["mamba", "hybrid"]
TYPES = {"mamba": "mamba", "linear_attention": "mamba", "hybrid": "hybrid"}


def _head(values: Values) -> int:
    return inner_width(
        values, "num_attention_heads", "attention_head_dim", 2 * whole(values, "hidden_size")
    )  # fmt: skip


def _ssm_head(values: Values, key: str = "mamba_headdim") -> int:
    inner = whole(values, "mamba_expand", 2) * whole(values, "hidden_size")
    return inner_width(values, "n_mamba_heads", key, inner)


def _attention_rank(values: Values, key: str = "adapter_rank") -> int:
    return whole(values, key, 128) if values.get("use_shared_attention_adapter", False) else 0


def _rotated(values: Values, key: str) -> float:
    return 1.0 if values[key] else 0.0


SHARED = ["hybrid"]
ZAMBA2 = Dialect(
    LAYERS,
    PLACES
    | {
        "num_attention_heads": everywhere(SHARED, "shared.attention.heads"),
        "num_key_value_heads": everywhere(SHARED, "shared.attention.groups", given),
        "intermediate_size": everywhere(SHARED, "shared.mlp.width"),
        "adapter_rank": everywhere(SHARED, "shared.mlp_rank"),
        "use_mem_rope": everywhere(SHARED, "shared.attention.rotary", _rotated),
        "num_mem_blocks": everywhere(SHARED, "shared.sets"),
        "layers_block_type": ("dimensions.pattern", in_order(TYPES)),
        "layer_types": ("dimensions.pattern", in_order(TYPES)),
        "n_mamba_heads": everywhere(BOTH, "mamba2.heads"),
        "mamba_headdim": everywhere(BOTH, "mamba2.head_dim", _ssm_head),
        "mamba_d_state": everywhere(BOTH, "mamba2.d_state"),
        "mamba_d_conv": everywhere(BOTH, "mamba2.d_conv"),
        "mamba_ngroups": everywhere(BOTH, "mamba2.n_groups"),
        "chunk_size": "chunk",
    },
    {
        "hidden_act": ("gelu", "gelu_pytorch_tanh", "gelu_new"),
        "add_bias_linear": (False,),
        "use_conv_bias": (True,),
        "use_shared_mlp_adapter": (True,),
    },
    IGNORED
    | TURNED
    | words(
        "rope_parameters attention_head_dim attention_hidden_size hybrid_layer_ids kv_channels mamba_expand"
        " num_query_groups time_step_floor time_step_limit time_step_max time_step_min use_long_context"
        " use_mamba_kernels use_mem_eff_path use_shared_attention_adapter ffn_hidden_size state_size"
    ),
    NEEDED | words("layers_block_type intermediate_size n_mamba_heads mamba_d_state mamba_ngroups"),
    implied_of(BOTH, {"mamba2.head_dim": _ssm_head})
    | implied_of(
        SHARED,
        {
            "shared.attention.head_dim": _head,
            "shared.attention.scale": lambda values: (_head(values) / 2) ** -0.5,
            "shared.attention.rotary": 0.0,
            "shared.attention_rank": _attention_rank,
            "shared.mlp.activation": "geglu",
            "shared.mlp.fused": True,
            "shared.mlp_rank": 128,
        },
    ),
)
