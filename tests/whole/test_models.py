"""Models as graphs, side by side: what they carry, their work as Table 1 has it, and mistakes.

Expected numbers are those of "The Hyperscale Lottery" (arXiv 2604.07935), Table 1.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.support.shipped import built
from workloads.graph import TimestepGraph
from workloads.models.mamba1 import Mamba1Dimensions, mamba1_blelloch, mamba1_sequential
from workloads.models.mamba2 import Mamba2Dimensions, mamba2_sequential
from workloads.models.mamba3 import (
    Mamba3Dimensions,
    Mamba3NaiveDimensions,
    mamba3_naive_sequential,
)

MAMBA1 = mamba1_sequential(Mamba1Dimensions(d_model=8, d_state=3))
MAMBA2 = mamba2_sequential(Mamba2Dimensions(d_model=8, d_state=3, head_dim=4, n_groups=2))
MAMBA3 = mamba3_naive_sequential(Mamba3NaiveDimensions(d_model=8, d_state=6, head_dim=4, mimo_rank=2))


@pytest.mark.parametrize(
    ("graph", "recurrences"),
    [
        pytest.param(MAMBA1, [{"update"}], id="mamba1: the state"),
        pytest.param(MAMBA2, [{"update"}], id="mamba2: the state"),
        pytest.param(MAMBA3, [{"angle"}, {"update"}], id="mamba3: the angles and the state"),
    ],
)
def test_recurrences(graph: TimestepGraph, recurrences: list[set[str]]) -> None:
    assert graph.recurrences == tuple(map(frozenset, recurrences))


@pytest.mark.parametrize(
    ("graph", "carried"),
    [
        pytest.param(
            MAMBA1,
            {("in_proj.x", "conv", "x"): [1, 2, 3], ("update", "update", "h"): [1]},
            id="mamba1",
        ),
        pytest.param(
            MAMBA2,
            {
                ("in_proj.x", "conv.x", "x"): [1, 2, 3],
                ("in_proj.B", "conv.B", "B_raw"): [1, 2, 3],
                ("in_proj.C", "conv.C", "C_raw"): [1, 2, 3],
                ("update", "update", "S"): [1],
            },
            id="mamba2",
        ),
        pytest.param(
            MAMBA3,
            {
                ("angle", "angle", "phi"): [1],
                ("in_proj.x", "scale_x.past", "x"): [1],
                ("rotate_B", "outer", "B"): [1],
                ("update", "update", "S"): [1],
            },
            id="mamba3",
        ),
    ],
)
def test_loop_carried_distances(graph: TimestepGraph, carried: dict[tuple[str, str, str], list[int]]) -> None:
    found: dict[tuple[str, str, str], list[int]] = {}
    for source, reader, edge in graph.graph.edges(data=True):
        if edge["distance"]:
            found.setdefault((source, reader, edge["tensor"]), []).append(edge["distance"])
    assert {edge: sorted(distances) for edge, distances in found.items()} == carried


@pytest.mark.parametrize(
    ("graph", "elements"),
    [
        # d 8, D 16, N 3, K 4
        pytest.param(MAMBA1, {"h": 16 * 3, "x": 3 * 16}, id="mamba1: D N + (K-1) D"),
        # G 2
        pytest.param(MAMBA2, {"S": 16 * 3, "x": 3 * 16, "B_raw": 3 * 2 * 3, "C_raw": 3 * 2 * 3}, id="mamba2"),
        # D 16, N 6, H 4, R 2
        pytest.param(MAMBA3, {"S": 16 * 6, "phi": 4 * 3, "x": 2 * 16, "B": 4 * 2 * 6}, id="mamba3"),
    ],
)
def test_carried_elements(graph: TimestepGraph, elements: dict[str, int]) -> None:
    assert {tensor: reach * graph.elements(tensor) for tensor, reach in graph.carried.items()} == elements


@pytest.mark.parametrize(
    ("name", "mega_macs"),
    [
        pytest.param("mamba1", 726.66, id="mamba1"),
        pytest.param("mamba2", 692.45, id="mamba2"),
        pytest.param("mamba3_mimo", 758.51, id="mamba3"),
    ],
)
def test_projection_macs_per_token_of_table_1(name: str, mega_macs: float) -> None:
    workload = built(name)
    projections = [op for op in workload.graph.operations if op.kind == "projection"]
    macs = sum(workload.graph.operation_counts(op).macs for op in projections) * workload.spec.layers
    assert macs / 1e6 == pytest.approx(mega_macs, abs=0.005)


@pytest.mark.parametrize(
    ("name", "giga_ops"),
    [
        pytest.param("mamba1", 1.52, id="mamba1"),
        pytest.param("mamba2", 1.43, id="mamba2"),
        # 1.652 here: norms, biases and both terms of the trapezoid are counted
        pytest.param("mamba3_mimo", 1.62, id="mamba3"),
    ],
)
def test_operations_per_token_of_table_1(name: str, giga_ops: float) -> None:
    workload = built(name)
    assert workload.graph.counts.ops * workload.spec.layers / 1e9 == pytest.approx(giga_ops, rel=0.025)


@pytest.mark.parametrize(
    ("graph", "transcendentals"),
    [
        # the norm's rsqrt; silu of conv and gate, softplus: 3 D; exp: D N
        pytest.param(MAMBA1, 1 + 3 * 16 + 16 * 3, id="mamba1: an exp for each state element"),
        # the norm, and G after the gate; silu of D + 2 G N in conv, of D in the gate; softplus and exp: 2 H
        pytest.param(MAMBA2, 1 + 2 + (16 + 2 * 2 * 3) + 16 + 2 * 4, id="mamba2: an exp for each head"),
        # 1 + 2 R norms; softplus, exp, sigmoid: 3 H; tanh, sin, cos: 3 H N/2; silu: R D
        pytest.param(MAMBA3, 1 + 2 * 2 + 3 * 4 + 3 * 4 * 3 + 2 * 16, id="mamba3: a sin and a cos for each angle"),
    ],
)
def test_transcendentals(graph: TimestepGraph, transcendentals: int) -> None:
    assert graph.counts.transcendentals == transcendentals


@pytest.mark.parametrize(
    ("build", "message"),
    [
        pytest.param(
            lambda: Mamba2Dimensions(d_model=10, head_dim=4, n_groups=2),
            "expand*d_model = 20 must be a multiple of head_dim*n_groups = 8",
            id="mamba2: heads and groups",
        ),
        pytest.param(
            lambda: Mamba3NaiveDimensions(d_model=10, head_dim=3),
            "expand*d_model = 20 must be a multiple of head_dim = 3",
            id="mamba3: heads",
        ),
        pytest.param(
            lambda: Mamba3NaiveDimensions(d_model=16, d_state=5),
            "d_state must be even, since rotations turn pairs of it, not 5",
            id="mamba3: pairs",
        ),
        pytest.param(
            lambda: Mamba3Dimensions(d_model=10, head_dim=3, n_groups=2),
            "expand*d_model = 20 must be a multiple of head_dim*n_groups = 6",
            id="mamba3: heads and groups",
        ),
        pytest.param(
            lambda: Mamba3Dimensions(d_model=16, rope_fraction=0.3),
            "rope_fraction must be 0.5 or 1.0, not 0.3",
            id="mamba3: share that is rotated",
        ),
        pytest.param(
            lambda: Mamba3Dimensions(d_model=16, d_state=2, head_dim=4),
            "rope_fraction 0.5 of d_state 2 leaves nothing to rotate",
            id="mamba3: nothing to rotate",
        ),
        pytest.param(
            lambda: mamba1_blelloch(Mamba1Dimensions(d_model=4), 12),
            "a parallel scan needs a chunk that is a power of two, not 12",
            id="mamba1: an uneven tree",
        ),
        pytest.param(
            lambda: Mamba1Dimensions(d_model=0), "Input should be greater than or equal to 1", id="mamba1: nothing"
        ),
    ],
)
def test_mistakes(build: Callable[[], object], message: str) -> None:
    with pytest.raises(ValueError) as raised:
        build()
    assert message in str(raised.value)
