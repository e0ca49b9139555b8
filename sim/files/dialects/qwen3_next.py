"""Qwen3-Next (qwen3_next): Gated DeltaNet or gated attention, and experts beside an MLP."""

from __future__ import annotations

from sim.files.dialects.dialect import Dialect, whole, words
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
    in_runs,
    rotary,
)
from workloads.models.registry import LAYERS

BOTH = ["linear", "attention"]
TYPES = {"linear_attention": "linear", "full_attention": "attention"}
SIZES = "equations.sizes"


def _pattern(values: Values, key: str = "full_attention_interval") -> list[str]:
    interval = whole(values, key, 4)
    layers = range(1, whole(values, "num_hidden_layers") + 1)
    return in_runs("linear" if layer % interval else "attention" for layer in layers)


def _value_heads(values: Values, key: str = "linear_num_value_heads") -> int:
    of_values, of_keys = whole(values, key), whole(values, "linear_num_key_heads")
    if of_values % of_keys:
        raise ValueError(f"found {of_values}, expected a multiple of linear_num_key_heads = {of_keys}")
    return of_values // of_keys


def _weights(values: Values, key: str) -> str:
    return "chosen" if values[key] else "all"


QWEN3_NEXT = Dialect(
    LAYERS,
    PLACES
    | heads(["attention"])
    | rotary(["attention"])
    | {
        "hidden_size": ["dimensions.d_model", *everywhere(["linear"], f"{SIZES}.d")],
        "full_attention_interval": ("dimensions.pattern", _pattern),
        "layer_types": ("dimensions.pattern", in_order(TYPES)),
        "linear_conv_kernel_dim": everywhere(["linear"], f"{SIZES}.j"),
        "linear_key_head_dim": everywhere(["linear"], f"{SIZES}.k"),
        "linear_value_head_dim": everywhere(["linear"], f"{SIZES}.v"),
        "linear_num_key_heads": everywhere(["linear"], f"{SIZES}.h"),
        "linear_num_value_heads": everywhere(["linear"], f"{SIZES}.w", _value_heads),
        "num_experts": everywhere(BOTH, "experts.count"),
        "num_experts_per_tok": everywhere(BOTH, "experts.chosen"),
        "moe_intermediate_size": everywhere(BOTH, "experts.width"),
        "shared_expert_intermediate_size": everywhere(BOTH, "experts.common.width"),
        "norm_topk_prob": everywhere(BOTH, "experts.weights", _weights),
    },
    {
        "hidden_act": ("silu",),
        "attention_bias": (False,),
        "decoder_sparse_step": (1,),
        "mlp_only_layers": ([], None),
    },
    IGNORED | TURNED | words("intermediate_size use_sliding_window sliding_window max_window_layers"),
    NEEDED
    | words("num_key_value_heads num_experts num_experts_per_tok moe_intermediate_size linear_num_value_heads")
    | words("shared_expert_intermediate_size linear_key_head_dim linear_value_head_dim linear_num_key_heads"),
    {"tied_embeddings": False, "dimensions.pattern": _pattern}
    | implied_of(["linear"], {"equations.extends": "grouped_deltanet"})
    | implied_of(["attention"], {"attention.head_dim": head_width, "attention.rotary": 0.25})
    | implied_of(["attention"], {"attention.qk_norm": True, "attention.gate": True})
    | implied_of(BOTH, {"experts.common_gate": True}),
)
