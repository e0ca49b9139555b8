"""More of a resource is not slower; what is, is listed."""

from __future__ import annotations

from itertools import islice

import pytest

from bench.monotone import ALLOWED, Pair, both, page, pairs

FIGURES = {"simd.lanes": 32, "mac_array.rows": 32, "mac_array.columns": 32, "sram.capacity": 2048, "dram.channels": 2}


@pytest.mark.parametrize(
    ("workload", "machine", "phase", "resource", "factor"),
    [
        ("mamba2-d192", "edge", "prefill", "simd.lanes", 2),
        ("mamba2-d192", "edge", "prefill", "simd.lanes", 4),
        ("mamba3_mimo-d96", "edge", "decode", "mac_array.rows", 4),
        ("mamba1-d192", "edge", "prefill", "mac_array.columns", 2),
        ("mamba2-d384", "edge", "prefill", "sram.capacity", 4),
        ("mamba1-d192", "edge_flexpe", "prefill", "dram.channels", 4),
    ],
)
def test_more_is_not_slower(workload: str, machine: str, phase: str, resource: str, factor: int) -> None:
    found = both(Pair(workload, machine, phase, FIGURES, resource, factor))
    assert found is not None
    small, large = found
    assert large.makespan_cycles <= ALLOWED * small.makespan_cycles


def test_pairs_are_the_same_each_time_and_differ_in_one_figure() -> None:
    assert list(islice(pairs(), 20)) == list(islice(pairs(), 20))
    for pair in islice(pairs(), 20):
        assert len(set(pair.settings(True)) - set(pair.settings(False))) == 1


def test_what_is_slower_is_listed() -> None:
    pair = Pair("mamba2-d96", "edge", "decode", FIGURES, "simd.lanes", 2)
    found = both(pair)
    assert found is not None
    small, large = found
    text = page([(pair, (small, small)), (pair, (small, large.model_copy(update={"makespan_cycles": 10**9})))])
    assert "1 of 2 are slower by more than 0.1%" in text and text.count("2 x simd.lanes") == 1
