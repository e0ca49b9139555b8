"""The roofline's points against its ceilings."""

from __future__ import annotations

import pytest

from hw.reasons import Reason
from sim.presentation.figures.roofline import roofline_of
from sim.simulation import prepare, run

SMALL = ("layers=1", "sequence_length=32", "mapping.token_tile=16", "mapping.blocks=1", "mapping.lanes=1")


@pytest.mark.parametrize("banks", [1, 4, 16])
def test_no_class_moves_more_than_the_banks_give(banks: int) -> None:
    """Not even where they keep units waiting, whose cycles are in the rate then."""
    shape = (f"sram.banks={banks}", f"sram.interleave={banks}")
    job = prepare("mamba2-d96", "edge_flexpe", [*SMALL, *shape])
    result = run(job)
    found = roofline_of(job.sections, job.machine, result)
    conflicts = sum(unit.stalls.get(Reason.BANK_CONFLICT, 0) for unit in result.units.values())
    assert (conflicts > 0.1 * result.makespan_cycles) == (banks <= 4)
    for point in found.points:
        assert point.sram_bytes * found.clock_hz / point.cycles <= 1.001 * found.sram_bandwidth, point
        assert point.cycles >= result.by_class[point.operation_class][point.unit].busy_cycles
