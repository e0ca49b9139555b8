"""How hard the tests search for mappings: those that are about the search itself as hard as users do."""

from __future__ import annotations

import pytest

from sim.files.limits import BUDGETS, Budget

FEW = Budget(trials=4, requests=500_000)
SHORT = BUDGETS["short"]


@pytest.fixture(autouse=True)
def real_searches(monkeypatch: pytest.MonkeyPatch) -> None:
    """For the modules that import it: a short search has the trials that it has for users."""
    monkeypatch.setitem(BUDGETS, "short", SHORT)  # type: ignore[misc]
