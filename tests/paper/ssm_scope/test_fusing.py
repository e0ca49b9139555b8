"""Which operations are one kernel."""

from __future__ import annotations

import pytest

from sim.paper.ssm_scope.fusing import Software, kernel_of


@pytest.mark.parametrize(
    ("operation", "software", "chunked", "kernel"),
    [
        pytest.param("in_proj.z", "mamba_ssm", True, "in_proj", id="one projection inwards"),
        pytest.param("norm.apply", "mamba_ssm", True, "add_norm", id="norm"),
        pytest.param("residual", "mamba_ssm", False, "add_norm", id="and addition"),
        pytest.param("gate", "mamba_ssm", False, "scan", id="Mamba-1's gate is in the scan"),
        pytest.param("gate", "mamba_ssm", True, "gated_norm", id="Mamba-2's is in the norm"),
        pytest.param("update", "mamba_ssm", False, "scan", id="a state"),
        pytest.param("update", "mamba_ssm", True, "state_passing", id="a chunk's state"),
        pytest.param("dt_x", "mamba_ssm", True, None, id="made anew by each that needs it"),
        pytest.param("dt_x", "mamba_ssm", False, "scan", id="in registers"),
        pytest.param("ssm.scores", "transformers", True, "ssm.chunk_products", id="beside attention"),
        pytest.param("ssm.gate", "transformers", False, "ssm.scan", id="Hymba's gate"),
        pytest.param("ssm.gate", "transformers", True, "ssm.gate", id="eager"),
        pytest.param("norm.apply", "transformers", True, "norm.apply", id="an eager norm"),
        pytest.param("q_bias", "transformers", False, "q_proj", id="a bias"),
        pytest.param("mlp.up_bias", "transformers", False, "mlp.up", id="a bias of an MLP"),
        pytest.param("out_proj", "mamba_ssm", True, "out_proj", id="alone"),
    ],
)
def test_kernel(operation: str, software: Software, chunked: bool, kernel: str | None) -> None:
    assert kernel_of(operation, software, chunked) == kernel
