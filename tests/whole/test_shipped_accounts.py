"""Shipped workloads on shipped machines: all cycles are accounted for, whichever way they are cut."""

from __future__ import annotations

import pytest

from sim.files.catalog import shipped
from sim.simulation import prepare, run
from tests.support.conservation import check_parts, check_windows

PAIRS = [
    pytest.param(workload, machine, id=f"{workload}-{machine}")
    for workload in shipped("workload")
    for machine in shipped("machine")
    if workload not in shipped("equations") or machine in ("edge", "edge_flexpe")  # which are as unlike as any two
]
SHORT = ("layers=2", "sequence_length=20", "mapping.weight_slot_kib=64", "mapping.lanes=1")  # chunks with padding


@pytest.mark.parametrize(("workload", "machine"), PAIRS)
def test_every_cycle_has_its_place(workload: str, machine: str) -> None:
    result = run(prepare(workload, machine, SHORT), windows=8, critical_path=True)
    check_parts(result)
    check_windows(result, 8)
    assert result.critical_path is not None
    assert sum(part.cycles for part in result.critical_path) == result.makespan_cycles
