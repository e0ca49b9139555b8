"""Gated DeltaNet with more value heads than key heads: what one with as many makes, whose key heads are repeated."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from sim.files.resolve import resolve_workload
from tests.support.delta_rules import gated_deltanet
from workloads.execute import execute, random_parameters
from workloads.graph import TimestepGraph

KEYS, VALUES = 2, 3  # key heads, value heads of each
OF_KEYS = ("W_q", "W_k", "W_conv_q", "W_conv_k")


def graph(folder: Path, chunk: int | None) -> TimestepGraph:
    path = folder / "grouped.yaml"
    path.write_text("name: grouped\nmodel: grouped_deltanet\nlayers: 1\nsequence_length: 8\n", encoding="utf-8")
    sizes = [
        f"equations.sizes.{index}={size}" for index, size in {"d": 6, "h": KEYS, "w": VALUES, "k": 4, "v": 5}.items()
    ]
    return resolve_workload(
        str(path), [*sizes, *([] if chunk is None else ["formulation=chunked", f"chunk={chunk}"])]
    ).graph


@pytest.mark.parametrize("chunk", [None, 4, 16, 64])
def test_it_is_gated_deltanet_with_repeated_key_heads(tmp_path: Path, chunk: int | None) -> None:
    built = graph(tmp_path, chunk)
    W = random_parameters(built, 1)
    alike = {}
    for name, axes in built.parameters.items():
        values = W[name]
        if "h" in axes:
            place = axes.index("h")
            if name in OF_KEYS:
                values = np.repeat(values, VALUES, axis=place)
            else:
                values = values.reshape(*values.shape[:place], KEYS * VALUES, *values.shape[place + 2 :])
        alike[name] = values
    inputs = np.random.default_rng(0).standard_normal((21, 6))
    expected, state = gated_deltanet(alike, inputs)
    found = execute(built, W, inputs)
    np.testing.assert_allclose(found.values["out"], expected, rtol=1e-10, atol=1e-10)
    np.testing.assert_allclose(
        found.state["S"][-1].reshape(KEYS * VALUES, 4, 5), state["S"][-1], rtol=1e-10, atol=1e-10
    )
