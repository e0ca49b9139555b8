"""Hymba (hymba, code beside the weights): attention and Mamba-1 side by side, caches that layers share."""

from __future__ import annotations

from typing import Any

from sim.files.dialects.dialect import Dialect, whole, words
from sim.files.dialects.layered import (
    IGNORED,
    NEEDED,
    PLACES,
    TURNED,
    Values,
    everywhere,
    head_width,
    implied_of,
    in_runs,
)
from workloads.models.registry import LAYERS

ALL = ["global", "first", "again"]
WINDOWED = ["first", "again"]


def _inner(values: Values, key: str = "mamba_expand") -> int:
    return whole(values, key, 2) * whole(values, "hidden_size")


def _pattern(values: Values, key: str = "kv_reuse_group") -> list[str]:
    """Layers that make keys and values, those that use them again, and those that see everything."""
    count, groups, everything = whole(values, "num_hidden_layers"), values.get(key), values.get("global_attn_idx")
    if not isinstance(groups, list) or not all(_follow_one_another(group) for group in groups):
        raise ValueError(f"found {groups!r}, expected lists of numbers of layers that follow one another")
    if not isinstance(everything, list):
        raise ValueError(f"found global_attn_idx = {everything!r}, expected numbers of layers")
    again = {layer for group in groups for layer in group[1:]}
    if again & set(everything):
        raise ValueError(f"found {groups!r}, expected none of global_attn_idx = {everything!r} among those that share")
    kinds = ("again" if layer in again else "global" if layer in everything else "first" for layer in range(count))
    return in_runs(kinds)


def _follow_one_another(group: Any) -> bool:
    return isinstance(group, list) and bool(group) and group == list(range(group[0], group[0] + len(group)))


def _rank(values: Values, key: str) -> Any:
    return -(-whole(values, "hidden_size") // 16) if values[key] == "auto" else values[key]


def _all_hybrid(values: Values, key: str) -> None:
    if set(values[key]) != {"h"}:
        raise ValueError(f"found {values[key]!r}, expected h alone: attention and Mamba in every layer")


HYMBA = Dialect(
    LAYERS,
    PLACES
    | {
        "num_attention_heads": everywhere(ALL, "attention.heads"),
        "num_key_value_heads": everywhere(ALL, "attention.groups"),
        "v_head_dim": everywhere(ALL, "attention.value_dim"),
        "sliding_window": everywhere(WINDOWED, "attention.window"),
        "kv_reuse_group": ("dimensions.pattern", _pattern),
        "num_memory_tokens": "dimensions.meta_tokens",
        "intermediate_size": everywhere(ALL, "mlp.width"),
        "mamba_expand": everywhere(ALL, "mamba1.d_inner", _inner),
        "mamba_d_state": everywhere(ALL, "mamba1.d_state"),
        "mamba_d_conv": everywhere(ALL, "mamba1.d_conv"),
        "mamba_dt_rank": everywhere(ALL, "mamba1.dt_rank", _rank),
        "layer_type": ("", _all_hybrid),
    },
    {
        "hidden_act": ("silu",),
        "mlp_hidden_act": ("silu",),
        "attn_hidden_size": (-1,),
        "kq_head_dim": (-1,),
        "kq_norm": ("none",),
        "kv_reuse_every_i_layer": (-1,),
        "kv_weight_reuse": (False,),
        "mamba_conv_bias": (True,),
        "mamba_inner_layernorms": (True,),
        "mamba_proj_bias": (False,),
        "memory_tokens_interspersed_every": (0,),
        "num_experts": (1,),
        "num_experts_per_tok": (1,),
        "num_mamba": (1,),
        "rope": (True,),
    },
    IGNORED
    | TURNED
    | words(
        "attn_implementation attn_implementation_new calc_logits_for_entire_prompt conv_dim global_attn_idx"
        " orig_max_position_embeddings seq_length use_mamba_kernels"
    ),
    NEEDED
    | words("num_key_value_heads v_head_dim sliding_window kv_reuse_group global_attn_idx num_memory_tokens")
    | words("intermediate_size mamba_d_state mamba_dt_rank"),
    {"tied_embeddings": True}
    | implied_of(ALL, {"attention.head_dim": head_width, "attention.fused": True, "join": "normed_mean"})
    | implied_of(ALL, {"mamba1.bcdt_norm": "weighted", "mamba1.d_inner": _inner})
    | implied_of(["again"], {"attention.own_cache": False}),
)
