"""What the keys of a config.json mean, family by family: the form of such a table, and conversions of values."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

Convert = Callable[[Mapping[str, Any], str], Any]
"""(the file's values, a key of it) -> the workload's value, or None to leave it out; raises ValueError."""
Place = str | tuple[str, Convert]
Places = Mapping[str, Place | list[Place]]

DTYPES = {"float32": "32bit", "float16": "16bit", "bfloat16": "16bit", None: "16bit"}
UNLIMITED = ([0.0, "Infinity"], [0.0, float("inf")], [0.0, {"__float__": "Infinity"}])  # as its writers put infinity


@dataclass(frozen=True)
class Dialect:
    """What the keys of one kind of config.json mean; those of ssm_cfg are written ``ssm_cfg.key``.

    ``places``: key -> dotted path in the workload, or several, and how its value is converted if it is not taken as it
    stands. ``only``: key -> the values that can be simulated, of which an absent key means the first. ``needed``: keys
    that must be there. ``implied``: path in the workload -> its value unless a key of the file sets it, or what makes
    that of the file's values, None to leave it out.
    """

    model: str
    places: Places
    only: Mapping[str, tuple[Any, ...]]
    ignored: frozenset[str]
    needed: frozenset[str]
    implied: Mapping[str, Any] = field(default_factory=dict)

    def values_implied(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """Path -> value of what is implied where the file has these *values*; raises ValueError."""
        found = {path: each(values) if callable(each) else each for path, each in self.implied.items()}
        return {path: each for path, each in found.items() if each is not None}

    def understood(self, values: Mapping[str, Any], key: str) -> list[tuple[str, Any]]:
        """(place in the workload, value) of all that *key* sets; raises ValueError if it cannot be."""
        if key in self.places:
            places = self.places[key]
            found = (self._placed(place, values, key) for place in (places if isinstance(places, list) else [places]))
            return [each for each in found if each is not None]
        if key in self.only and values[key] not in self.only[key]:
            raise ValueError(f"found {values[key]!r}, expected {self.only[key][0]!r}")
        if key not in self.only and key not in self.ignored:
            raise ValueError(
                f"found {values[key]!r}, expected no such key: it is unknown here and may change the model"
            )
        return []

    @staticmethod
    def _placed(place: Place, values: Mapping[str, Any], key: str) -> tuple[str, Any] | None:
        if isinstance(place, str):
            return place, values[key]
        value = place[1](values, key)
        return None if value is None else (place[0], value)


def words(text: str) -> frozenset[str]:
    """The words of *text*."""
    return frozenset(text.split())


def whole(values: Mapping[str, Any], key: str, default: int | None = None) -> int:
    """The positive whole number that *key* has, or the *default* without it; raises ValueError."""
    value = values.get(key, default)
    if type(value) is not int or value < 1:
        raise ValueError(f"found {key} = {value!r}, expected a positive whole number")
    return value


def unless_auto(values: Mapping[str, Any], key: str) -> Any:
    """The value, None if that is auto."""
    return None if values[key] == "auto" else values[key]


def _precision(values: Mapping[str, Any], key: str) -> str:
    dtype = values[key]
    if not isinstance(dtype, str | None) or dtype not in DTYPES:
        raise ValueError(f"found {dtype!r}, expected one of float32, float16, bfloat16")
    return DTYPES[dtype]


DTYPE: dict[str, Place] = {"torch_dtype": ("precision", _precision), "dtype": ("precision", _precision)}
COMMON_IGNORED = words(
    "_name_or_path architectures auto_map bos_token_id eos_token_id pad_token_id unk_token_id initializer_range"
    " layer_norm_epsilon rescale_prenorm_residual residual_in_fp32 fused_add_norm transformers_version use_cache"
)
