"""Accounts by layer and by class of operation sum to those of the whole."""

from __future__ import annotations

import pytest

from tests.support.accounted import RUNS, done
from tests.support.conservation import UNITS, check_parts


@pytest.mark.parametrize("case", RUNS)
def test_parts_sum_to_the_whole(case: str) -> None:
    job, result = done(case)
    check_parts(result)
    assert len(result.by_layer) == result.layers + len(job.sections) - 1


def test_layers_are_alike_but_for_where_they_begin_and_end() -> None:
    """Each layer does the same work, so only its stalls may differ."""
    _, result = done("ragged")
    for unit in UNITS[:2]:
        works = {(layer[unit].busy_cycles, layer[unit].useful_cycles) for layer in result.by_layer}
        assert len(works) == 1


CLASSES = [
    pytest.param("mamba2-edge-prefill", "mac_array", {"projection"}, id="projections-alone-on-the-array"),
    pytest.param("mamba2-edge-prefill", "dma", {"weights", "parameters", "state", "activations"}, id="what-is-moved"),
    pytest.param("mamba-130m-edge-decode", "mac_array", {"projection"}, id="head-too"),
]


@pytest.mark.parametrize(("case", "unit", "classes"), CLASSES)
def test_classes_of_a_unit(case: str, unit: str, classes: set[str]) -> None:
    _, result = done(case)
    assert {kind for kind, units in result.by_class.items() if unit in units} == classes
