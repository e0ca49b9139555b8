"""Kernels: all of a model's products, and bytes by hand."""

from __future__ import annotations

import pytest

from sim.files.resolve import resolve
from sim.paper.ssm_scope.kernels import Kernel, Rates, attention_kernel, attentions, kernels_of, rates_of
from sim.paper.ssm_scope.software import Prompt
from workloads.workload import Workload

MACHINE = "published/rtx4090"
TOKENS = 512


def workload(name: str, *settings: str) -> Workload:
    return resolve(name, MACHINE, [f"sequence_length={TOKENS}", *settings]).workload


def kernels(name: str, *settings: str) -> dict[str, Kernel]:
    found = kernels_of(
        workload(name, *settings), resolve(name, MACHINE).machine, Prompt("rtx4090", name, TOKENS).software
    )
    return {each.name: each for each in found}


def test_the_peaks_are_the_devices() -> None:
    rates = rates_of(resolve("mamba-130m", MACHINE).machine)
    assert 2 * rates.macs == pytest.approx(165.15e12, rel=1e-3)
    assert 2 * rates.lane_cycles == pytest.approx(82.58e12, rel=1e-3)
    assert rates.bytes == pytest.approx(1008e9, rel=1e-5)


@pytest.mark.parametrize(
    ("name", "settings"),
    [
        pytest.param("mamba2-130m", ("formulation=chunked",), id="chunks"),
        pytest.param("qwen2.5-0.5b", (), id="a Transformer"),
        pytest.param("falcon-h1-0.5b", ("formulation=chunked",), id="a hybrid"),
    ],
)
def test_all_products_are_in_kernels(name: str, settings: tuple[str, ...]) -> None:
    layers = workload(name, *settings)
    macs = sum(stack.counts.macs for stack in layers.body if stack.keys is None)
    found = sum(each.macs for each in kernels(name, *settings).values())
    assert found == pytest.approx(macs, rel=0.01)  # lanes do some sums of products: convolutions, norms


def test_bytes_of_an_addition_with_norm() -> None:
    """12 bytes an element: the residual stream in 32 bit read and written, what is added, and what is normalised."""
    found = kernels("mamba2-130m", "formulation=chunked")["add_norm"]
    assert found.bytes == 24 * (12 * 768 * TOKENS + 2 * 768)
    assert found.macs == 0 and found.paper_class == "normalization"


def test_bytes_of_an_eager_norm() -> None:
    found = kernels("qwen2.5-0.5b")
    assert found["mlp_norm.apply"].bytes == 24 * 36 * 896 * TOKENS
    assert found["mlp_norm.square"].bytes == 0
    assert found["mlp.activate"].bytes == 24 * 10 * 4864 * TOKENS


def test_bytes_of_a_projection() -> None:
    found = kernels("qwen2.5-0.5b")["mlp.down"]
    assert found.bytes == 24 * 2 * ((4864 + 896) * TOKENS + 4864 * 896)
    assert found.macs == 24 * 4864 * 896 * TOKENS


@pytest.mark.parametrize(("masked", "pairs"), [(False, TOKENS * (TOKENS + 1) // 2), (True, TOKENS**2)])
def test_attention_skips_what_is_hidden_unless_a_mask_hides_it(masked: bool, pairs: int) -> None:
    layers = workload("qwen2.5-0.5b")
    (attention,) = attentions(layers)
    found = attention_kernel(layers, attention, resolve("mamba2", MACHINE).machine, masked)
    assert found.macs == 24 * 14 * 128 * pairs
    mask = 14 * TOKENS**2 * 2 if masked else 0
    assert found.bytes == 24 * (2 * TOKENS * (14 + 2) * 128 + mask)


def test_a_kernel_takes_what_it_needs_the_most_of() -> None:
    rates = Rates(macs=10, lane_cycles=5, bytes=2)
    assert Kernel("it", "GEMM", macs=20, lane_cycles=5, bytes=2).seconds(rates) == 2
    assert Kernel("it", "GEMM", macs=20, lane_cycles=5, bytes=8).seconds(rates) == 4
