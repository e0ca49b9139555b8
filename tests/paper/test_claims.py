"""The page of claims: those that are simulated, and those that were measured."""

from __future__ import annotations

from pathlib import Path

from sim.paper.claims import write_claims
from sim.paper.runs import Run, Runs, Simulated
from tests.support.gpus import three_cards
from tests.support.reproduction import fake


def test_measured_claims_stand_beside_the_others(tmp_path: Path) -> None:
    write_claims(tmp_path, Runs(simulate=fake))
    assert (tmp_path / "claims.md").read_text().count("| **not measured** |") == 3
    machines = set()

    def simulate(run: Run) -> Simulated:
        machines.add(run.machine)
        return fake(run)

    write_claims(three_cards(tmp_path), Runs(simulate=simulate))
    page = (tmp_path / "claims.md").read_text()
    assert "not measured" not in page and "**does not hold: such rows are launch-bound**" in page
    assert machines == {"edge", "edge_flexpe", "h100"}
