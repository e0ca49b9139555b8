"""Mamba-2: its parameters by formula, and the products of its chunks."""

from __future__ import annotations

import pytest

from workloads.models.mamba2 import Mamba2Dimensions, mamba2_chunked, mamba2_sequential


@pytest.mark.parametrize(
    ("d", "N", "P", "G", "K"),
    [
        pytest.param(8, 3, 4, 1, 4, id="small"),
        pytest.param(8, 3, 4, 2, 4, id="two groups"),
        pytest.param(15, 7, 5, 3, 2, id="odd"),
        pytest.param(768, 128, 64, 1, 4, id="mamba2-130m"),
        pytest.param(1536, 64, 64, 1, 4, id="table 1"),
    ],
)
def test_mamba2_parameters(d: int, N: int, P: int, G: int, K: int) -> None:
    D = 2 * d
    H = D // P
    graph = mamba2_sequential(Mamba2Dimensions(d_model=d, d_state=N, head_dim=P, n_groups=G, d_conv=K))
    expected = d * (2 * D + 2 * G * N + H) + (D + 2 * G * N) * (K + 1) + 3 * H + D + D * d + d
    assert graph.parameter_count == expected


@pytest.mark.parametrize("Q", [1, 4, 8])
@pytest.mark.parametrize(("G", "P", "N"), [pytest.param(1, 4, 3, id="a group"), pytest.param(2, 2, 5, id="two groups")])
def test_products_of_mamba2s_chunks(Q: int, G: int, P: int, N: int) -> None:
    D = 16
    graph = mamba2_chunked(Mamba2Dimensions(d_model=8, d_state=N, head_dim=P, n_groups=G), Q)
    macs = {op.name: graph.operation_counts(op).macs / Q for op in graph.operations if op.kind == "chunk"}
    products = {"scores": Q * N * G, "intra": Q * D, "chunk_state": D * N, "inter": D * N}
    assert {name: count for name, count in macs.items() if count} == products
    mask = graph.operation_counts(graph.operation("mask"))
    assert mask.transcendentals / Q == Q * D / P  # an exp for each pair of tokens and head
