"""Nemotron-H (nemotron_h): Mamba-2, attention without positions, MLPs and experts, one of them in each layer."""

from __future__ import annotations

from sim.files.dialects.dialect import UNLIMITED, Dialect, whole, words
from sim.files.dialects.layered import (
    IGNORED,
    NEEDED,
    PLACES,
    TURNED,
    Values,
    everywhere,
    given,
    head_width,
    implied_of,
    in_order,
    in_runs,
)
from workloads.models.registry import LAYERS

SIGNS = {"M": "mamba", "*": "attention", "-": "mlp", "E": "experts"}
TYPES = {
    "mamba": "mamba", "linear_attention": "mamba", "attention": "attention", "full_attention": "attention",
    "mlp": "mlp", "moe": "experts",
}  # fmt: skip


def _pattern(values: Values, key: str) -> list[str]:
    signs, layers = values[key], whole(values, "num_hidden_layers", len(values[key]))
    if not isinstance(signs, str) or not signs or not set(signs) <= SIGNS.keys() or len(signs) != layers:
        raise ValueError(f"found {signs!r}, expected {layers} of {' '.join(SIGNS)}")
    return in_runs(SIGNS[sign] for sign in signs)


def _layers(values: Values) -> int | None:
    """How many layers there are where the file has no num_hidden_layers: as many as the pattern."""
    listed = (values.get(key) for key in ("hybrid_override_pattern", "layers_block_type", "layer_types"))
    return next((len(each) for each in listed if isinstance(each, str | list)), None)


def _attention_head(values: Values) -> int:
    if "attention_head_dim" in values:
        return whole(values, "attention_head_dim")
    return head_width(values)


def _shared_width(values: Values, key: str) -> int:
    return whole(values, key) * whole(values, "n_shared_experts", 1)


NEMOTRON_H = Dialect(
    LAYERS,
    PLACES
    | {
        "num_attention_heads": everywhere(["attention"], "attention.heads"),
        "num_key_value_heads": everywhere(["attention"], "attention.groups", given),
        "attention_head_dim": everywhere(["attention"], "attention.head_dim"),
        "head_dim": everywhere(["attention"], "attention.head_dim"),
        "sliding_window": everywhere(["attention"], "attention.window", given),
        "hybrid_override_pattern": ("dimensions.pattern", _pattern),
        "layers_block_type": ("dimensions.pattern", in_order(TYPES)),
        "layer_types": ("dimensions.pattern", in_order(TYPES)),
        "intermediate_size": everywhere(["mlp"], "mlp.width"),
        "mamba_num_heads": everywhere(["mamba"], "mamba2.heads"),
        "mamba_head_dim": everywhere(["mamba"], "mamba2.head_dim"),
        "ssm_state_size": everywhere(["mamba"], "mamba2.d_state"),
        "n_groups": everywhere(["mamba"], "mamba2.n_groups"),
        "conv_kernel": everywhere(["mamba"], "mamba2.d_conv"),
        "chunk_size": "chunk",
        "routed_scaling_factor": everywhere(["experts"], "experts.weights_multiplier"),
        "n_routed_experts": everywhere(["experts"], "experts.count"),
        "num_experts_per_tok": everywhere(["experts"], "experts.chosen"),
        "moe_intermediate_size": everywhere(["experts"], "experts.width"),
        "moe_shared_expert_intermediate_size": everywhere(["experts"], "experts.common.width", _shared_width),
    },
    {
        "mamba_hidden_act": ("silu",),
        "moe_latent_size": (None,),
        "n_group": (1,),
        "topk_group": (1,),
        "mlp_hidden_act": ("relu2",),
        "attention_bias": (False,),
        "mamba_proj_bias": (False,),
        "mlp_bias": (False,),
        "norm_topk_prob": (True,),
        "num_nextn_predict_layers": (0,),
        "use_bias": (False,),
        "use_conv_bias": (True,),
        "time_step_limit": UNLIMITED,
    },
    IGNORED
    | TURNED
    | words(
        "rope_parameters partial_rotary_factor expand hidden_dropout mamba_ssm_cache_dtype n_shared_experts"
        " moe_shared_expert_overlap mtp_layers_block_type mtp_hybrid_override_pattern"
        " time_step_floor time_step_max time_step_min time_step_rank use_mamba_kernels norm_eps"
    ),
    (NEEDED - {"num_hidden_layers"})
    | words("mamba_num_heads mamba_head_dim ssm_state_size n_groups intermediate_size"),
    {"tied_embeddings": False, "layers": _layers}
    | implied_of(["attention"], {"attention.head_dim": _attention_head, "attention.rotary": 0.0})
    | implied_of(["mlp"], {"mlp.activation": "relu2"})
    | implied_of(
        ["experts"],
        {"experts.activation": "relu2", "experts.weights": "sigmoid", "experts.common.activation": "relu2"},
    ),
)
