"""Transformers without a state: Qwen2, Llama, Phi-3 and GPT-Neo, as transformers' modelling code has them."""

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
    given,
    head_width,
    heads,
    implied_of,
    in_order,
    in_runs,
    rotary,
)
from workloads.models.registry import LAYERS

ALL = ["layer"]
SILU = {"hidden_act": ("silu",)}
PATTERN: dict[str, Any] = {"dimensions.pattern": ALL}
WIDTH = {"attention.head_dim": head_width}

QWEN2 = Dialect(
    LAYERS,
    PLACES
    | heads(ALL)
    | {
        "intermediate_size": everywhere(ALL, "mlp.width"),
        "layer_types": ("dimensions.pattern", in_order({"full_attention": "layer"})),
    },
    SILU | {"use_sliding_window": (False,)},
    IGNORED | TURNED | words("rope_parameters sliding_window max_window_layers"),
    NEEDED | {"intermediate_size"},
    PATTERN | {"tied_embeddings": False} | implied_of(ALL, WIDTH | {"attention.bias": True}),
)
LLAMA = Dialect(
    LAYERS,
    PLACES
    | heads(ALL)
    | {
        "intermediate_size": everywhere(ALL, "mlp.width"),
        "attention_bias": [*everywhere(ALL, "attention.bias"), *everywhere(ALL, "attention.output_bias")],
        "mlp_bias": everywhere(ALL, "mlp.bias"),
    },
    SILU,
    IGNORED | TURNED | words("rope_parameters pretraining_tp"),
    NEEDED | {"intermediate_size"},
    PATTERN | {"tied_embeddings": False} | implied_of(ALL, WIDTH),
)
PHI3 = Dialect(
    LAYERS,
    PLACES
    | heads(ALL)
    | rotary(ALL)
    | {
        "intermediate_size": everywhere(ALL, "mlp.width"),
        "sliding_window": everywhere(ALL, "attention.window", given),
    },
    SILU | {"attention_bias": (False,)},
    IGNORED | TURNED | words("original_max_position_embeddings resid_pdrop embd_pdrop"),
    NEEDED | {"intermediate_size"},
    PATTERN | {"tied_embeddings": False} | implied_of(ALL, WIDTH | {"attention.fused": True, "mlp.fused": True}),
)

NEO = {"global": "global", "local": "local"}


def _neo_types(values: Values, key: str) -> list[str]:
    """``[[["global", "local"], 6]]`` as a pattern."""
    try:
        found = [kind for kinds, times in values[key] for kind in kinds * times]
    except (TypeError, ValueError):
        raise ValueError(f"found {values[key]!r}, expected [[[kinds], times]]") from None
    layers = whole(values, "num_layers")
    if not found or not set(found) <= NEO.keys() or len(found) != layers:
        raise ValueError(f"found {values[key]!r}, expected global and local for {layers} layers")
    return in_runs(found)


def _neo_width(values: Values) -> int:
    """Channels inside of the MLP: four times the model's, unless the file says so."""
    found = values.get("intermediate_size")
    return 4 * whole(values, "hidden_size") if found is None else whole(values, "intermediate_size")


GPT_NEO = Dialect(
    LAYERS,
    {key: place for key, place in PLACES.items() if key != "num_hidden_layers"}
    | {
        "num_layers": "layers",
        "num_heads": everywhere(NEO, "attention.heads"),
        "intermediate_size": everywhere(NEO, "mlp.width", given),
        "window_size": everywhere(["local"], "attention.window"),
        "attention_types": ("dimensions.pattern", _neo_types),
        "attention_layers": ("dimensions.pattern", in_order(NEO, "num_layers")),
        "max_position_embeddings": "dimensions.positions",
    },
    {"activation_function": ("gelu_new", "gelu_pytorch_tanh")},
    IGNORED - {"max_position_embeddings"}
    | words(
        "resid_dropout embed_dropout classifier_dropout gradient_checkpointing summary_activation"
        " summary_first_dropout summary_proj_to_labels summary_type summary_use_proj tokenizer_class"
    ),
    words("hidden_size num_layers num_heads vocab_size attention_types max_position_embeddings"),
    {"dimensions.norm": "layer"}
    | implied_of(
        NEO,
        {
            "attention.head_dim": lambda values: head_width(values, "num_heads"),
            "attention.rotary": 0.0,
            "attention.scale": 1.0,
            "attention.output_bias": True,
            "mlp.width": _neo_width,
            "mlp.activation": "gelu",
            "mlp.bias": True,
        },
    ),
)
