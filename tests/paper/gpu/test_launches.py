"""What launches take: by their number, by what a graph saves, and of the paper's A100."""

from __future__ import annotations

import pytest

from sim.paper.gpu.launches import launched, pace_ratio, paper_launches, paper_ratio
from sim.paper.gpu.measurements import TORCH
from tests.support.gpus import FUSED, measurements, update


def test_launches_are_counted_and_saved() -> None:
    """Twelve a layer and token, 48 layers, 1024 tokens, 2 µs each, are 1.18 s of two; a graph saves 1.2 s."""
    row = launched(measurements(), "mamba1")
    assert row is not None
    assert row.told == pytest.approx(12 * 48 * 1024 * 2e-6 / 2.0)
    assert row.saved == pytest.approx(0.6)
    assert row.fused == 0.007
    assert row.bound


@pytest.mark.parametrize(
    ("graph", "launches", "bound"),
    [
        pytest.param(1.1, 1, False, id="neither"),
        pytest.param(0.9, 1, True, id="a graph saves half"),
        pytest.param(1.9, 12, True, id="launches are half"),
        pytest.param(None, 12, True, id="no graph"),
        pytest.param(None, None, None, id="nothing tells"),
    ],
)
def test_what_is_bound_by_launches(graph: float | None, launches: int | None, bound: bool | None) -> None:
    plain = update("mamba1", TORCH, "plain", 2.0) | {"launches": launches and 1024 * launches}
    updates = [plain] if graph is None else [plain, update("mamba1", TORCH, "graph", graph)]
    row = launched(measurements(state_updates=updates), "mamba1")
    assert row is not None and row.bound is bound


def test_what_was_not_measured_is_none() -> None:
    card = measurements(state_updates=[update("mamba1", FUSED, "plain", 1.0)])
    assert launched(card, "mamba1") is None
    assert pace_ratio(card, FUSED, "plain") is None


def test_ratios_and_launches_of_the_paper() -> None:
    assert pace_ratio(measurements(), TORCH, "plain") == pytest.approx(0.8)
    assert paper_ratio() == pytest.approx(585 / 735)
    assert paper_launches("mamba2", 48, 2e-6) == pytest.approx(1 / (735 * 48 * 2e-6))
