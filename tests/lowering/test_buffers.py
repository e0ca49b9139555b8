"""Where a tensor may lie: written over another one, passed on step by step, or kept for a tile of tokens; what fits."""

from __future__ import annotations

from itertools import pairwise

import pytest

from sim.lowering.allotment import allot
from tests.support.layers import inventory, layer
from tests.support.mapped import MODELS, costs_of, inventory_of
from workloads.graph import TimestepGraph

SUMMED = "m[t,n] = 0.5 * m[t-1,n] + sum(h, S[t,h,n])"
CARRIED = (
    "v[t,p] = sum(h, V[h,p] * u[t,h])",
    "a[t,h] = sum(p, W[p,h] * v[t,p])",
    "b[t,h] = b[t-1,h] + a[t,h]",
    "c[t,d] = sum(h, X[h,d] * b[t,h])",
)
STATE = "S[t,h,n] = 0.5 * S[t-1,h,n] + a[t,h]"


@pytest.mark.parametrize(
    ("built", "simd", "widths", "tensor", "other", "shared"),
    [
        pytest.param(
            layer("c", "a[t,h] = u[t,h] + 1", "b[t,h] = exp(a[t,h])", "c[t,h] = b[t,h] + 2"),
            "b", (2, 2), "b", "a", True, id="last-use",
        ),
        pytest.param(
            layer("c", "a[t,h] = u[t,h] + 1", "b[t,h] = exp(a[t,h])", "c[t,h] = b[t,h] + a[t,h]"),
            "b", (2, 2), "b", "a", False, id="used-later",
        ),
        pytest.param(
            layer("a", "a[t,h] = u[t,h] + 1", "b[t,h] = exp(a[t,h])", "c[t,d] = sum(h, W[h,d] * b[t,h])"),
            "b", (2, 2), "b", "a", False, id="layer's-output-has-yet-to-be-stored",
        ),
        pytest.param(
            layer("c", "a[t,h] = u[t,h] + 1", "b[t,h] = exp(a[t,h])", "c[t,h] = b[t,h] + a[t-1,h]"),
            "b", (2, 2), "b", "a", False, id="past-is-read",
        ),
        pytest.param(layer("c", *CARRIED), "b", (2, 2), "b", "a", True, id="recurrent"),
        pytest.param(layer("c", *CARRIED), "b", (2, 4), "b", "a", False, id="wider-than-what-it-would-lie-over"),
    ],
)  # fmt: skip
def test_in_place(
    built: TimestepGraph, simd: str, widths: tuple[int, int], tensor: str, other: str, shared: bool
) -> None:
    stored = inventory(built, simd, widths, blocks=1).stored
    assert (stored[tensor] is stored[other]) is shared


@pytest.mark.parametrize(
    ("built", "simd", "tensor", "role"),
    [
        pytest.param(
            layer("y", "a[t,h] = u[t,h] + 1", STATE, "y[t,h] = sum(n, S[t,h,n])"), "S", "S", "state",
            id="read-step-by-step",
        ),
        # m needs all heads of a token at once, but S makes all tokens of a block before it turns to the next block
        pytest.param(
            layer("y", "a[t,h] = u[t,h] + 1", STATE, SUMMED, "y[t,h] = u[t,h] + sum(n, m[t,n])"), "S", "S", "tile",
            id="read-by-a-recurrence-over-all-heads",
        ),
        # R could follow S step by step, were it not for m between them
        pytest.param(
            layer(
                "y", "a[t,h] = u[t,h] + 1", STATE, SUMMED, "R[t,h,n] = R[t-1,h,n] + S[t,h,n] * m[t,n]",
                "y[t,h] = sum(n, R[t,h,n])",
            ),
            "S", "S", "tile", id="read-behind-something-that-needs-all-heads",
        ),
    ],
)  # fmt: skip
def test_what_a_reader_needs_at_once_is_kept(built: TimestepGraph, simd: str, tensor: str, role: str) -> None:
    assert inventory(built, simd).stored[tensor].buffer.role == role


def test_the_smallest_capacity_is_what_the_least_slots_take() -> None:
    built = layer("y", "a[t,h] = u[t,h] + 1", STATE, "y[t,h] = sum(n, S[t,h,n])")
    least = sum(storage.buffer.size_bytes for storage in inventory(built).storages())
    assert not allot(inventory(built), least - 1)
    tight = inventory(built)
    assert allot(tight, least)
    assert sum(storage.buffer.size_bytes for storage in tight.storages()) == least


@pytest.mark.parametrize("capacity", [2 * 2**20, 3 * 2**20, 8 * 2**20, 64 * 2**20])
@pytest.mark.parametrize("model", MODELS)
def test_buffers_never_exceed_the_capacity_and_use_what_is_left(model: str, capacity: int) -> None:
    small = inventory_of(costs_of(model), 16, (4, 2))
    assert allot(small, capacity)
    storages = small.storages()
    assert sum(storage.buffer.size_bytes for storage in storages) <= capacity
    ends = [(s.buffer.start, s.buffer.start + s.buffer.size_bytes) for s in storages]
    assert all(one[1] == other[0] for one, other in pairwise(ends))  # no gap, no overlap


def test_what_does_not_fit_is_refused() -> None:
    assert not allot(inventory_of(costs_of("mamba2"), 64, (4, 2)), 2**20)


def test_weights_of_a_layer_stay_on_chip_if_they_fit() -> None:
    """Mamba-2's 28.9 MB of weights: not in 8 MiB, but in 64 MiB."""
    for capacity, resident in ((8 * 2**20, False), (64 * 2**20, True)):
        inventory = inventory_of(costs_of("mamba2"), 16, (4, 2))
        assert allot(inventory, capacity)
        assert inventory.resident is resident


def test_state_is_updated_in_place_and_b_of_two_tokens_is_kept() -> None:
    stored = inventory_of(costs_of("mamba3_mimo"), 16, (4, 2)).stored
    assert (stored["S"].buffer.role, stored["S"].buffer.slots) == ("state", 1)
    assert (stored["B"].buffer.role, stored["B"].buffer.slots) == ("state", 2)


def test_results_take_over_the_buffer_of_what_nobody_needs_any_more() -> None:
    stored = inventory_of(costs_of("mamba2"), 16, (4, 2)).stored
    assert stored["g"] is stored["z"] is stored["gn"]  # gate and norm write over z
    assert stored["x"] is not stored.get("xc")  # the convolution still needs the past of x
