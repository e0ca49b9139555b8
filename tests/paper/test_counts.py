"""Counts with the paper's beside them: Table 1, and what its convention leaves out."""

from __future__ import annotations

import csv

import pytest

from sim.paper.counts import Counts, count
from tests.support.folders import TABLE1
from tests.support.shipped import built

ROWS = {
    "mamba1": ("mamba1", "sequential"),
    "mamba1_pscan": ("mamba1", "pscan"),
    "mamba2": ("mamba2", "sequential"),
    "mamba2_ssd": ("mamba2", "ssd"),
    "mamba3_mimo": ("mamba3", "sequential"),
    "mamba3_mimo_ssd": ("mamba3", "ssd"),
}


def counted(name: str) -> Counts:
    return count(built(name))


def published(name: str) -> dict[str, float]:
    """The row of Table 1 (arXiv 2604.07935 v1) for the shipped workload *name*."""
    with TABLE1.open() as stream:
        rows = csv.DictReader(line for line in stream if not line.startswith("#"))
        row = next(row for row in rows if (row["variant"], row["formulation"]) == ROWS[name])
    columns = ("ops_gop_per_token", "state_gop_per_token", "oi_op_per_byte", "roofline_tok_per_s")
    return {column: float(row[column]) for column in columns}


@pytest.mark.parametrize("name", ROWS)
def test_table_1(name: str) -> None:
    paper, expected = counted(name).paper, published(name)
    assert paper.ops_gop_per_token == pytest.approx(expected["ops_gop_per_token"], rel=0.003)
    assert paper.state_gop_per_token == pytest.approx(expected["state_gop_per_token"], rel=0.008)
    assert paper.roofline_tok_per_s == pytest.approx(expected["roofline_tok_per_s"], rel=0.0005)
    intensity = 0.04 if name == "mamba3_mimo_ssd" else 0.01  # for that row no formula gives the paper's number
    assert paper.oi_op_per_byte == pytest.approx(expected["oi_op_per_byte"], rel=intensity)


def test_the_smallest_pair_of_the_scaling_family_gives_the_papers_48_percent() -> None:
    mamba2, mamba3 = counted("mamba2-d96"), counted("mamba3_mimo-d48")
    assert mamba3.paper.ops_gop_per_token / mamba2.paper.ops_gop_per_token == pytest.approx(1.484, rel=0.003)


def test_what_the_convention_leaves_out_is_shown_beside_it() -> None:
    kinds = counted("mamba1").kinds
    assert kinds["discretisation"].ops == pytest.approx(48 * (2 * 3072 * 64 + 2 * 3072))  # dt A, exp; bias, softplus
    assert kinds["discretisation"].paper_ops == 48 * 3072 * 64  # exp is not counted
    assert kinds["norm"].paper_ops == kinds["gate"].paper_ops == kinds["residual"].paper_ops == 0
    chunks = counted("mamba2_ssd").kinds["chunk"]
    shared, per_head = 64 * 64, 64 * 64 * 48  # C B^T of a token with the 64 of its chunk
    others = 2 * 48 * (64 * 3072 + 2 * 3072 * 64)
    assert chunks.paper_ops == pytest.approx(2 * 48 * per_head + others)
    assert chunks.macs * 2 == pytest.approx(2 * 48 * shared + others)
