"""RecurrentGemma (recurrent_gemma): RG-LRU or local attention, and a GEGLU MLP with biases."""

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
    in_runs,
    rotary,
)
from workloads.models.registry import LAYERS

BOTH = ["recurrent", "attention"]


def _pattern(values: Values, key: str) -> list[str]:
    blocks, layers = values[key], whole(values, "num_hidden_layers")
    if not isinstance(blocks, list) or not blocks or not set(blocks) <= set(BOTH):
        raise ValueError(f"found {blocks!r}, expected a list of {' and '.join(BOTH)}")
    return in_runs(blocks[layer % len(blocks)] for layer in range(layers))


def _half(values: Values, key: str) -> int:
    return whole(values, key) // 2


def _as_wide_as_the_stream(values: Values, key: str) -> None:
    if values[key] not in (None, values["hidden_size"]):
        raise ValueError(f"found {values[key]!r}, expected hidden_size = {values['hidden_size']}")


RECURRENT_GEMMA = Dialect(
    LAYERS,
    PLACES
    | heads(["attention"])
    | rotary(["attention"])
    | {
        "hidden_size": ["dimensions.d_model", *everywhere(["recurrent"], "equations.sizes.d")],
        "num_attention_heads": [
            *everywhere(["attention"], "attention.heads"),
            *everywhere(["recurrent"], "equations.sizes.b"),
        ],
        "attention_window_size": everywhere(["attention"], "attention.window"),
        "block_types": ("dimensions.pattern", _pattern),
        "_block_types": ("dimensions.pattern", _pattern),
        "conv1d_width": everywhere(["recurrent"], "equations.sizes.w"),
        "intermediate_size": everywhere(BOTH, "mlp.width", _half),
        "logits_soft_cap": "dimensions.logits_softcap",
        "lru_width": ("", _as_wide_as_the_stream),
    },
    {"hidden_activation": ("gelu_pytorch_tanh",), "attention_bias": (False,)},
    IGNORED
    | TURNED
    | words("embeddings_scale_by_sqrt_dim w_init_variance_scale final_w_init_variance_scale layers_block_type"),
    NEEDED | words("intermediate_size attention_window_size conv1d_width"),
    {"tied_embeddings": True, "dimensions.pattern": ["recurrent*2", "attention"], "dimensions.logits_softcap": 30.0}
    | implied_of(["recurrent"], {"equations.extends": "rg_lru"})
    | implied_of(["attention"], {"attention.head_dim": head_width, "attention.rotary": 0.5})
    | implied_of(["attention"], {"attention.output_bias": True})
    | implied_of(BOTH, {"mlp.activation": "geglu", "mlp.bias": True}),
)
