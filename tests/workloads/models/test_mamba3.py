"""Mamba-3: its parameters by formula, and the products of its chunks."""

from __future__ import annotations

import pytest

from workloads.models.mamba3 import (
    Mamba3Dimensions,
    Mamba3NaiveDimensions,
    mamba3_chunked,
    mamba3_naive_chunked,
    mamba3_naive_sequential,
    mamba3_sequential,
)


@pytest.mark.parametrize(
    ("d", "N", "P", "R"),
    [
        pytest.param(8, 6, 4, 1, id="SISO"),
        pytest.param(8, 6, 4, 2, id="rank 2"),
        pytest.param(15, 10, 3, 4, id="odd"),
        pytest.param(768, 64, 32, 4, id="table 1"),
    ],
)
def test_mamba3_naive_parameters(d: int, N: int, P: int, R: int) -> None:
    D = 2 * d
    H = D // P
    graph = mamba3_naive_sequential(Mamba3NaiveDimensions(d_model=d, d_state=N, head_dim=P, mimo_rank=R))
    in_proj = d * (2 * R * D + 2 * N * R + H * N // 2 + 2 * H)
    assert graph.parameter_count == in_proj + 2 * N + 2 * H * R * N + 3 * H + R * D * d + d


@pytest.mark.parametrize("Q", [1, 4])
@pytest.mark.parametrize("R", [1, 2, 4])
@pytest.mark.parametrize("naive", [True, False])
def test_products_of_mamba3s_chunks(naive: bool, R: int, Q: int) -> None:
    D, P, N = 16, 4, 6
    H = D // P
    if naive:
        graph = mamba3_naive_chunked(Mamba3NaiveDimensions(d_model=8, d_state=N, head_dim=P, mimo_rank=R), Q)
    else:
        graph = mamba3_chunked(Mamba3Dimensions(d_model=8, d_state=N, head_dim=P, mimo=True, mimo_rank=R), Q)
    macs = {op.name: graph.operation_counts(op).macs / Q for op in graph.operations if op.kind in ("chunk", "passing")}
    products = {"scores": Q * R**2 * H * N, "intra": Q * R**2 * D, "chunk_state": R * D * N, "inter": R * D * N}
    assert {name: count for name, count in macs.items() if count} == products | {"border": R * D * N / Q}


@pytest.mark.parametrize(
    ("d", "N", "P", "G", "R", "mimo", "rope", "mlp"),
    [
        pytest.param(8, 6, 4, 1, 4, False, 1.0, 0, id="siso: the rank does not matter"),
        pytest.param(8, 8, 4, 2, 3, True, 0.5, 5, id="mimo, two groups, mlp"),
        pytest.param(768, 128, 64, 1, 4, True, 0.5, 1536, id="large"),
    ],
)
def test_mamba3_parameters(d: int, N: int, P: int, G: int, R: int, mimo: bool, rope: float, mlp: int) -> None:
    D = 2 * d
    H, a, rank = D // P, int(N * rope) // 2, R if mimo else 1
    m = Mamba3Dimensions(
        d_model=d, d_state=N, head_dim=P, n_groups=G, mimo=mimo, mimo_rank=R, rope_fraction=rope, d_intermediate=mlp
    )
    expected = d * (2 * D + 2 * N * G * rank + 3 * H + a) + 2 * H * rank * N + 2 * N + 2 * H + d * D + d
    expected += 3 * H * rank * P if mimo else 0
    expected += 3 * d * mlp + d if mlp else 0
    assert mamba3_sequential(m).parameter_count == expected
    assert mamba3_chunked(m, 4).parameter_count == expected
