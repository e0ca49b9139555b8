"""What a GPU may have been measured to do, made up: seconds by simple rules, so that tests know what must come out."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from sim.paper.gpu.measurements import FUSED, TORCH, GpuMeasurements

BATCHES = tuple(2**power for power in range(10))
LAUNCH = {"plain": 2e-6, "graph": 1e-6}  # seconds of an empty kernel
CODES: dict[str, dict[str, tuple[float, float]]] = {  # row -> code -> seconds plain and in a graph
    "mamba1": {TORCH: (2.0, 0.8), FUSED: (0.008, 0.007)},
    "mamba1_pscan": {"mamba-ssm": (0.006, 0.005)},
    "mamba2": {TORCH: (1.6, 0.5), FUSED: (0.006, 0.005)},
    "mamba2_ssd": {"mamba-ssm": (0.012, 0.004)},
    "mamba3_mimo": {TORCH: (3.0, 1.0), FUSED: (0.010, 0.009)},
    "mamba3_mimo_ssd": {TORCH: (0.030, 0.020)},
    "mamba2-780m": {"mamba-ssm": (0.010, 0.0048)},
    "mamba3-siso-893m": {"mamba-ssm": (0.009, 0.0072)},
    "mamba3-mimo-894m": {"mamba-ssm": (0.0096, 0.0096)},
}
DECODE = {  # (seconds of weights, seconds of a sequence's state) of a step in a graph
    "mamba2": (FUSED, 4e-4, 16e-6),
    "mamba3_mimo": (FUSED, 5e-4, 8e-6),
    "mamba2-780m": ("mamba-ssm", 4e-4, 20e-6),
    "mamba3-siso-893m": ("mamba-ssm", 4e-4, 10e-6),
    "mamba3-mimo-894m": ("mamba-ssm", 4.4e-4, 11e-6),
}
KERNELS = [
    {"name": "chunk_fwd<bf16, 64 | 64>", "runs": 1, "microseconds": 120.0},
    {"name": "rotate", "runs": 2, "microseconds": 30.0},
]


def timed(seconds: float, watts: float | None = None) -> dict[str, Any]:
    """A median with what lies around it."""
    return {"seconds": seconds, "least": 0.99 * seconds, "most": 1.05 * seconds, "watts": watts}


def layers_of(row: str) -> int:
    """Layers of a row."""
    return 24 if row.startswith("mamba3-") else 48


def gpu(name: str = "NVIDIA H100 80GB HBM3", slower: float = 1.0, fingerprint: str = "a1") -> dict[str, Any]:
    """A whole file of a card that takes *slower* times as long for all but launches."""
    return {
        "command": "python -m bench.gpu",
        "stallscope": "0.9.0",
        "date": "2026-12-01",
        "card": card(name, fingerprint),
        "software": {"python": "3.12.3", "torch": "2.11.0+cu130", "mamba-ssm": "2.3.2.post1"},
        "launches": [{"launch": launch, "seconds": seconds} for launch, seconds in LAUNCH.items()],
        "copies": [{"bytes": size, "timed": timed(slower * 2 * size / 3e12)} for size in (1 << 24, 1 << 30)],
        "products": products(slower),
        "state_updates": [
            update(row, code, launch, slower * seconds)
            for row, codes in CODES.items()
            for code, both in codes.items()
            for launch, seconds in zip(LAUNCH, both, strict=True)
        ],
        "decode": [
            step(name, batch, launch, slower)
            for name in DECODE
            for launch in LAUNCH
            for batch in BATCHES
        ],
        "attention": attention(slower),
        "checks": [{"code": "mamba2, fused kernel of ours", "error": 3e-4}],
        "missing": {"mamba3-mimo-894m, plain": "its kernel did not compile"},
    }  # fmt: skip


def card(name: str, fingerprint: str) -> dict[str, Any]:
    """A card with the figures of an H100."""
    return {
        "name": name,
        "fingerprint": fingerprint,
        "multiprocessors": 132,
        "memory_bytes": 80 << 30,
        "l2_bytes": 50 << 20,
        "power_limit_watts": 700.0,
        "idle_watts": 70.0,
        "sm_clock_mhz": 1500.0,
        "sm_clock_max_mhz": 1980.0,
        "memory_clock_mhz": 2619.0,
        "driver": "580.1",
    }


def products(slower: float) -> list[dict[str, Any]]:
    """Matrices with vectors at 2.5 TB/s, with matrices at 600 TFLOPS."""
    gemv = {"m": 1, "n": 4096, "k": 4096, "copies": 8, "timed": timed(slower * 2 * 4096 * 4096 / 2.5e12)}
    gemm = {"m": 8192, "n": 8192, "k": 8192, "copies": 1, "timed": timed(slower * 2 * 8192**3 / 6e14)}
    return [gemv, gemm]


def update(row: str, code: str, launch: str, seconds: float) -> dict[str, Any]:
    """The state update of a row: torch operations have twelve launches for each token, kernels three for all."""
    sequential = code == TORCH and row in ("mamba1", "mamba2", "mamba3_mimo")
    return {
        "row": row,
        "code": code,
        "layers": layers_of(row),
        "tokens": 1024,
        "launch": launch,
        "timed": timed(seconds, 120.0 if launch == "graph" else None),
        "launches": 12 * 1024 if sequential else 3,
        "kernels": KERNELS if code == "mamba-ssm" and launch == "plain" else [],
    }


def step(name: str, batch: int, launch: str, slower: float) -> dict[str, Any]:
    """A step of decode; launched plainly it takes half a millisecond more."""
    code, weights, state = DECODE[name]
    seconds = slower * (weights + batch * state) + (5e-4 if launch == "plain" else 0)
    return {"workload": name, "code": code, "batch": batch, "launch": launch, "timed": timed(seconds)}


def attention(slower: float) -> list[dict[str, Any]]:
    """Quadratic in tokens, six times as long with an explicit mask."""
    return [
        {"tokens": tokens, "heads": 14, "key_heads": 2, "head_dim": 64, "mask": mask,
         "timed": timed(slower * factor * (tokens / 24576) ** 2 * 2e-3)}
        for tokens in (24576, 32768, 57344)
        for mask, factor in (("is_causal", 1), ("explicit", 6))
    ]  # fmt: skip


def measurements(**changes: Any) -> GpuMeasurements:
    """A card's file, with *changes*, as it is read."""
    return GpuMeasurements.model_validate(gpu() | changes)


def three_cards(folder: Path) -> Path:
    """Write two cards of one model and one of another into *folder*, as ``gpu/*.json``."""
    from json import dumps

    files = {
        "h100-a": gpu(),
        "h100-b": gpu(slower=1.1, fingerprint="b2"),
        "other": gpu("Another GPU", 3.0, "c3"),
    }
    (folder / "gpu").mkdir()
    for name, content in files.items():
        (folder / "gpu" / f"{name}.json").write_text(dumps(content, indent=2))
    return folder
