"""A run by the classes of a whole model: each part where it belongs. That it is all of it: conservation.py."""

from __future__ import annotations

import pytest

from sim import simulate
from sim.accounting.result import Breakdown, Result
from sim.files.limits import LIMITS
from sim.simulation import prepare, run
from tests.support.accounted import done
from tests.support.conservation import check_breakdown

SHORT = LIMITS._replace(search="short")


def breakdown_of(result: Result) -> Breakdown:
    assert result.breakdown is not None
    return result.breakdown


def test_everything_has_a_class_where_layers_are_scaled() -> None:
    scaled = simulate("mamba2-d96", "edge", layers=5, sequence_length=64, simulate_layers=2)
    check_breakdown(scaled)
    classes = breakdown_of(scaled).classes
    d, i, n, h, tokens = 96, 192, 64, 3, 64
    assert classes["projections"].macs == 5 * tokens * d * (2 * i + 2 * n + h + i)
    assert classes["convolution"].macs == 5 * tokens * 4 * (i + 2 * n)


@pytest.mark.parametrize("phase", ["prefill", "decode"])
def test_everything_has_a_class_where_layers_have_parts(phase: str) -> None:
    """Falcon-H1: attention beside Mamba-2; what attention takes and gives is its own, the stream is not."""
    job = prepare("falcon-h1-0.5b", "edge", ["layers=1", "sequence_length=64", f"phase={phase}"], SHORT)
    result = run(job)
    check_breakdown(result)
    classes, tokens = breakdown_of(result).classes, 64 if phase == "prefill" else 1
    assert list(classes) == ["ssm", "attention", "projections", "mlp", "convolution", "norms", "residual"]
    assert classes["projections"].macs == tokens * (3_432_448 + 1_572_864 + 1_310_720)  # SSM in and out, attention's
    assert classes["mlp"].macs == tokens * 6_291_456
    assert classes["residual"].dram_bytes == 3 * tokens * 2 * 1024  # before attention, behind it, and out
    state = 2 * 24 * 64 * 128 * 4 if phase == "decode" else 24 * 64 * 128 * 4
    parameters = 2 * 24 * 3  # decay, bias of dt, skip
    assert classes["ssm"].dram_bytes == state + parameters + 2 * tokens * 2 * 1024  # the mixer's result, out and in


DECODE = {"phase": "decode", "layers": 2, "sequence_length": 64, "batch": 2, "head": True, "state_precision": "16bit"}


def test_bytes_belong_to_who_needs_them() -> None:
    """Each weight once a token; of Mamba-1, a state in and out, and three rows of the convolution's window."""
    classes = breakdown_of(simulate("mamba-130m", "edge", **DECODE)).classes
    d, i, n, r = 768, 1536, 16, 48
    weights = {"projections": d * 2 * i + i * (r + 2 * n) + r * i + i * d, "norms": d}
    state = {"ssm": i * n, "convolution": 3 * i}
    parameters = {"ssm": i + i * n + i, "convolution": 5 * i}  # b_dt, A, D; taps and bias
    for name in ("projections", "norms", "ssm", "convolution"):
        once = weights.get(name, 0) + parameters.get(name, 0) + 2 * 2 * state.get(name, 0)
        assert classes[name].dram_bytes == 2 * 2 * once, name
    assert classes["residual"].dram_bytes == 2 * 2 * 2 * 2 * d  # layers, sequences, in and out, bytes
    assert classes["head"].dram_bytes == 2 * (50_280 * d + d + 2 * d + 2 * 50_280)


def test_dequantisation_is_for_projections() -> None:
    result = simulate("mamba2-d96", "edge", layers=2, sequence_length=32, precision__weights="4bit",
                      mac_array__types=["w16a16"])  # fmt: skip
    check_breakdown(result)
    busy = result.by_class["dequantisation"]["simd"].busy_cycles
    assert busy > 0
    assert breakdown_of(result).classes["projections"].busy_cycles["simd"] == busy


@pytest.mark.parametrize(
    ("phase", "first"),
    [pytest.param("prefill", "ssm", id="prefill"), pytest.param("decode", "projections", id="decode")],
)
def test_what_takes_the_time(phase: str, first: str) -> None:
    """Mamba-1's scan on 32 lanes in prefill; in decode the weights, each of which is loaded for one MAC."""
    result = simulate("mamba-130m", "edge", layers=1, sequence_length=64, phase=phase)
    classes = breakdown_of(result).classes
    assert max(classes, key=lambda name: classes[name].time_share) == first
    share = classes[first]
    assert share.alone_cycles == share.busy_cycles["simd" if first == "ssm" else "mac_array"]


def test_the_scan_of_ssm_scope_has_projections() -> None:
    found = breakdown_of(done("mamba-130m-edge-prefill")[1])
    d, i, r, n = 768, 1536, 48, 16
    inside = i * (r + 2 * n) + r * i + i * d  # x_proj, dt_proj, out_proj
    outside = sum(found.classes[name].macs for name in ("ssm", "convolution"))
    assert found.ssm_scope["SSM_Scan"].macs == outside + 2 * 64 * inside
