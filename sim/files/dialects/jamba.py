"""Jamba (jamba): Mamba-1 or attention without positions, and an MLP or experts, both by periods."""

from __future__ import annotations

from typing import Any

from sim.files.dialects.dialect import Dialect, whole, words
from sim.files.dialects.layered import (
    IGNORED,
    NEEDED,
    PLACES,
    Values,
    everywhere,
    given,
    head_width,
    heads,
    implied_of,
    in_runs,
)
from workloads.models.registry import LAYERS

MAMBA, ATTENTION = ["mamba", "mamba-experts"], ["attention", "attention-experts"]
PLAIN, EXPERTS = ["mamba", "attention"], ["mamba-experts", "attention-experts"]


def _inner(values: Values, key: str = "mamba_expand") -> int:
    return whole(values, key, 2) * whole(values, "hidden_size")


def _rank(values: Values, key: str = "mamba_dt_rank") -> Any:
    found = values.get(key, "auto")
    return -(-whole(values, "hidden_size") // 16) if found == "auto" else found


def _pattern(values: Values) -> list[str]:
    """Attention in each period at its offset, experts likewise where there are more than one."""
    found = []
    for layer in range(whole(values, "num_hidden_layers")):
        attends = layer % whole(values, "attn_layer_period", 8) == values.get("attn_layer_offset", 4)
        several = whole(values, "num_experts", 16) > 1
        chooses = several and layer % whole(values, "expert_layer_period", 2) == values.get("expert_layer_offset", 1)
        found.append(("attention" if attends else "mamba") + ("-experts" if chooses else ""))
    return in_runs(found)


JAMBA = Dialect(
    LAYERS,
    PLACES
    | heads(ATTENTION)
    | {
        "sliding_window": everywhere(ATTENTION, "attention.window", given),
        "intermediate_size": [*everywhere(PLAIN, "mlp.width"), *everywhere(EXPERTS, "experts.width")],
        "num_experts": everywhere(EXPERTS, "experts.count"),
        "num_experts_per_tok": everywhere(EXPERTS, "experts.chosen"),
        "mamba_expand": everywhere(MAMBA, "mamba1.d_inner", _inner),
        "mamba_d_state": everywhere(MAMBA, "mamba1.d_state"),
        "mamba_d_conv": everywhere(MAMBA, "mamba1.d_conv"),
        "mamba_dt_rank": everywhere(MAMBA, "mamba1.dt_rank", _rank),
    },
    {
        "hidden_act": ("silu",),
        "mamba_conv_bias": (True,),
        "mamba_inner_layernorms": (True,),
        "mamba_proj_bias": (False,),
    },
    IGNORED
    | words(
        "attn_layer_offset attn_layer_period expert_layer_offset expert_layer_period calc_logits_for_entire_prompt"
        " layer_types layers_block_type layers_num_experts use_associative_scan use_mamba_kernels use_mambapy"
    ),
    NEEDED
    | words("intermediate_size mamba_d_state attn_layer_offset attn_layer_period expert_layer_offset")
    | words("expert_layer_period num_experts num_experts_per_tok"),
    {"tied_embeddings": False, "dimensions.pattern": _pattern}
    | implied_of(ATTENTION, {"attention.head_dim": head_width, "attention.rotary": 0.0})
    | implied_of(MAMBA, {"mamba1.d_inner": _inner, "mamba1.dt_rank": _rank, "mamba1.bcdt_norm": "weighted"})
    | implied_of(EXPERTS, {"experts.weights": "all"}),
)
