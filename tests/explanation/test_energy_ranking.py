"""Whether an order by energy survives: with every figure, with all of one level, or with typical ones only."""

from __future__ import annotations

import pytest

from sim.accounting.result import EnergyFigures
from sim.explanation.compare import compare
from sim.explanation.energy_ranking import energy_ranking
from sim.simulation import prepare, run

Parts = dict[str, tuple[float, float, float]]


def figures(parts: Parts) -> EnergyFigures:
    """Low, typical and high of each component."""
    levels = {
        level: {name: part[n] for name, part in parts.items()} for n, level in enumerate(("low", "typical", "high"))
    }
    return EnergyFigures(node="22nm", level="typical", arithmetic="float", **levels)


ONE: Parts = {"macs": (1, 2, 8), "dram_bits": (2, 3, 10)}


@pytest.mark.parametrize(
    ("other", "verdict", "overlap"),
    [
        pytest.param({"macs": (1.5, 3, 12), "dram_bits": (2, 3, 10)}, "sure", True, id="more of everything"),
        pytest.param({"macs": (0.5, 1, 4), "dram_bits": (4, 6, 20)}, "holds", True, id="less of what may be more"),
        pytest.param({"macs": (0.1, 0.2, 0.8), "dram_bits": (3.4, 5.1, 17)}, "depends", True, id="turns round"),
        pytest.param({"macs": (90, 95, 99), "dram_bits": (2, 3, 10)}, "sure", False, id="far apart"),
        pytest.param(ONE, "depends", True, id="the same"),
    ],
)
def test_verdicts(other: Parts, verdict: str, overlap: bool) -> None:
    found = energy_ranking({"one": figures(ONE), "other": figures(other)})
    assert found is not None
    (pair,) = found.pairs
    assert (pair.less, pair.more, pair.verdict, pair.overlap) == ("one", "other", verdict, overlap)
    assert found.words.startswith("Least energy a token first: one 5.000 mJ (3.000 to 18.000), other ")


def test_a_component_that_only_one_has_counts() -> None:
    found = energy_ranking({"one": figures(ONE), "other": figures(ONE | {"sram": (1, 1, 1)})})
    assert found is not None and found.pairs[0].verdict == "sure"


def test_one_run_has_no_ranking() -> None:
    assert energy_ranking({"one": figures(ONE)}) is None


def test_a_comparison_says_it_where_all_runs_tell_energy_by_component() -> None:
    mapping = "mapping={token_tile: 16, blocks: 4, lanes: 2, weight_slot_kib: 32}"
    sides = [["energy.node=22nm"], ["energy.node=22nm", "dram.channels=4"], []]
    results = [
        run(prepare("mamba2", "edge", ["layers=1", "sequence_length=32", mapping, *side]), critical_path=True)
        for side in sides
    ]
    found = compare(results[:2], ["two", "four"])
    assert found.energy is not None and found.words.endswith(found.energy.words)
    assert [run.label for run in found.energy.runs] == ["two", "four"]  # it does not need the bandwidth
    assert compare(results[1:], ["four", "paper"]).energy is None
