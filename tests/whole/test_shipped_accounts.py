"""Shipped workloads on shipped machines: all cycles are accounted for, whichever way they are cut."""

from __future__ import annotations

import pytest

from sim.accounting.result import Result
from sim.files.catalog import shipped
from sim.files.limits import LIMITS
from sim.simulation import prepare, run
from tests.support.conservation import check_parts, check_windows
from tests.support.shipped import UNLIKE

UNLIKE_MACHINES = ("edge", "edge_flexpe")  # as unlike as any two
PAIRS = [
    pytest.param(workload, machine, id=f"{workload}-{machine}")
    for workload in shipped("workload")
    for machine in shipped("machine")
    if workload not in UNLIKE
    if machine in UNLIKE_MACHINES or workload in ("mamba1", "mamba2", "mamba3_mimo", "mamba2_ssd", "mamba-130m")
    if machine == "edge" or "-" not in workload or workload == "mamba-130m"  # the others are the same graphs
]
SHORT = ("layers=2", "sequence_length=20", "mapping.weight_slot_kib=64", "mapping.lanes=1")  # chunks with padding
CUT = ("sequence_length=20", "mapping.query_tile=32", "mapping.key_block=32")
LAYERED = [  # the first layers that have all kinds, of models with every sort of part
    pytest.param("qwen2.5-0.5b", 2, id="a Transformer"),
    pytest.param("gpt-neo-125m", 2, id="a window, LayerNorm, biases"),
    pytest.param("falcon-h1-0.5b", 1, id="attention beside Mamba-2"),
    pytest.param("hymba-1.5b", 3, id="attention beside Mamba-1, shared keys and values, tokens before the prompt"),
    pytest.param("zamba2-1.2b", 6, id="a shared block"),
    pytest.param("lfm2-1.2b", 3, id="short convolutions"),
]


@pytest.mark.parametrize(("workload", "machine"), PAIRS)
def test_every_cycle_has_its_place(workload: str, machine: str) -> None:
    result = run(prepare(workload, machine, SHORT), windows=8, critical_path=True)
    check_windows(result, 8)
    _check(result)


@pytest.mark.parametrize(("workload", "layers"), LAYERED)
def test_every_cycle_of_layers_with_parts_has_its_place(workload: str, layers: int) -> None:
    """Windows show a part once, wherever it comes, so they are not asked."""
    job = prepare(workload, "edge", [f"layers={layers}", *CUT], LIMITS._replace(search="short"))
    _check(run(job, critical_path=True, stride="tile"))


def _check(result: Result) -> None:
    check_parts(result)
    assert result.critical_path is not None
    assert sum(part.cycles for part in result.critical_path) == result.makespan_cycles
