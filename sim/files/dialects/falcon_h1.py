"""Falcon-H1 (falcon_h1): attention and Mamba-2 side by side in every layer, with multipliers."""

from __future__ import annotations

from typing import Any

from sim.files.dialects.dialect import UNLIMITED, Convert, Dialect, whole, words
from sim.files.dialects.layered import (
    IGNORED,
    NEEDED,
    PLACES,
    TURNED,
    Values,
    everywhere,
    given,
    head_width,
    heads,
    implied_of,
    inner_width,
)
from workloads.models.registry import LAYERS

ALL = ["hybrid"]


def _ssm_head(values: Values, key: str = "mamba_d_head") -> int:
    inner = values.get("mamba_d_ssm")
    if inner is None:
        inner = whole(values, "mamba_expand", 2) * whole(values, "hidden_size")
    return inner_width(values, "mamba_n_heads", key, inner)


def _part(number: int, count: int) -> Convert:
    """One of a list of so many multipliers."""

    def convert(values: Values, key: str) -> Any:
        found = values[key]
        if found is None:
            return None
        if not isinstance(found, list) or len(found) != count:
            raise ValueError(f"found {found!r}, expected {count} multipliers")
        return found[number]

    return convert


def _norm_after_gate(values: Values, key: str) -> None:
    if values.get("mamba_rms_norm", False) and values[key]:
        raise ValueError("found True, expected False: a norm before the gate is not simulated")


FALCON_H1 = Dialect(
    LAYERS,
    PLACES
    | heads(ALL)
    | {
        "intermediate_size": everywhere(ALL, "mlp.width"),
        "attention_in_multiplier": everywhere(ALL, "attention.input_multiplier"),
        "attention_out_multiplier": everywhere(ALL, "attention.output_multiplier"),
        "key_multiplier": everywhere(ALL, "attention.key_multiplier"),
        "mlp_multipliers": [
            *everywhere(ALL, "mlp.gate_multiplier", _part(0, 2)),
            *everywhere(ALL, "mlp.output_multiplier", _part(1, 2)),
        ],
        "lm_head_multiplier": "dimensions.logits_multiplier",
        "mamba_n_heads": everywhere(ALL, "mamba2.heads"),
        "mamba_d_head": everywhere(ALL, "mamba2.head_dim", _ssm_head),
        "mamba_d_state": everywhere(ALL, "mamba2.d_state"),
        "mamba_n_groups": everywhere(ALL, "mamba2.n_groups"),
        "mamba_d_conv": everywhere(ALL, "mamba2.d_conv"),
        "mamba_rms_norm": everywhere(ALL, "mamba2.gated_norm"),
        "mamba_norm_before_gate": ("", _norm_after_gate),
        "mamba_chunk_size": "chunk",
        "ssm_in_multiplier": everywhere(ALL, "mamba2.input_multiplier"),
        "ssm_multipliers": everywhere(ALL, "mamba2.section_multipliers", given),
        "ssm_out_multiplier": everywhere(ALL, "mamba2.output_multiplier"),
    },
    {
        "hidden_act": ("silu",),
        "attention_bias": (False,),
        "attn_layer_indices": (None,),
        "mamba_conv_bias": (True,),
        "mamba_proj_bias": (False,),
        "mamba_use_mlp": (True,),
        "mlp_bias": (False,),
        "projectors_bias": (False,),
        "time_step_limit": UNLIMITED,
    },
    IGNORED
    | TURNED
    | words(
        "rope_parameters embedding_multiplier mamba_d_ssm mamba_expand mlp_expansion_factor layer_types"
        " layers_block_type time_step_floor time_step_max time_step_min time_step_rank"
    ),
    NEEDED | words("intermediate_size mamba_n_heads mamba_d_state mamba_n_groups"),
    {"dimensions.pattern": ALL, "tied_embeddings": False}
    | implied_of(ALL, {"attention.head_dim": head_width, "mamba2.head_dim": _ssm_head, "mamba2.gated_norm": False}),
)
