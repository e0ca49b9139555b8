"""What configs of Transformers and hybrids have in common: heads, rotary embedding, the order of their layers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import groupby
from typing import Any

from sim.files.dialects.dialect import COMMON_IGNORED, DTYPE, Convert, Place, whole, words

Values = Mapping[str, Any]

PLACES: dict[str, Place | list[Place]] = {
    **DTYPE,
    "hidden_size": "dimensions.d_model",
    "num_hidden_layers": "layers",
    "vocab_size": "vocabulary",
    "tie_word_embeddings": "tied_embeddings",
}
NEEDED = words("hidden_size num_hidden_layers vocab_size num_attention_heads")
IGNORED = COMMON_IGNORED | words(
    "model_type attention_dropout max_position_embeddings rms_norm_eps output_router_logits router_aux_loss_coef"
    " num_logits_to_keep sep_token_id cls_token_id"
)
TURNED = words("rope_theta rope_scaling rope_type")  # which angles there are


def everywhere(kinds: Iterable[str], below: str, convert: Convert | None = None) -> list[Place]:
    """The place *below* each of *kinds*."""
    paths = [f"dimensions.kinds.{kind}.{below}" for kind in kinds]
    return [(path, convert) if convert is not None else path for path in paths]


def given(values: Values, key: str) -> Any:
    """The value; None leaves it out."""
    return values[key]


def heads(kinds: Iterable[str], below: str = "attention") -> dict[str, Place | list[Place]]:
    """The places of the numbers of heads, and of their width where the file has that."""
    kinds = list(kinds)
    return {
        "num_attention_heads": everywhere(kinds, f"{below}.heads"),
        "num_key_value_heads": everywhere(kinds, f"{below}.groups", given),
        "head_dim": everywhere(kinds, f"{below}.head_dim", given),
    }


def head_width(values: Values, key: str = "num_attention_heads") -> int:
    """Channels of a head where the file has no head_dim: the width of the residual stream over the heads."""
    if isinstance(values.get("head_dim"), int):
        return int(values["head_dim"])
    width, count = whole(values, "hidden_size"), whole(values, key)
    if width % count:
        raise ValueError(f"found {key} = {count}, expected a divisor of hidden_size = {width}")
    return width // count


def implied_of(kinds: Iterable[str], below: Mapping[str, Any]) -> dict[str, Any]:
    """Path -> what is implied *below* each of *kinds*."""
    return {f"dimensions.kinds.{kind}.{path}": value for kind in kinds for path, value in below.items()}


def rotary(kinds: Iterable[str], below: str = "attention") -> dict[str, Place | list[Place]]:
    """The places of the share of a head that is rotated, which transformers writes in one of two ways."""
    kinds = list(kinds)
    return {
        "partial_rotary_factor": everywhere(kinds, f"{below}.rotary", given),
        "rope_parameters": everywhere(kinds, f"{below}.rotary", _factor_in_parameters),
    }


def _factor_in_parameters(values: Values, key: str) -> Any:
    parameters = values[key]
    return parameters.get("partial_rotary_factor") if isinstance(parameters, dict) else None


def in_runs(kinds: Iterable[str]) -> list[str]:
    """The kinds of all layers as a pattern.

    >>> in_runs(["mamba", "mamba", "attention"])
    ['mamba*2', 'attention']
    """
    runs = ((kind, len(list(same))) for kind, same in groupby(kinds))
    return [kind if times == 1 else f"{kind}*{times}" for kind, times in runs]


def in_order(kinds: Mapping[str, str], layers: str = "num_hidden_layers") -> Convert:
    """What makes a pattern of a list of layer types, each of which is called as *kinds* say."""

    def convert(values: Values, key: str) -> list[str] | None:
        types = values[key]
        if types is None:
            return None
        if not isinstance(types, list) or not types:
            raise ValueError(f"found {types!r}, expected a list of layer types")
        unknown = [each for each in types if each not in kinds]
        if unknown:
            raise ValueError(f"found {unknown[0]!r}, expected one of {', '.join(kinds)}")
        count = whole(values, layers, len(types))
        if len(types) != count:
            raise ValueError(f"found {len(types)} layer types, expected {layers} = {count}")
        return in_runs(kinds[each] for each in types)

    return convert


def at_places(marked: str, others: str) -> Convert:
    """What makes a pattern of a list of the numbers of layers that are of the kind *marked*, not of *others*."""

    def convert(values: Values, key: str) -> list[str] | None:
        if values[key] is None:
            return None
        count, places = whole(values, "num_hidden_layers"), values[key]
        if not isinstance(places, list) or not all(type(each) is int and 0 <= each < count for each in places):
            raise ValueError(f"found {places!r}, expected numbers of layers, from 0 to {count - 1}")
        return in_runs(marked if layer in places else others for layer in range(count))

    return convert


def inner_width(values: Values, head_count: str, head_dim: str, inner: int) -> int:
    """Channels of a Mamba-2 head: *head_dim* of the file, or what *inner* channels give if that is auto."""
    count = whole(values, head_count)
    width = values.get(head_dim)
    if width in (None, "auto"):
        width = inner // count
    if not isinstance(width, int) or width * count != inner:
        raise ValueError(f"found {head_count} = {count}, {head_dim} = {width!r}, expected {inner} channels together")
    return width
