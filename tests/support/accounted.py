"""Runs of shipped models whose every cycle has to be accounted for."""

from __future__ import annotations

from functools import cache
from typing import get_args

from hw.effects import Effect
from sim.accounting.result import Result
from sim.simulation import Job, prepare, run

SMALL = ("layers=2", "sequence_length=64")
PINNED = ("mapping.blocks=4", "mapping.lanes=1", "mapping.weight_slot_kib=64")
PREFILL = (*SMALL, *PINNED, "mapping.token_tile={tile}")
DECODE = (*SMALL, *PINNED, "mapping.token_tile=1", "phase=decode")
PLACED = {"edge": "mapping.placement=simd", "edge_flexpe": "mapping.placement=mac_array"}
SHIPPED = {  # tokens of a tile: two tiles, but a chunk of 64 is one
    "mamba1": 32,
    "mamba2": 32,
    "mamba3_mimo": 32,
    "mamba2_ssd": 64,
    "mamba1_pscan": 32,
    "mamba3_mimo_ssd": 32,
    "mamba-130m": 32,
}
HEAD = {"mamba-130m": ("head=true",)}

Case = tuple[str, str, tuple[str, ...]]  # workload, machine, assignments
RUNS = {
    f"{workload}-{machine}-{phase}": (
        workload,
        machine,
        (*(text.format(tile=tile) for text in settings_), PLACED[machine], *HEAD.get(workload, ())),
    )
    for workload, tile in SHIPPED.items()
    for machine in PLACED
    for phase, settings_ in {"prefill": PREFILL, "decode": DECODE}.items()
} | {
    "ragged": ("mamba2", "edge", ("layers=3", "sequence_length=37", *PINNED, "mapping.token_tile=16")),
    "spilled": ("mamba2", "edge", (*SMALL, *PINNED, "mapping.token_tile=32", "mapping.spill=true")),
    "batch": ("mamba2", "edge", (*DECODE, "batch=4", "mapping.spill=true")),
    "narrow-banks": ("mamba2", "edge", (*SMALL, *PINNED, "mapping.token_tile=32", "sram.bank_width=4B")),
    "one-bank": (
        "mamba3_mimo",
        "edge_flexpe",
        (*SMALL, *PINNED, "mapping.token_tile=32", "sram.banks=1", "sram.interleave=1"),
    ),
    "nothing-costs": (
        "mamba2",
        "edge",
        (*SMALL, *PINNED, "mapping.token_tile=32", f"ideal=[{', '.join(get_args(Effect))}]"),
    ),
}

WINDOWS = 50


@cache
def done(case: str) -> tuple[Job, Result]:
    """The job of a row of RUNS, and its result."""
    workload, machine, assignments = RUNS[case]
    job = prepare(workload, machine, assignments)
    return job, run(job)


@cache
def recorded(case: str) -> Result:
    """The same with WINDOWS windows at most, and the critical path."""
    return run(done(case)[0], windows=WINDOWS, critical_path=True)
