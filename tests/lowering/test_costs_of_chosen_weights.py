"""Weights that tokens choose among: all are read, a part of the rows is multiplied, buffers hold what is made."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import pytest

from hw.requests import Gemm
from sim.lowering.analysis import Analysis
from sim.lowering.costs import CostModel
from sim.simulation import prepare, run
from tests.support.layers import EDGE
from tests.support.mapped import drafts_of
from workloads.builder import GraphBuilder
from workloads.graph import TimestepGraph

D, F, COUNT, CHOSEN = 16, 8, 12, 3
FILE = """\
name: experts
model: layers
dimensions:
  d_model: 64
  kinds: {a: {experts: {width: 32, count: 16, chosen: 4}}}
  pattern: [a]
layers: 2
sequence_length: 32
"""


def built() -> TimestepGraph:
    b = GraphBuilder("chosen", {"d": D, "f": F, "x": COUNT}, "u[t,d]")
    b.choose("x", CHOSEN)
    b.define("up", "projection", "a[t,x,f] = sum(d, W_up[d,x,f] * u[t,d])")
    b.define("activate", "mlp", "g[t,x,f] = silu(a[t,x,f])")
    b.define("down", "projection", "y[t,d] = sum(x, f, W_down[x,f,d] * g[t,x,f])")
    return b.build("y")


COSTS = CostModel(Analysis(built()), EDGE, 2)


@pytest.mark.parametrize(("rows", "multiplied"), [(1, 1), (4, 1), (5, 2), (64, 16)])
def test_a_projection_has_a_share_of_the_rows(rows: int, multiplied: int) -> None:
    assert COSTS.gemm("up", "mac_array", rows, 1) == Gemm(m=multiplied, n=COUNT * F, k=D)
    assert COSTS.gemm("down", "mac_array", rows, 1) == Gemm(m=multiplied, n=D, k=COUNT * F)


def test_what_is_made_has_the_size_of_what_is_chosen() -> None:
    analysis = COSTS.analysis
    assert (analysis.size("xf"), analysis.whole_size("xf")) == (CHOSEN * F, COUNT * F)
    assert analysis.share("up") == analysis.share("down") == Fraction(CHOSEN, COUNT)
    assert [step.points for step in analysis.passes("activate", 5)] == [5 * CHOSEN * F]


def test_tiles_hold_all_weights_and_do_a_share_of_the_products() -> None:
    _, drafts = drafts_of(COSTS, 8, (1, 1))
    for draft in drafts:
        if draft.weights is not None:
            (name,) = draft.operations
            assert draft.weights.elements.sum() == D * COUNT * F
            assert draft.weights.macs(name) == D * CHOSEN * F
            assert {product.m for product in draft.weights.products(8)} == {2}


@pytest.mark.parametrize(("phase", "read"), [("prefill", 16), ("decode", 4)])
def test_a_run_reads_the_experts_and_multiplies_by_those_that_tokens_choose(
    tmp_path: Path, phase: str, read: int
) -> None:
    path = tmp_path / "experts.yaml"
    path.write_text(FILE, encoding="utf-8")
    mapping = "mapping={token_tile: 32, blocks: 1, lanes: 1, weight_slot_kib: 16}"
    result = run(prepare(str(path), "edge", [f"phase={phase}", mapping]))
    norm, router = 64, 64 * 16  # the sum of squares; the router
    assert result.macs_per_token == 2 * (norm + router + 4 * 3 * 64 * 32)
    weights = 2 * 2 * (read * 3 * 64 * 32 + 64 * 16 + 64)
    tokens = 32 if phase == "prefill" else 1
    assert weights <= result.dram_bytes <= 1.2 * (weights + 2 * 2 * 2 * 64 * tokens)
