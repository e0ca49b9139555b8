"""What products of a request move, by hand: each fold's operands, on an array of 2 x 2 PEs."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.support.layers import EDGE, inventory, layer, section
from workloads.graph import TimestepGraph

SMALL = {"rows": 2, "columns": 2, "dataflow": ["output_stationary"], "elementwise": None}
RECURRENT = layer(
    "s",
    "v[t,p] = sum(h, V[h,p] * u[t,h])",
    "r[t,p] = sum(n, W[n,p] * s[t-1,n])",
    "s[t,p] = r[t,p] + v[t,p]",
)
OUTER = layer(
    "y",
    "v[t,p] = sum(h, V[h,p] * u[t,h])",
    "o[t,h,p] = u[t,h] * v[t,p] + u[t-1,h] * v[t-1,p]",
    "y[t,h] = sum(p, o[t,h,p] * v[t,p])",
)


def moved(built: TimestepGraph, simd: str, stream: str, batch: int = 1) -> set[int]:
    """Bytes of the requests of *stream*."""
    kept = inventory(built, simd, blocks=1, lanes=1, tokens=1)
    kept.mapping = replace(kept.mapping, batch=batch)
    array = EDGE.arrays["mac_array"].model_copy(update=SMALL)
    found = section(kept, EDGE.model_copy(update={"mac_array": array}), batch=batch)
    (plan,) = [each for each in found.program.streams if each.name == stream]
    return set(plan.moved_bytes)


@pytest.mark.parametrize(("batch", "downwards"), [(1, 1), (2, 1), (5, 3)])
def test_parameters_of_a_recurrence_are_read_for_every_fold_of_sequences(batch: int, downwards: int) -> None:
    """4 x 4 weights for each two sequences; the state for each two of four columns; the result once."""
    assert moved(RECURRENT, "s", "r", batch) == {2 * (downwards * 16 + 2 * batch * 4 + batch * 4)}


def test_a_sum_of_outer_products_streams_the_operands_of_each() -> None:
    """8 x 4 results in 4 x 2 folds: of both products u twice, v four times."""
    assert moved(OUTER, "y", "o") == {2 * (2 * (2 * 8 + 4 * 4) + 8 * 4)}


def test_what_a_product_hands_on_within_its_request_does_not_move() -> None:
    """Of y, one row by 8 columns, 4 deep, v moves for each of 4 folds, and the result."""
    assert moved(OUTER, "", "o..y") == {2 * (2 * (2 * 8 + 4 * 4) + 4 * 4 + 8)}
