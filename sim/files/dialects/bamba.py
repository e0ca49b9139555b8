"""Bamba (bamba): Mamba-2 or attention, half of whose heads is rotated, and an MLP."""

from __future__ import annotations

from sim.files.dialects.dialect import UNLIMITED, Dialect, whole, words
from sim.files.dialects.layered import (
    IGNORED,
    NEEDED,
    PLACES,
    TURNED,
    Values,
    at_places,
    everywhere,
    head_width,
    heads,
    implied_of,
    inner_width,
    rotary,
)
from workloads.models.registry import LAYERS

BOTH = ["mamba", "attention"]


def _ssm_head(values: Values, key: str = "mamba_d_head") -> int:
    inner = whole(values, "mamba_expand", 2) * whole(values, "hidden_size")
    return inner_width(values, "mamba_n_heads", key, inner)


def _rotated(values: Values, key: str) -> float:
    return whole(values, key) / head_width(values)


BAMBA = Dialect(
    LAYERS,
    PLACES
    | heads(["attention"])
    | rotary(["attention"])
    | {
        "attn_layer_indices": ("dimensions.pattern", at_places("attention", "mamba")),
        "attn_rotary_emb": everywhere(["attention"], "attention.rotary", _rotated),
        "intermediate_size": everywhere(BOTH, "mlp.width"),
        "mamba_n_heads": everywhere(["mamba"], "mamba2.heads"),
        "mamba_d_head": everywhere(["mamba"], "mamba2.head_dim", _ssm_head),
        "mamba_d_state": everywhere(["mamba"], "mamba2.d_state"),
        "mamba_n_groups": everywhere(["mamba"], "mamba2.n_groups"),
        "mamba_d_conv": everywhere(["mamba"], "mamba2.d_conv"),
        "mamba_chunk_size": "chunk",
    },
    {
        "hidden_act": ("silu",),
        "attention_bias": (False,),
        "mamba_conv_bias": (True,),
        "mamba_proj_bias": (False,),
        "mlp_bias": (False,),
        "time_step_limit": UNLIMITED,
    },
    IGNORED | TURNED | words("mamba_expand z_loss_coefficient layer_types layers_block_type"),
    NEEDED | words("attn_layer_indices intermediate_size mamba_n_heads mamba_d_state mamba_n_groups"),
    {"tied_embeddings": False}
    | implied_of(["attention"], {"attention.head_dim": head_width, "attention.rotary": 0.5})
    | implied_of(["mamba"], {"mamba2.head_dim": _ssm_head}),
)
