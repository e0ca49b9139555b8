"""Small runs with an explanation each."""

from __future__ import annotations

from functools import cache

from sim.explanation.explain import explain
from sim.explanation.findings import Explanation
from sim.explanation.laboratory import Laboratory
from sim.files.resolve import build_workload, read_inputs

PINNED = ("mapping.blocks=2", "mapping.lanes=1", "mapping.weight_slot_kib=32", "mapping.placement=simd")
SMALL = ("dimensions.d_model=256", "sequence_length=32", "mapping.token_tile=16", *PINNED)
SMALL_MAMBA2 = (*SMALL, "dimensions.head_dim=32")
DECODE = ("phase=decode", "mapping.token_tile=1", *PINNED)
EXPLAINED = {  # with mappings that leave nothing to choose, so that no time goes into trials
    "prefill": ("mamba2", "edge", SMALL_MAMBA2),
    "decode": ("mamba3_mimo-d192", "edge", DECODE),
    "wide-decode": ("mamba1-d192", "edge", (*DECODE, "mac_array.rows=8", "mac_array.columns=128")),
    "already-ideal": ("mamba1-d96", "edge_flexpe", (*SMALL[1:], "ideal=[dram_refresh, edges]")),
}


@cache
def laboratory(name: str) -> Laboratory:
    """Where experiments with one of :data:`EXPLAINED` are made."""
    workload, machine = read_inputs(*EXPLAINED[name][:2], [*EXPLAINED[name][2], "layers=1"])
    return Laboratory(build_workload(workload), machine, workload)


@cache
def explained_with_progress(name: str) -> tuple[Explanation, list[tuple[int, int]]]:
    """The explanation, and what its progress was called with."""
    calls: list[tuple[int, int]] = []
    return explain(laboratory(name), progress=lambda done, total: calls.append((done, total))), calls


def explained(name: str) -> Explanation:
    """The explanation of one of :data:`EXPLAINED`."""
    return explained_with_progress(name)[0]
