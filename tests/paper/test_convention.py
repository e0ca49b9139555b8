"""The paper's convention: the operations and the traffic of the state."""

from __future__ import annotations

import pytest

from sim.paper.convention import count_as_paper
from tests.support.shipped import built


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
