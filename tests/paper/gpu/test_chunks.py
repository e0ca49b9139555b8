"""Chunk kernels: seconds for the work that they do, and which kernels that is."""

from __future__ import annotations

import pytest

from sim.paper.gpu.chunks import LONGEST, chunked, shortened
from tests.support.gpus import KERNELS, measurements, update


def test_seconds_are_those_of_a_layer_for_its_work() -> None:
    """SSD in chunks of 256 takes 3,145,728 MACs a layer and token (workloads/mamba2-780m.yaml), 48 heads."""
    ssd = chunked(measurements(), "mamba2-780m")
    assert ssd is not None and ssd.launch == "graph"
    assert ssd.seconds == pytest.approx(0.0048 / 48)
    assert ssd.macs == 1024 * 3_145_728 and ssd.heads == 48
    assert ssd.seconds_per_mac == pytest.approx(1e-4 / ssd.macs)
    assert ssd.multiplying == pytest.approx(ssd.macs / 3e14)
    assert ssd.copying == pytest.approx(1024 * 20_576.28125 / 3e12)
    assert ssd.least == ssd.multiplying


def test_kernels_are_those_of_another_launch_if_need_be() -> None:
    ssd = chunked(measurements(), "mamba2-780m")
    assert ssd is not None and [kernel.name for kernel in ssd.kernels] == [each["name"] for each in KERNELS]
    assert ssd.runs == 3 and ssd.in_kernels == pytest.approx(150e-6)


def test_what_was_not_measured_is_none_or_empty() -> None:
    alone = measurements(
        copies=[], products=[], state_updates=[update("mamba2-780m", "mamba-ssm", "graph", 1.0) | {"kernels": []}]
    )
    ssd = chunked(alone, "mamba2-780m")
    assert ssd is not None and ssd.kernels == () and ssd.least is None
    assert chunked(alone, "mamba3-siso-893m") is None


def test_long_names_are_cut() -> None:
    assert shortened("chunk") == "chunk"
    assert len(shortened("x" * 100)) == LONGEST
