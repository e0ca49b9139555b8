"""Models whose layers are all a Mamba mixer: transformers' Mamba, Falcon-Mamba and Mamba-2, and state-spaces/mamba.

Not mapped: norms' epsilons; ``residual_in_fp32`` (the residual stream has the precision of all activations);
``norm_before_gate`` of Hugging Face's Mamba-2, which its code does not read; that code takes the gated norm over all
channels, here it is over each group as in the official implementation.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sim.files.dialects.dialect import (
    COMMON_IGNORED,
    DTYPE,
    UNLIMITED,
    Dialect,
    Place,
    unless_auto,
    whole,
    words,
)

MLP_MULTIPLE = 128  # the official GatedMLP rounds its width up to a multiple of this


def _expand_of_channels(values: Mapping[str, Any], key: str) -> int:
    channels, d_model = whole(values, key), whole(values, "hidden_size")
    if channels % d_model:
        raise ValueError(f"found {channels}, expected a multiple of hidden_size = {d_model}")
    return channels // d_model


def _unless_channels(values: Mapping[str, Any], key: str) -> Any:
    """Transformers lets a published intermediate_size override what expand gives; falcon-mamba-7b depends on it."""
    return None if "intermediate_size" in values else values[key]


def _agrees_with_expand(values: Mapping[str, Any], key: str) -> None:
    expand, d_model = whole(values, "expand", 2), whole(values, "hidden_size")
    per_item = whole(values, "head_dim") if key == "num_heads" else 1
    if whole(values, key) * per_item != expand * d_model:
        divided = f" / head_dim = {expand * d_model} / {per_item}" if key == "num_heads" else f" = {expand * d_model}"
        raise ValueError(f"found {values[key]!r}, expected expand * hidden_size{divided}")


def _padded_vocabulary(values: Mapping[str, Any], key: str) -> int:
    multiple = whole(values, "pad_vocab_size_multiple", 8)
    return -(-whole(values, key) // multiple) * multiple


def _mlp_width(values: Mapping[str, Any], key: str) -> int | None:
    return -(-whole(values, key) // MLP_MULTIPLE) * MLP_MULTIPLE if values[key] else None


def _no_attention(values: Mapping[str, Any], key: str) -> None:
    if layers := values[key]:
        listed = ", ".join(map(str, layers)) if isinstance(layers, list) else layers
        raise ValueError(f"found attention in layers {listed}, expected none in this family")


HF_PLACES = DTYPE | {
    "hidden_size": "dimensions.d_model",
    "state_size": "dimensions.d_state",
    "conv_kernel": "dimensions.d_conv",
    "num_hidden_layers": "layers",
    "vocab_size": "vocabulary",
    "tie_word_embeddings": "tied_embeddings",
}
HF_ONLY = {"hidden_act": ("silu", "swish"), "use_bias": (False,), "use_conv_bias": (True,), "rms_norm": (True,)}
HF_IGNORED = COMMON_IGNORED | words(
    "model_type time_step_floor time_step_init_scheme time_step_max time_step_min time_step_rank time_step_scale"
    " norm_before_gate use_mambapy use_falcon_mambapy use_associative_scan"
    # left by the conversion from state-spaces/mamba and not read by transformers; d_inner has been seen wrong
    " d_inner d_model dt_rank n_layer pad_vocab_size_multiple"
)
HF_NEEDED = words("hidden_size state_size num_hidden_layers vocab_size use_bias")

HF_MAMBA1_PLACES = HF_PLACES | {
    "expand": ("dimensions.expand", _unless_channels),
    "intermediate_size": ("dimensions.expand", _expand_of_channels),
    "time_step_rank": ("dimensions.dt_rank", unless_auto),
}
MAMBA = {
    "mamba": Dialect("mamba1", HF_MAMBA1_PLACES, HF_ONLY | {"ssm_cfg": ({}, None)}, HF_IGNORED, HF_NEEDED),
    "falcon_mamba": Dialect(
        "mamba1",
        HF_MAMBA1_PLACES,
        HF_ONLY,
        HF_IGNORED | {"mixer_rms_eps"},
        HF_NEEDED,
        {"dimensions.bcdt_norm": True},  # RMS norms without weights, on dt_r, B and C, in every layer
    ),
    "mamba2": Dialect(
        "mamba2",
        HF_PLACES
        | {
            "expand": "dimensions.expand",
            "intermediate_size": ("dimensions.expand", _agrees_with_expand),
            "num_heads": ("dimensions.head_dim", _agrees_with_expand),
            "head_dim": "dimensions.head_dim",
            "n_groups": "dimensions.n_groups",
            "chunk_size": "chunk",
        },
        HF_ONLY | {"time_step_limit": UNLIMITED},
        HF_IGNORED,
        HF_NEEDED | {"num_heads", "head_dim", "n_groups"},
        {"tied_embeddings": False},  # the default of this class alone
    ),
}


def _state_spaces(
    model: str, places: Mapping[str, Place], only: Mapping[str, tuple[Any, ...]], ignored: str
) -> Dialect:
    """The dialect whose ssm_cfg has *places*, *only* and *ignored* keys."""
    inner = {"d_state": "dimensions.d_state", "expand": "dimensions.expand", **places}
    outer: dict[str, Place] = {
        "d_model": "dimensions.d_model",
        "d_intermediate": ("dimensions.d_intermediate", _mlp_width),
        "n_layer": "layers",
        "attn_layer_idx": ("layers", _no_attention),
        "vocab_size": ("vocabulary", _padded_vocabulary),
        "tie_embeddings": "tied_embeddings",
    }
    inner_ignored = words(f"layer dt_min dt_max dt_init_floor {ignored}")
    return Dialect(
        model,
        DTYPE | outer | {f"ssm_cfg.{key}": place for key, place in inner.items()},
        {"rms_norm": (True,)} | {f"ssm_cfg.{key}": values for key, values in only.items()},
        COMMON_IGNORED | words("attn_cfg pad_vocab_size_multiple") | {f"ssm_cfg.{key}" for key in inner_ignored},
        words("d_model n_layer vocab_size"),
    )


HEADS = {"headdim": "dimensions.head_dim", "ngroups": "dimensions.n_groups"}
BIASES = {"bias": (False,), "conv_bias": (True,)}
STATE_SPACES = {
    "Mamba1": _state_spaces(
        "mamba1",
        {"d_conv": "dimensions.d_conv", "dt_rank": ("dimensions.dt_rank", unless_auto)},
        BIASES,
        "dt_init dt_scale use_fast_path",
    ),
    "Mamba2": _state_spaces(
        "mamba2",
        HEADS | {"d_conv": "dimensions.d_conv", "chunk_size": "chunk"},
        BIASES
        | {"rmsnorm": (True,), "norm_before_gate": (False,), "dt_limit": UNLIMITED}
        | {"d_ssm": (None,), "D_has_hdim": (False,)},
        "conv_init A_init_range use_mem_eff_path sequence_parallel",
    ),
    "Mamba3": _state_spaces(
        "mamba3",
        HEADS
        | {
            "rope_fraction": "dimensions.rope_fraction",
            "is_mimo": "dimensions.mimo",
            "mimo_rank": "dimensions.mimo_rank",
            "is_outproj_norm": "dimensions.out_norm",
            "chunk_size": "chunk",
        },
        {},
        "A_floor fuse_pregate_headwise_norm dropout",
    ),
}
