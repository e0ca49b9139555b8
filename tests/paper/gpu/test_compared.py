"""What a card took beside what its machine takes: what goes into a prediction, and what counts."""

from __future__ import annotations

import pytest

from sim.paper.gpu.compared import Comparison, Step, compared
from sim.paper.gpu.kernels import Copy, KernelRun, Product, kernel_seconds, machine_spec
from sim.paper.runs import Run, Runs, Simulated
from tests.support.gpu import CARD, copied, measurements, multiplied, rough_runs, stepped, updated
from tests.support.reproduction import fake

LARGE = Product(2048, 8448, 2048)
COPY = Copy(2**28)


def comparison(**lists: object) -> Comparison:
    return compared(measurements(**lists), "h200", rough_runs())


@pytest.mark.parametrize(
    ("name", "multiprocessors", "machine"),
    [
        pytest.param("NVIDIA H200", 132, "h200", id="H200"),
        pytest.param("NVIDIA H100 80GB HBM3", 132, "h100", id="H100 SXM"),
        pytest.param("NVIDIA H100 PCIe", 114, None, id="another H100"),
        pytest.param("NVIDIA A100-SXM4-80GB", 108, None, id="none is shipped"),
    ],
)
def test_a_card_and_its_machine(name: str, multiprocessors: int, machine: str | None) -> None:
    card = CARD | {"name": name, "multiprocessors": multiprocessors}
    assert measurements(card=card).machine == machine


def test_a_machine_that_is_scaled_takes_as_long_as_was_measured_of_the_largest() -> None:
    rates = measurements(
        copies=[copied(2**20, 1e-6), copied(COPY.bytes, 200e-6)],
        products=[multiplied(1, 64, 64, 2e-6), multiplied(LARGE.m, LARGE.n, LARGE.k, 120e-6)],
    )
    found = compared(rates, "h200", Runs())
    small, copy, vector, product = found.rows
    assert (small.given, copy.given, vector.given, product.given) == (False, True, False, True)
    assert copy.scaled == pytest.approx(200e-6, rel=0.03)
    assert product.scaled == pytest.approx(120e-6, rel=0.03)
    assert (copy.scaled_error, product.scaled_error) == (None, None)
    sheet = kernel_seconds(KernelRun(COPY, "h200"))
    assert copy.sheet == sheet
    assert copy.error == pytest.approx(100 * (sheet / 200e-6 - 1))
    machine = machine_spec("h200", found.settings)
    assert machine.dram.bytes_per_second == pytest.approx(4.8e12 * sheet / 200e-6, rel=1e-3)


def test_nothing_that_is_predicted_changes_the_machine() -> None:
    rates = {"copies": [copied(COPY.bytes, 200e-6)], "products": [multiplied(1, 64, 64, 2e-6)]}
    found = [
        comparison(**rates, decode=[stepped("mamba2", 1, seconds)], state_updates=[updated("mamba2_ssd", seconds)])
        for seconds in (1e-3, 1.0)
    ]
    assert found[0].settings == found[1].settings != ()
    assert [row.scaled for row in found[0].rows] == [row.scaled for row in found[1].rows]


def test_without_rates_there_is_one_prediction() -> None:
    found = comparison(decode=[stepped("mamba2", 2, 1e-3)])
    assert found.settings == ()
    assert [(row.scaled, row.given) for row in found.rows] == [(None, False)]


def test_the_quicker_launch_of_each_code_is_shown_and_the_quickest_code_counts() -> None:
    found = comparison(
        launches=[{"launch": "plain", "seconds": 4e-6}, {"launch": "graph", "seconds": 1e-6}],
        state_updates=[
            updated("mamba2_ssd", 9e-3, launch="plain", launches=7, layers=2),
            updated("mamba2_ssd", 5e-3, launches=7, layers=2),
            updated("mamba2_ssd", 4e-3, launch="plain", code="another", launches=3, layers=2),
            updated("mamba2_ssd", 8e-3, code="another", layers=2),
        ],
    )
    shown = [(row.item.code, row.item.launch, row.judged) for row in found.rows]
    assert shown == [("a code", "graph", False), ("another", "plain", True)]
    assert [row.launching for row in found.rows] == pytest.approx([2 * 7 * 1e-6, 2 * 3 * 4e-6])
    one, two = (row.sheet for row in found.rows)
    assert one == two
    assert found.judged("chunk") == [found.rows[1]]


def test_layers_follow_one_another() -> None:
    found = comparison(state_updates=[updated("mamba2_ssd", 1.0, layers=n) for n in (1, 48)])
    one, all_layers = (row.sheet for row in found.rows)
    assert all_layers == pytest.approx(48 * one)


def test_a_step_of_decode_is_simulated_whole_with_all_its_sequences() -> None:
    asked: list[Run] = []

    def simulate(run: Run) -> Simulated:
        asked.append(run)
        return fake(run)

    found = compared(measurements(decode=[stepped("mamba2", 8, 1e-3)]), "h200", Runs(simulate=simulate))
    assert [(run.workload, run.machine) for run in asked] == [("mamba2", "h200")]
    assert {"phase=decode", "batch=8"} <= set(asked[0].assignments)
    assert found.rows[0].sheet == 8 / fake(asked[0]).tokens_per_second


@pytest.mark.parametrize(
    ("batch", "kind"), [(1, "decode, B = 1"), (2, "decode, B < 64"), (63, "decode, B < 64"), (64, "decode, B >= 64")]
)
def test_classes_of_decode(batch: int, kind: str) -> None:
    assert Step("mamba2", batch).kind == kind
