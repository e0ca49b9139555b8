"""The fused kernels that there are for state updates: mamba-ssm's and ours. Importing this needs mamba-ssm."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import torch

from bench.gpu import official
from bench.gpu.mamba2 import draw_mamba2
from bench.gpu.mamba3_steps import mamba3_steps
from bench.gpu.models import official_mamba3, sizes_of
from bench.gpu.recurrence import Draw
from bench.gpu.state_updates import OFFICIAL, OURS, Code, Row


def table_kernels() -> Mapping[str, Mapping[str, Code]]:
    """Row of Table 1 -> code -> what does it; of the scan only where the package was built with it."""
    found: dict[str, Mapping[str, Code]] = {
        "mamba1": {OFFICIAL: official.mamba1_steps},
        "mamba2": {OFFICIAL: official.mamba2_steps},
        "mamba2_ssd": {OFFICIAL: official.mamba2_ssd},
        "mamba3_mimo": {OURS: mamba3_steps},
    }
    if official.HAS_SCAN:
        found["mamba1_pscan"] = {OFFICIAL: official.mamba1_scan}
    return found


def official_rows(device: torch.device) -> dict[str, Callable[[], Row]]:
    """The chunk kernels of official models, Mamba-2, and Mamba-3 SISO and MIMO: workload -> what makes its row."""
    return {
        "mamba2-780m": lambda: _ssd_row("mamba2-780m"),
        "mamba3-siso-893m": lambda: _chunk_row("mamba3-siso-893m", device),
        "mamba3-mimo-894m": lambda: _chunk_row("mamba3-mimo-894m", device),
    }


def _ssd_row(name: str) -> Row:
    spec, sizes = sizes_of(name)
    tokens, heads = spec.sequence_length, sizes.expand * sizes.d_model // sizes.head_dim

    def draw(source: Draw) -> object:
        return draw_mamba2(source, tokens, heads, sizes.head_dim, sizes.d_state)

    return Row(name, spec.layers, tokens, draw, {OFFICIAL: official.mamba2_ssd})


def _chunk_row(name: str, device: torch.device) -> Row:
    spec, sizes = sizes_of(name)
    tokens, mixer = spec.sequence_length, official_mamba3(sizes, device)
    code: Code = lambda source: official.mamba3_chunks(mixer, source, tokens)  # noqa: E731
    return Row(name, spec.layers, tokens, lambda source: source, {OFFICIAL: code})
