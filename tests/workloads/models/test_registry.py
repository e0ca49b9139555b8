"""The models that a workload can name: each has graphs of a token and of chunks that compute the same layer."""

from __future__ import annotations

from typing import Any, get_args

import pytest

from workloads.models.generator import SEQUENTIAL
from workloads.models.registry import GENERATORS
from workloads.workload_spec import Formulation, WorkloadSpec

SMALL: dict[str, dict[str, Any]] = {
    "mamba1": {"d_model": 4, "d_state": 3},
    "mamba2": {"d_model": 4, "d_state": 3, "head_dim": 2},
    "mamba3": {"d_model": 4, "d_state": 4, "head_dim": 2},
    "mamba3_naive": {"d_model": 4, "d_state": 4, "head_dim": 2},
}


@pytest.mark.parametrize("name", GENERATORS)
def test_its_graphs_are_of_one_layer(name: str) -> None:
    """Of a token, or of a chunk of tokens, with the same parameters."""
    generator = GENERATORS[name]
    dimensions = generator.dimensions.model_validate(SMALL[name])
    token = generator.sequential(dimensions)
    assert (token.tokens, token.token_index) == (1, None)
    for formulation, chunked in generator.chunked.items():
        graph = chunked(dimensions, 8)
        assert (graph.tokens, graph.parameters) == (8, token.parameters), formulation
        assert graph.row_elements(graph.input_tensor) == token.row_elements(token.input_tensor) == 4


@pytest.mark.parametrize(
    ("name", "fields", "chunk"),
    [
        pytest.param("mamba1", {}, 32, id="mamba1"),
        pytest.param("mamba2", {}, 256, id="mamba2"),
        pytest.param("mamba3", {}, 64, id="siso: the rank does not matter"),
        pytest.param("mamba3", {"mimo": True, "mimo_rank": 4}, 64 // 4, id="mimo: as many rows in all"),
        pytest.param("mamba3_naive", {"mimo_rank": 4}, 64 // 4, id="naive"),
        pytest.param("mamba3_naive", {"mimo_rank": 100}, 1, id="naive, of a high rank"),
    ],
)
def test_tokens_of_a_chunk_if_nothing_is_said(name: str, fields: dict[str, Any], chunk: int) -> None:
    generator = GENERATORS[name]
    assert generator.chunk(generator.dimensions.model_validate(SMALL[name] | fields)) == chunk


def test_a_workload_can_name_every_model_and_formulation() -> None:
    formulations = {name for generator in GENERATORS.values() for name in generator.chunked}
    assert {SEQUENTIAL, *formulations} == set(get_args(Formulation))
    for name in GENERATORS:
        WorkloadSpec(name="w", model=name, dimensions={}, layers=1, sequence_length=1)
