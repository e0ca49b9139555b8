"""Names of a piece beside others."""

from __future__ import annotations

import pytest

from workloads.builder import GraphBuilder
from workloads.models.pieces.scope import Scope


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("y[t,i] = x[t-1,i]", "y_s[t,j] = x_s[t-1,j]", id="tensors and letters"),
        pytest.param(
            "y[t,i] = silu(sum(i, W[i] * x[t-i,i]))", "y_s[t,j] = silu(sum(j, W_s[j] * x_s[t-j,j]))", id="functions"
        ),
        pytest.param("y[t,i] = u[t,i+2] * 1e-05", "y_s[t,j] = u[t,j+2] * 1e-05", id="given, numbers"),
        pytest.param("y[t,k] = where(k < 3, x[t,k], 0)", "y_s[t,k] = where(k < 3, x_s[t,k], 0)", id="another letter"),
        pytest.param("i[t,i] = i[t-1,i] * size(i)", "i_s[t,j] = i_s[t-1,j] * size(j)", id="a tensor named as a letter"),
    ],
)
def test_text(text: str, expected: str) -> None:
    assert Scope(GraphBuilder("b", {}, "u[t]"), "s", {"i": "j"}, ["u"]).text(text) == expected


def test_what_a_piece_defines_has_a_name_of_its_own() -> None:
    builder = GraphBuilder("b", {"j": 2, "k": 3}, "u[t,j]")
    builder.define("gate", "gate", "y[t,j] = u[t,j] * W[j]")
    scope = Scope(builder, "s", {"i": "j"}, ["u"])
    scope.constant("sign", "i", [1.0, -1.0])
    scope.define("gate", "gate", "y[t,i] = u[t,i] * W[i] * sign[i]", masked=True)
    graph = builder.build("y", scope.tensor("y"))
    assert [(op.name, op.masked) for op in graph.operations] == [("gate", False), ("s.gate", True)]
    assert (graph.parameters, list(graph.constants)) == ({"W": ("j",), "W_s": ("j",)}, ["sign_s"])
