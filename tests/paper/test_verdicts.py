"""Verdicts on the paper's claims: what they say follows from the numbers, whatever these are."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from sim.paper.facts import ASSUMPTIONS, MACHINES, MODELS, SMALL, Facts
from sim.paper.gpu.decode import BATCHES, DECODERS
from sim.paper.runs import Simulated
from sim.paper.verdicts import order, penalty, verdicts


def result(speed: float, energy: float = 5.0, tile: int = 32) -> Any:
    return SimpleNamespace(
        tokens_per_second=speed,
        energy_mj_per_token=energy,
        makespan_cycles=1000 / speed,
        tokens=1,
        bounds=SimpleNamespace(resource_cycles=900 / speed),
        mapping=SimpleNamespace(token_tile=tile),
    )


def simulated(speed: float, energy: float = 5.0, near: tuple[float, ...] = ()) -> Simulated:
    return Simulated(result(speed, energy), near=tuple(result(other, energy) for other in near))


PAPER = {"mamba1": 292.1, "mamba2": 319.2, "mamba3_mimo": 247.4}
ENERGIES = {"mamba1": 4.48, "mamba2": 8.09, "mamba3_mimo": 9.15}


def facts(
    edge: dict[str, float] = PAPER,
    flexible: dict[str, float] = PAPER,
    small: float = 1.48,
    energies: dict[str, float] = ENERGIES,
    mimo_leads_from: int = 16,
) -> Facts:
    """Numbers as if simulated: those of the paper unless told otherwise."""
    speeds = {"edge": edge, "edge_flexpe": flexible}
    return Facts(
        assumed={(a, m, name): simulated(speeds[m][name]) for a in ASSUMPTIONS for m in MACHINES for name in MODELS},
        stream={name: simulated(PAPER[name], energies[name]) for name in MODELS},
        parallel={(name, m): simulated(1.2 * speeds[m][name]) for name in MODELS for m in MACHINES},
        small={(name, m): simulated(small if name == SMALL[0] else 1.0) for name in SMALL for m in MACHINES},
        decode={
            (name, batch): simulated(batch * (1.1 if (name == "mamba3_mimo") == (batch >= mimo_leads_from) else 1.0))
            for name in DECODERS
            for batch in BATCHES
        },
    )


SLOW_LANES = {"mamba1": 123.0, "mamba2": 257.0, "mamba3_mimo": 241.0}
REVERSED = {"mamba1": 300.0, "mamba2": 250.0, "mamba3_mimo": 280.0}


@pytest.mark.parametrize(
    ("claim", "given", "verdict"),
    [
        pytest.param("On the edge Mamba-2 is fastest", {}, "holds", id="order"),
        pytest.param("On the edge Mamba-2 is fastest", {"edge": SLOW_LANES}, "holds only if PEs do", id="order on one"),
        pytest.param("Mamba-3 takes 28 %", {}, "holds", id="28 %"),
        pytest.param("Mamba-3 takes 28 %", {"edge": SLOW_LANES}, "holds only if", id="28 % on one"),
        pytest.param("The penalty is 48 %", {}, "holds; that the penalty grows as models shrink holds", id="48 %"),
        pytest.param("The penalty is 48 %", {"small": 1.2}, "holds only by the roofline", id="20 %"),
        pytest.param("From Mamba-1 to Mamba-2", {}, "holds", id="gain"),
        pytest.param("From Mamba-1 to Mamba-2", {"edge": SLOW_LANES}, "holds only on edge_flexpe", id="gain on one"),
        pytest.param(
            "From Mamba-1 to Mamba-2", {"edge": REVERSED, "flexible": REVERSED}, "does not hold", id="no gain"
        ),
        pytest.param("4.48, 8.09", {}, "holds", id="energy"),
        pytest.param("4.48, 8.09", {"energies": {**ENERGIES, "mamba1": 8.5}}, "holds only if Mamba-1 may", id="tile"),
        pytest.param("Mamba-3's changes pay", {}, "holds", id="MIMO"),
        pytest.param("Mamba-3's changes pay", {"mimo_leads_from": 1024}, "does not hold", id="MIMO never ahead"),
        pytest.param("Parallel forms", {}, "holds", id="parallel forms"),
    ],
)
def test_verdicts(claim: str, given: dict[str, Any], verdict: str) -> None:
    found = next(each for each in verdicts(facts(**given)) if each.claim.startswith(claim))
    assert found.verdict.startswith(verdict)
    assert found.command.startswith("python -m sim ")


@pytest.mark.parametrize(
    ("near", "schedule"),
    [
        pytest.param((292.0, 290.0), "for every mapping within 2%", id="none turns it"),
        pytest.param((), "for every mapping within 2%", id="there are no others"),
        pytest.param(
            (292.0, 240.0), "depends on the schedule: holds only if PEs do elementwise operations", id="one turns it"
        ),
    ],
)
def test_a_verdict_is_looked_at_with_mappings_near_the_best(near: tuple[float, ...], schedule: str) -> None:
    given = facts()
    given.assumed[ASSUMPTIONS[0], "edge", "mamba1"] = simulated(PAPER["mamba1"], near=near)
    found = next(each for each in verdicts(given) if each.claim.startswith("On the edge Mamba-2 is fastest"))
    assert (found.verdict, found.schedule) == ("holds", schedule)


def test_chunks_that_help_are_told() -> None:
    given = facts()
    for machine in MACHINES:
        given.parallel["mamba1", machine] = simulated(0.5 * PAPER["mamba1"])
    found = next(each for each in verdicts(given) if each.claim.startswith("Parallel forms"))
    assert found.verdict == "does not hold for chunks; holds for the parallel scan"
    assert "mamba2_ssd on edge +20.0 %" in found.numbers
    assert "mamba1_pscan on edge -50.0 %" in found.numbers


def test_order_and_penalty() -> None:
    assert order(PAPER) == ("mamba2", "mamba1", "mamba3_mimo")
    assert penalty(PAPER) == pytest.approx(29.0, abs=0.05)
