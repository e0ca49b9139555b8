"""Counts from the graphs: Table 1 by the paper's convention, what it leaves out, state, least traffic, the head."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import pytest

from sim import simulate
from sim.files.catalog import shipped
from sim.files.documents import read_document
from sim.files.resolve import build_workload
from sim.paper.convention import count_as_paper
from sim.paper.counts import Counts, count
from workloads.workload import Workload

TABLE = Path(__file__).parent / "data" / "table1.csv"
ROWS = {
    "mamba1": ("mamba1", "sequential"),
    "mamba1_pscan": ("mamba1", "pscan"),
    "mamba2": ("mamba2", "sequential"),
    "mamba2_ssd": ("mamba2", "ssd"),
    "mamba3_mimo": ("mamba3", "sequential"),
    "mamba3_mimo_ssd": ("mamba3", "ssd"),
}


def built(name: str, **overrides: Any) -> Workload:
    document = read_document(shipped("workload")[name])
    for key, value in overrides.items():
        document.override(f"{key.replace('__', '.')}={value}")
    return build_workload(document)


def counted(name: str, **overrides: Any) -> Counts:
    return count(built(name, **overrides))


def published(name: str) -> dict[str, float]:
    """The row of Table 1 (arXiv 2604.07935 v1) for the shipped workload *name*."""
    with TABLE.open() as stream:
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


@pytest.mark.parametrize(
    ("name", "per_element", "elements"),
    [
        # as recovered from the table, operations for each of the D N elements of the state
        pytest.param("mamba1", 7 + 2 / 64, 3072 * 64, id="dt A, dt B, x, decay, +, C h, skip"),
        pytest.param("mamba1_pscan", 5 + 6 * 1023 / 1024 + 2 / 64, 3072 * 64, id="6 (L-1)/L instead of 2"),
        pytest.param("mamba2", 5 + 3 / 64, 3072 * 64, id="x B, decay, +, C h; dt B a head, skip"),
        pytest.param("mamba2_ssd", 8, 3072 * 64, id="four products, C B a head"),
        pytest.param(
            "mamba3_mimo", 20 + 8 / 64 + 0.75, 1536 * 64, id="two products of rank 4, 4 more, skip, rotations"
        ),
        pytest.param("mamba3_mimo_ssd", 4 * 4 + 2 * 16 * 16 * (1 / 64 + 1 / 32), 1536 * 64, id="4R + 2QR2(1/N + 1/P)"),
    ],
)
def test_state_operations_per_element(name: str, per_element: float, elements: int) -> None:
    found = count_as_paper(built(name).graph, 1024)
    assert found.state_ops / elements == pytest.approx(per_element, rel=1e-12)


def test_a_shorter_sequence_shares_its_state_among_fewer_tokens() -> None:
    graph = built("mamba1").graph
    short, long = (count_as_paper(graph, length).traffic_elements for length in (64, 4096))
    assert short - long == pytest.approx(3 * 3072 * 64 * (1 / 64 - 1 / 4096), rel=0.06)  # and vectors of D


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


def test_counts_are_those_of_a_run_padding_included() -> None:
    overrides: dict[str, Any] = {"layers": 2, "sequence_length": 70}
    counts, result = counted("mamba2_ssd", **overrides), simulate("mamba2_ssd", overrides=overrides)
    assert counts.ops_per_token == pytest.approx(result.ops_per_token, rel=1e-12)
    assert counts.macs_per_token == pytest.approx(result.macs_per_token, rel=1e-12)
    assert counts.dram_minimum_bytes < result.dram_bytes
    assert counts.ops_per_token > counted("mamba2_ssd", layers=2, sequence_length=128).ops_per_token


@pytest.mark.parametrize(
    ("name", "elements"),
    [
        # D N + (K-1) D; D N + (K-1)(D + 2 N); D N, angles, x and B of the token before
        pytest.param("mamba1", 3072 * 64 + 3 * 3072, id="mamba1"),
        pytest.param("mamba2", 3072 * 64 + 3 * (3072 + 128), id="mamba2"),
        pytest.param("mamba2_ssd", 3072 * 64 + 3 * (3072 + 128), id="mamba2 in chunks: the same"),
        pytest.param("mamba3_mimo", 1536 * 64 + 48 * 32 + 4 * 1536 + 48 * 4 * 64, id="mamba3"),
        pytest.param("mamba3_mimo_ssd", 1536 * 64 + 48 * 32 + 4 * 1536 + 48 * 4 * 64, id="mamba3 in chunks: the same"),
    ],
)
def test_state(name: str, elements: int) -> None:
    assert counted(name).state_bytes == 48 * elements * 2
    assert counted(name, batch=3).state_bytes == 3 * 48 * elements * 2


def test_wide_states_count_wide() -> None:
    assert counted("mamba2", state_precision="32bit").state_bytes == 48 * 2 * (2 * 3072 * 64 + 3 * (3072 + 128))


def test_least_traffic() -> None:
    prefill, decode = counted("mamba2"), counted("mamba2", phase="decode", batch=2)
    weights = 2 * prefill.parameters
    assert prefill.dram_minimum_bytes == weights + 2 * 2 * 1536 * 1024 + prefill.state_bytes
    assert decode.dram_minimum_bytes == weights + 2 * 2 * 1536 * 2 + 2 * decode.state_bytes
    assert decode.dram_minimum_bytes_per_token == decode.dram_minimum_bytes / 2


def test_the_head_counts_once_a_sequence() -> None:
    without, with_head = (counted("mamba-130m", layers=1, head=head) for head in ("false", "true"))
    macs = 768 * 50280
    norm = 2 * 768 + 2 + 1 + 2 * 768  # squares; mean and epsilon; rsqrt; scale and weight
    assert (with_head.ops_per_token - without.ops_per_token) * 1024 == pytest.approx(2 * macs + norm)
    assert with_head.parameters == without.parameters  # tied, and counted with the vocabulary
    decode = counted("mamba-130m", layers=1, head="true", phase="decode")
    assert decode.macs_per_token == pytest.approx(
        counted("mamba-130m", layers=1, phase="decode").macs_per_token + macs + 768
    )


def test_untied_embeddings_are_two_matrices() -> None:
    tied, untied = (counted("mamba-130m", tied_embeddings=value).parameters for value in ("true", "false"))
    assert untied - tied == 768 * 50280
