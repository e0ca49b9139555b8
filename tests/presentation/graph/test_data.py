"""A graph as data has what the graph has, and its equations can be read again."""

from __future__ import annotations

import json

import pytest

from sim.presentation.graph.data import as_data
from tests.support.shipped import built
from workloads.notation import parse_equation


@pytest.mark.parametrize("name", ["mamba2", "mamba3_mimo_ssd", "hymba-1.5b"])
def test_it_can_be_read_again(name: str) -> None:
    for stack in built(name).stacks:
        graph = stack.graph
        found = json.loads(json.dumps(as_data(graph)))
        assert found["sizes"] == graph.sizes
        assert found["tokens"] == graph.tokens
        assert [each["name"] for each in found["operations"]] == [op.name for op in graph.operations]
        for each, op in zip(found["operations"], graph.operations, strict=True):
            assert parse_equation(each["equation"], graph.sizes) == op.equation
            assert each["final"] == op.final
        assert {*found["inputs"], *found["held"]} == graph.given
        assert found["parameters"].keys() == graph.parameters.keys()
