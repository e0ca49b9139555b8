"""Single kernels on a machine: what they read and write, and what they take where that is known."""

from __future__ import annotations

import pytest

from sim.files.resolve import resolve_workload
from sim.paper.convention import KERNEL_KINDS
from sim.paper.gpu.kernels import Copy, KernelRun, Product, Update, kernel_graph, kernel_seconds, machine_spec

H200 = machine_spec("h200")


@pytest.mark.parametrize(
    ("row", "assignments", "given", "made"),
    [
        pytest.param("mamba1", [], {"dt_raw", "xc", "B", "C", "z"}, ("g",), id="Mamba-1"),
        pytest.param("mamba1_pscan", [], {"dt_raw", "xc", "B", "C", "z"}, ("g",), id="a scan"),
        pytest.param("mamba2_ssd", [], {"dt_raw", "xc", "B", "C", "z"}, ("g",), id="chunks"),
        pytest.param(
            "mamba3_mimo", [], {"dt_raw", "trap", "theta", "B_n", "C_n", "x", "z"}, ("gy",), id="x of the token before"
        ),
        pytest.param(
            "mamba3-mimo-894m", ["formulation=chunked"],
            {"dt_raw", "trap", "theta", "A_raw", "B_n", "C_n", "x", "z"}, ("gy",), id="the official one",
        ),
    ],
)  # fmt: skip
def test_a_state_update_goes_from_the_inputs_of_the_scan_to_the_gated_output(
    row: str, assignments: list[str], given: set[str], made: tuple[str, ...]
) -> None:
    whole = resolve_workload(row, assignments).graph
    graph = kernel_graph(whole)
    assert set(graph.inputs) == given
    assert graph.outputs == made
    assert {each.kind for each in graph.operations} <= KERNEL_KINDS
    assert [each.name for each in graph.operations] == [e.name for e in whole.operations if e.kind in KERNEL_KINDS]
    assert graph.recurrences == whole.recurrences
    for tensor in (*graph.inputs, *graph.outputs):
        assert graph.elements(tensor) == whole.elements(tensor)


def test_a_layer_without_a_recurrence_has_no_state_update() -> None:
    graph = next(Product(1, 8, 8).stacks()).graph
    with pytest.raises(ValueError, match="product has no state update"):
        kernel_graph(graph)


@pytest.mark.parametrize(
    ("row", "kind"),
    [
        pytest.param("mamba1", "sequential", id="rows of Table 1 are as they say"),
        pytest.param("mamba1_pscan", "scan", id="a scan"),
        pytest.param("mamba2_ssd", "chunk", id="chunks"),
        pytest.param("mamba2-780m", "chunk", id="official models have kernels for chunks"),
    ],
)
def test_classes_of_state_updates(row: str, kind: str) -> None:
    assert Update(row, 1024).kind == kind


def test_a_product_that_fills_the_array_takes_its_macs_over_the_peak() -> None:
    product = Product(2048, 8448, 2048)  # two folds wide, 32 high
    least = product.macs / (H200.macs_per_cycle * H200.clock)
    assert least < kernel_seconds(KernelRun(product, "h200")) < 1.1 * least


def test_a_matrix_and_a_vector_take_the_bytes_of_the_matrix_over_the_bandwidth() -> None:
    least = 2 * 8192**2 / H200.dram.bytes_per_second
    assert least < kernel_seconds(KernelRun(Product(1, 8192, 8192), "h200")) < 1.25 * least


def test_a_copy_takes_twice_its_bytes_over_the_bandwidth() -> None:
    least = 2 * 2**30 / H200.dram.bytes_per_second
    assert least < kernel_seconds(KernelRun(Copy(2**30), "h200")) < 1.15 * least


def test_a_state_update_moves_its_inputs_and_outputs_at_least() -> None:
    update = Update("mamba2_ssd", 256)
    (stack,) = update.stacks()
    graph = stack.graph
    elements = sum(graph.elements(tensor) for tensor in (*graph.inputs, *graph.outputs)) * stack.steps
    least = 2 * elements / H200.dram.bytes_per_second
    assert least < kernel_seconds(KernelRun(update, "h200")) < 10 * least


def test_a_machine_is_changed_by_assignments() -> None:
    copy = Copy(2**28)
    slower = KernelRun(copy, "h200", ("dram.figures.clock=781250kHz",))
    assert kernel_seconds(slower) == pytest.approx(2 * kernel_seconds(KernelRun(copy, "h200")), rel=0.02)
