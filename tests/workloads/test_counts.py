"""Counts from the graphs: those of a run, state, least traffic, the head."""

from __future__ import annotations

from typing import Any

import pytest

from sim import simulate
from tests.support.shipped import built
from workloads.counts import Counts, count


def counted(name: str, **overrides: Any) -> Counts:
    return count(built(name, **overrides))


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


def test_narrow_weights_count_narrow() -> None:
    """Only matrices are weights: d_model columns of in_proj, and out_proj."""
    wide, narrow = counted("mamba2", layers=1), counted("mamba2", layers=1, **{"precision.weights": "4bit"})
    matrices = 1536 * (2 * 3072 + 2 * 64 + 48) + 3072 * 1536
    assert wide.dram_minimum_bytes - narrow.dram_minimum_bytes == matrices * 3 // 2


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
