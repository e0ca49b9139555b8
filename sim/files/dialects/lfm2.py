"""LFM2 (lfm2): gated short convolutions or attention, and an MLP."""

from __future__ import annotations

from sim.files.dialects.dialect import Dialect, whole, words
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
    in_order,
)
from workloads.models.registry import LAYERS

BOTH = ["conv", "attention"]
TYPES = {"conv": "conv", "full_attention": "attention"}


def _width(values: Values, key: str) -> int:
    """Channels of the MLP: two thirds, times a multiplier, rounded up to a multiple, if that is asked for."""
    width = whole(values, "block_ff_dim") if "block_ff_dim" in values else whole(values, key)
    if not values.get("block_auto_adjust_ff_dim", True):
        return width
    width = int(2 * width / 3)
    if values.get("block_ffn_dim_multiplier", 1.0) is None:
        return width
    multiple = whole(values, "block_multiple_of", 256)
    return -(-int(values.get("block_ffn_dim_multiplier", 1.0) * width) // multiple) * multiple


LFM2 = Dialect(
    LAYERS,
    PLACES
    | heads(["attention"])
    | {
        "tie_embedding": "tied_embeddings",
        "intermediate_size": everywhere(BOTH, "mlp.width", _width),
        "block_ff_dim": everywhere(BOTH, "mlp.width", _width),
        "conv_L_cache": everywhere(["conv"], "short_conv.taps"),
        "conv_bias": everywhere(["conv"], "short_conv.bias"),
        "full_attn_idxs": ("dimensions.pattern", at_places("attention", "conv")),
        "layer_types": ("dimensions.pattern", in_order(TYPES)),
    },
    {"use_pos_enc": (True,), "block_use_swiglu": (True,)},
    IGNORED
    | TURNED
    | words(
        "rope_parameters theta norm_eps block_auto_adjust_ff_dim block_dim block_ffn_dim_multiplier block_multiple_of"
        " block_mlp_init_scale block_norm_eps block_out_init_scale block_use_xavier_init conv_dim conv_dim_out"
        " conv_use_xavier_init num_heads"
    ),
    NEEDED | words("num_key_value_heads conv_L_cache"),
    {"tied_embeddings": True}
    | implied_of(["attention"], {"attention.head_dim": head_width, "attention.qk_norm": True}),
)
