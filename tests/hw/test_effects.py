"""What a cost is on a machine that is freed of edges, or of fill and drain."""

from __future__ import annotations

import pytest

from hw.effects import Effect, freed_cost
from hw.requests import Cost

# 100 cycles, of which 60 are useful, 15 fill and drain, and 25 are lost at edges; the result is there 8 later.
COST = Cost(100, 8, 60, 15)


@pytest.mark.parametrize(
    ("cost", "ideal", "freed"),
    [
        pytest.param(COST, [], COST, id="nothing"),
        pytest.param(COST, ["edges"], Cost(60 + 15, 8, 60, 15), id="edges"),
        pytest.param(COST, ["fill_drain"], Cost(60 + 25, 0, 60, 0), id="fill and drain: the result is there at once"),
        pytest.param(COST, ["edges", "fill_drain"], Cost(60, 0, 60, 0), id="both"),
        pytest.param(COST, ["fill_drain", "edges"], Cost(60, 0, 60, 0), id="in whatever order they are named"),
        pytest.param(COST, ["bank_conflicts", "dram_refresh", "recurrence"], COST, id="other effects"),
        pytest.param(Cost(3, 2), ["edges"], Cost(1, 2), id="a request takes a cycle at least"),
        pytest.param(Cost(3, 2, 0, 3), ["fill_drain"], Cost(1), id="with nothing but fill, too"),
    ],
)
def test_what_is_ideal_costs_nothing(cost: Cost, ideal: list[Effect], freed: Cost) -> None:
    assert freed_cost(cost, ideal) == freed
