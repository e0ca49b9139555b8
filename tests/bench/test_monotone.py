"""More of a resource is not slower; what is, is listed."""

from __future__ import annotations

from itertools import islice

import pytest

from bench.monotone import ALLOWED, Pair, Runs, both, page, pairs
from tests.support.sampled import sampled

FIGURES = {"simd.lanes": 32, "mac_array.rows": 32, "mac_array.columns": 32, "sram.capacity": 2048, "dram.channels": 2}


@pytest.mark.parametrize(
    ("workload", "machine", "phase", "resource", "factor"),
    sampled(
        [
            ("mamba2-d192", "edge", "prefill", "simd.lanes", 2),
            ("mamba2-d192", "edge", "prefill", "simd.lanes", 4),
            ("mamba3_mimo-d96", "edge", "decode", "mac_array.rows", 4),
            ("mamba1-d192", "edge", "prefill", "mac_array.columns", 2),
            ("mamba2-d384", "edge", "prefill", "sram.capacity", 4),
            ("mamba1-d192", "edge_flexpe", "prefill", "dram.channels", 4),
        ],
        3,
    ),
)
def test_more_is_not_slower(workload: str, machine: str, phase: str, resource: str, factor: int) -> None:
    found = both(Pair(workload, machine, phase, FIGURES, resource, factor))
    assert found is not None
    assert found.slower <= ALLOWED and found.kept is None


def test_pairs_are_the_same_each_time_and_differ_in_one_figure() -> None:
    assert list(islice(pairs(), 20)) == list(islice(pairs(), 20))
    for pair in islice(pairs(), 20):
        assert len(set(pair.settings(True)) - set(pair.settings(False))) == 1


def test_what_is_slower_is_listed_beside_the_mapping_of_the_smaller_one() -> None:
    pair = Pair("mamba2-d96", "edge", "decode", FIGURES, "simd.lanes", 2)
    found = both(pair)
    assert found is not None
    slow = found.large.model_copy(update={"makespan_cycles": 2 * found.small.makespan_cycles})
    text = page([(pair, found), (pair, Runs(found.small, slow, kept=found.small.makespan_cycles))])
    assert "1 of 2 are slower by more than 0.1%" in text and text.count("2 x simd.lanes") == 1
    assert "| +100.00% | +0.00% |" in text


def test_the_mapping_of_the_smaller_machine_is_laid_onto_the_larger() -> None:
    """An array of more rows, which a decode waits for, is slower by any mapping."""
    figures = {
        "simd.lanes": 32,
        "mac_array.rows": 64,
        "mac_array.columns": 32,
        "sram.capacity": 512,
        "dram.channels": 1,
    }
    pair = Pair("mamba3_mimo-d96", "edge", "decode", figures, "mac_array.rows", 4)
    found = both(pair)
    assert found is not None and found.slower > ALLOWED
    assert found.kept is not None and found.kept >= found.large.makespan_cycles
