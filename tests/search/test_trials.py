"""Trials save work only where that changes nothing."""

from __future__ import annotations

from math import inf

import pytest

from sim.search.trials import Trials
from sim.simulation import prepare


@pytest.mark.parametrize(
    ("workload", "machine"),
    [("mamba1-d192", "edge_flexpe"), ("mamba2-d192", "edge_flexpe"), ("mamba3_mimo-d96", "edge")],
)
def test_trials_that_end_early_lose_in_full_as_well(
    workload: str, machine: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = ["layers=1", "sequence_length=512"]
    early = prepare(workload, machine, settings).sections[0]
    limits: list[float] = []
    limit = Trials._limit

    def no_limit(trials: Trials, places: int) -> float:
        limits.append(limit(trials, places))
        return inf

    monkeypatch.setattr(Trials, "_limit", no_limit)
    full = prepare(workload, machine, settings).sections[0]
    assert min(limits) < inf  # else nothing would have ended early
    assert (early.mapping, early.trials) == (full.mapping, full.trials)
