"""The verdict over a page."""

from __future__ import annotations

import pytest

from sim.accounting.result import Result, UnitAccount
from sim.presentation.html.headline import verdict
from tests.support.reports import Report


@pytest.mark.parametrize(
    ("unit", "expected"),
    [
        pytest.param("dma", "DMA works 10.0% of the time; ahead (waits for space) 90.0%.", id="ahead is no loss"),
        pytest.param("simd", "SIMD works 10.0% of the time and loses most to: no free buffer (90.0%).", id="a loss"),
    ],
)
def test_verdict_tells_losses_from_being_ahead(unit: str, expected: str, run_report: tuple[Report, Result]) -> None:
    account = UnitAccount(
        busy_cycles=10, useful_cycles=10, fill_drain_cycles=0, edge_cycles=0, stalls={"no_buffer": 90}
    )
    result = run_report[1]
    units = result.units | {unit: account}
    assert expected in verdict(result.model_copy(update={"makespan_cycles": 100, "units": units}))
