"""Checkpoints: a ``config.json`` as published with model weights -> a workload document, as if it were a YAML file.

Two families write one. Hugging Face's transformers names a ``model_type`` (MambaConfig, FalconMambaConfig and
Mamba2Config write every key of theirs); state-spaces/mamba has ``ssm_cfg``, the keyword arguments of the mixer, whose
``layer`` names it, and leaves out what has its default. Each key has a place in the workload; or it changes the graph
in a way that cannot be simulated, and one value is accepted; or it cannot matter to cost (initialisation, token ids,
choice of a kernel) and is ignored. A key in none of these groups is an error, since it may change the model.

Not mapped: norms' epsilons; ``residual_in_fp32`` (the residual stream has the precision of all activations);
``norm_before_gate`` of Hugging Face's Mamba-2, which its code does not read; that code takes the gated norm over all
channels, here it is over each group as in the official implementation. Quantised weights are refused. Sequential
prefill of 1024 tokens, batch 1 and a state of 32 bit are this reader's choice, and overrides change them.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sim.files.documents import Document, read_document
from sim.files.errors import InputError

Convert = Callable[[Mapping[str, Any], str], Any]
"""(the file's values, a key of it) -> the workload's value, or None to leave it out; raises ValueError."""
Place = str | tuple[str, Convert]

CHOSEN = {"phase": "prefill", "sequence_length": 1024, "batch": 1, "precision": "16bit", "state_precision": "32bit"}
DTYPES = {"float32": "32bit", "float16": "16bit", "bfloat16": "16bit", None: "16bit"}
UNLIMITED = ([0.0, "Infinity"], [0.0, float("inf")], [0.0, {"__float__": "Infinity"}])  # as its writers put infinity
MLP_MULTIPLE = 128  # the official GatedMLP rounds its width up to a multiple of this


@dataclass(frozen=True)
class Dialect:
    """What the keys of one kind of config.json mean; those of ssm_cfg are written ``ssm_cfg.key``.

    ``places``: key -> dotted path in the workload, and how its value is converted if it is not taken as it stands.
    ``only``: key -> the values that can be simulated, of which an absent key means the first. ``needed``: keys that
    must be there. ``implied``: path in the workload -> its value unless a key of the file sets it.
    """

    model: str
    places: Mapping[str, Place]
    only: Mapping[str, tuple[Any, ...]]
    ignored: frozenset[str]
    needed: frozenset[str]
    implied: Mapping[str, Any] = field(default_factory=dict)


def _whole(values: Mapping[str, Any], key: str, default: int | None = None) -> int:
    value = values.get(key, default)
    if type(value) is not int or value < 1:
        raise ValueError(f"found {key} = {value!r}, expected a positive whole number")
    return value


def _precision(values: Mapping[str, Any], key: str) -> str:
    dtype = values[key]
    if not isinstance(dtype, str | None) or dtype not in DTYPES:
        raise ValueError(f"found {dtype!r}, expected one of float32, float16, bfloat16")
    return DTYPES[dtype]


def _unless_auto(values: Mapping[str, Any], key: str) -> Any:
    return None if values[key] == "auto" else values[key]


def _expand_of_channels(values: Mapping[str, Any], key: str) -> int:
    channels, d_model = _whole(values, key), _whole(values, "hidden_size")
    if channels % d_model:
        raise ValueError(f"found {channels}, expected a multiple of hidden_size = {d_model}")
    return channels // d_model


def _unless_channels(values: Mapping[str, Any], key: str) -> Any:
    """Transformers lets a published intermediate_size override what expand gives; falcon-mamba-7b depends on it."""
    return None if "intermediate_size" in values else values[key]


def _agrees_with_expand(values: Mapping[str, Any], key: str) -> None:
    expand, d_model = _whole(values, "expand", 2), _whole(values, "hidden_size")
    per_item = _whole(values, "head_dim") if key == "num_heads" else 1
    if _whole(values, key) * per_item != expand * d_model:
        divided = f" / head_dim = {expand * d_model} / {per_item}" if key == "num_heads" else f" = {expand * d_model}"
        raise ValueError(f"found {values[key]!r}, expected expand * hidden_size{divided}")


def _padded_vocabulary(values: Mapping[str, Any], key: str) -> int:
    multiple = _whole(values, "pad_vocab_size_multiple", 8)
    return -(-_whole(values, key) // multiple) * multiple


def _mlp_width(values: Mapping[str, Any], key: str) -> int | None:
    return -(-_whole(values, key) // MLP_MULTIPLE) * MLP_MULTIPLE if values[key] else None


def _no_attention(values: Mapping[str, Any], key: str) -> None:
    if layers := values[key]:
        listed = ", ".join(map(str, layers)) if isinstance(layers, list) else layers
        raise ValueError(f"found attention in layers {listed}, expected none: attention is not simulated")


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


DTYPE: dict[str, Place] = {"torch_dtype": ("precision", _precision), "dtype": ("precision", _precision)}
COMMON_IGNORED = _words(
    "_name_or_path architectures auto_map bos_token_id eos_token_id pad_token_id unk_token_id initializer_range"
    " layer_norm_epsilon rescale_prenorm_residual residual_in_fp32 fused_add_norm transformers_version use_cache"
)

HF_PLACES = DTYPE | {
    "hidden_size": "dimensions.d_model",
    "state_size": "dimensions.d_state",
    "conv_kernel": "dimensions.d_conv",
    "num_hidden_layers": "layers",
    "vocab_size": "vocabulary",
    "tie_word_embeddings": "tied_embeddings",
}
HF_ONLY = {"hidden_act": ("silu", "swish"), "use_bias": (False,), "use_conv_bias": (True,), "rms_norm": (True,)}
HF_IGNORED = COMMON_IGNORED | _words(
    "model_type time_step_floor time_step_init_scheme time_step_max time_step_min time_step_rank time_step_scale"
    " norm_before_gate use_mambapy use_falcon_mambapy use_associative_scan"
    # left by the conversion from state-spaces/mamba and not read by transformers; d_inner has been seen wrong
    " d_inner d_model dt_rank n_layer pad_vocab_size_multiple"
)
HF_NEEDED = _words("hidden_size state_size num_hidden_layers vocab_size use_bias")

HF_MAMBA1_PLACES = HF_PLACES | {
    "expand": ("dimensions.expand", _unless_channels),
    "intermediate_size": ("dimensions.expand", _expand_of_channels),
    "time_step_rank": ("dimensions.dt_rank", _unless_auto),
}
HUGGING_FACE = {
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
    inner_ignored = _words(f"layer dt_min dt_max dt_init_floor {ignored}")
    return Dialect(
        model,
        DTYPE | outer | {f"ssm_cfg.{key}": place for key, place in inner.items()},
        {"rms_norm": (True,)} | {f"ssm_cfg.{key}": values for key, values in only.items()},
        COMMON_IGNORED | _words("attn_cfg pad_vocab_size_multiple") | {f"ssm_cfg.{key}" for key in inner_ignored},
        _words("d_model n_layer vocab_size"),
    )


HEADS = {"headdim": "dimensions.head_dim", "ngroups": "dimensions.n_groups"}
BIASES = {"bias": (False,), "conv_bias": (True,)}
STATE_SPACES = {
    "Mamba1": _state_spaces(
        "mamba1",
        {"d_conv": "dimensions.d_conv", "dt_rank": ("dimensions.dt_rank", _unless_auto)},
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


def is_checkpoint(path: Path) -> bool:
    """Whether the JSON file at *path* looks like a config.json, not like what a command wrote."""
    try:
        data = json.loads(path.read_bytes())
    except (OSError, ValueError, RecursionError):
        return False
    return isinstance(data, dict) and not {"model_type", "ssm_cfg"}.isdisjoint(data)


def read_checkpoint(path: Path) -> Document:
    """The workload that the config.json at *path* describes, named after its folder (or after a file of another name).

    Mistakes found later in the document stand at the line of the config key that set the value. Raises InputError with
    every key that is missing, is unknown, or has a value that cannot be simulated.
    """
    config = read_document(path, find_base=None)
    key, dialects = _family(config)
    values = {k: v for k, v in config.data.items() if dialects is HUGGING_FACE or k != "ssm_cfg"}
    if dialects is STATE_SPACES:
        values |= {f"ssm_cfg.{k}": v for k, v in config.data["ssm_cfg"].items()}
    kind = values.get(key, "Mamba1")
    if not isinstance(kind, str) or kind not in dialects:
        raise InputError(config.problem(key.split("."), f"found {kind!r}, expected one of {', '.join(dialects)}"))
    dialect = dialects[kind]
    missing = [config.problem(key.split("."), "is missing") for key in sorted(dialect.needed - values.keys())]
    if missing:
        raise InputError(*missing)
    name = path.resolve().parent.name if path.name == "config.json" else path.stem
    data: dict[str, Any] = {}
    lines: dict[tuple[str | int, ...], int] = {}
    problems = []
    for place, value in {"name": name, "model": dialect.model, **CHOSEN, **dialect.implied}.items():
        _put(data, lines, place, value, 1)
    for key in values:
        try:
            set_by_file = _understood(dialect, values, key)
        except ValueError as error:
            problems.append(config.problem(key.split("."), str(error)))
        else:
            if set_by_file:
                _put(data, lines, *set_by_file, config.problem(key.split("."), "").line or 1)
    if problems:
        raise InputError(*problems)
    return Document(data, [(config.file, lines)])


def _family(config: Document) -> tuple[str, dict[str, Dialect]]:
    """The key that names the dialect of a config.json, and what it may name."""
    if "model_type" in config.data:
        return "model_type", HUGGING_FACE
    if isinstance(config.data.get("ssm_cfg"), dict):
        return "ssm_cfg.layer", STATE_SPACES
    message = "is missing, and so is the mapping ssm_cfg: neither Hugging Face nor state-spaces/mamba wrote this"
    raise InputError(config.problem(["model_type"], message))


def _understood(dialect: Dialect, values: Mapping[str, Any], key: str) -> tuple[str, Any] | None:
    """The place in the workload that *key* sets, and its value there, if any; raises ValueError if it cannot be."""
    if key in dialect.places:
        place = dialect.places[key]
        if isinstance(place, str):
            return place, values[key]
        value = place[1](values, key)
        return None if value is None else (place[0], value)
    if key in dialect.only and values[key] not in dialect.only[key]:
        raise ValueError(f"found {values[key]!r}, expected {dialect.only[key][0]!r}")
    if key not in dialect.only and key not in dialect.ignored:
        raise ValueError(f"found {values[key]!r}, expected no such key: it is unknown here and may change the model")
    return None


def _put(data: dict[str, Any], lines: dict[tuple[str | int, ...], int], place: str, value: Any, line: int) -> None:
    """Set *value* at the dotted *place*, marked as standing at *line* of the config file."""
    path = tuple(place.split("."))
    for depth, part in enumerate(path[:-1], start=1):
        lines.setdefault(path[:depth], line)
        data = data.setdefault(part, {})
    data[path[-1]] = value
    lines[path] = line
