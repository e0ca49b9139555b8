"""Descriptions of models whose layers differ: patterns, and what does not go together."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from workloads.models.layers.spec import LayersSpec

MLP, ATTENTION = {"mlp": {"width": 4}}, {"attention": {"heads": 2}}
MAMBA1, MAMBA2 = {"mamba1": {"d_inner": 8, "dt_rank": 2}}, {"mamba2": {"heads": 2}}
SHARED = {"shared": {"attention": {"heads": 2}, "mlp": {"width": 4}}}


def spec(pattern: list[str], **kinds: Any) -> LayersSpec:
    return LayersSpec.model_validate({"d_model": 4, "kinds": kinds, "pattern": pattern})


@pytest.mark.parametrize(
    ("pattern", "layers", "expected"),
    [
        pytest.param(["a"], 3, "aaa", id="all alike"),
        pytest.param(["a*2", "b"], 8, "aabaabaa", id="again from the start, cut off at the end"),
        pytest.param(["a*2", "b"], 2, "aa", id="fewer layers than the pattern"),
        pytest.param(["b", "a*10"], 11, "baaaaaaaaaa", id="ten in a row"),
    ],
)
def test_the_order_of_layers(pattern: list[str], layers: int, expected: str) -> None:
    kinds = {name: MLP for name in "ab" if any(entry.startswith(name) for entry in pattern)}
    assert spec(pattern, **kinds).sequence(layers) == list(expected)


@pytest.mark.parametrize(
    ("pattern", "kinds", "message"),
    [
        pytest.param(["b"], {"a": MLP}, "found b, expected one of a", id="an unknown kind"),
        pytest.param(["a"], {"a": MLP, "b": MLP}, "no layer is of the kind b", id="an unused kind"),
        pytest.param(["a*0"], {"a": MLP}, "String should match pattern", id="no times"),
        pytest.param(["a"], {"a": {}}, "a layer needs attention, a mixer, an MLP or experts, found none", id="nothing"),
        pytest.param(
            ["a"], {"a": MAMBA1 | MAMBA2}, "a layer has one mixer, expected mamba1 or mamba2", id="two mixers"
        ),
        pytest.param(
            ["a"], {"a": ATTENTION | {"short_conv": {}}}, "short_conv cannot run beside attention", id="conv beside"
        ),
        pytest.param(
            ["a"], {"a": ATTENTION | MAMBA2 | {"join": "normed_mean"}}, "expected both", id="mean with mamba2"
        ),
        pytest.param(["a"], {"a": SHARED}, "a shared block stands before mamba2", id="shared without a mixer"),
        pytest.param(
            ["a"], {"a": SHARED | MAMBA2 | MLP}, "a shared block stands before mamba2", id="shared and an MLP"
        ),
        pytest.param(
            ["a"],
            {"a": MLP | {"experts": {"width": 4, "count": 2, "chosen": 1}}},
            "a layer has an MLP or experts",
            id="both",
        ),
        pytest.param(
            ["a"],
            {"a": {"mamba2": {"heads": 3, "n_groups": 2}}},
            "heads = 3 must be a multiple of n_groups = 2",
            id="groups",
        ),
    ],
)
def test_mistakes(pattern: list[str], kinds: dict[str, Any], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        spec(pattern, **kinds)
