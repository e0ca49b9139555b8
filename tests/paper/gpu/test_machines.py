"""The section in which GPUs are held against their machines."""

from __future__ import annotations

import pytest

from sim.paper.gpu.compared import Step
from sim.paper.gpu.kernels import Copy, Product, Update
from sim.paper.gpu.machines import CLASSES, machines_section, verdict
from sim.paper.gpu.measurements import GpuMeasurements
from tests.support.gpu import CARD, copied, measurements, multiplied, rough_runs, stepped, updated

MEASURED = measurements(
    launches=[{"launch": "graph", "seconds": 2e-6}],
    copies=[copied(2**28, 140e-6)],
    products=[multiplied(2048, 8448, 2048, 120e-6), multiplied(1, 8192, 8192, 36e-6)],
    state_updates=[updated("mamba2_ssd", 9e-3, code="slow", launches=5), updated("mamba2_ssd", 1e-3, launches=5)],
    decode=[stepped("mamba2", 1, 1e-3), stepped("mamba2", 128, 5e-3)],
)


def section(*cards: GpuMeasurements) -> str:
    return machines_section({f"gpu/{number}.json": card for number, card in enumerate(cards)}, rough_runs())


def cells(text: str, first: str) -> list[str]:
    """The cells of the last row that begins with *first*."""
    line = [line for line in text.splitlines() if line.startswith(f"| {first} |")][-1]
    return [cell.strip() for cell in line.strip("|").split("|")]


def test_everything_that_was_measured_stands_beside_its_predictions() -> None:
    text = section(MEASURED)
    assert "### NVIDIA H200 and hw/h200.yaml\n\nMeasured: [0](gpu/0.json). " in text
    assert "`--set clock=" in text and "--set dram.figures.clock=" in text
    for start in ("| copy | 256 MiB | 140 µs |", "| GEMV | (1 x 8,192) by (8,192 x 8,192) | 36 µs |"):
        assert start in text
    assert "| mamba2_ssd (chunk) | slow | graph | 64 | 10 µs | 9 ms |" in text
    assert "| mamba2_ssd (chunk) | **a code** | graph | 64 | 10 µs | 1 ms |" in text
    assert "| mamba2 | **a code** | graph | 128 | 5 ms |" in text


def test_what_the_machine_was_scaled_by_is_given_and_the_rest_is_judged() -> None:
    text = section(MEASURED)
    assert cells(text, "copy")[-1] == "given"
    assert cells(text, "GEMM")[-1] == "given"
    _, left_out, number, median, worst, judged, *_ = cells(text, "GEMV")
    assert number == "1"
    assert worst.removeprefix("-") == median
    assert judged in ("within 10 %", "within 30 %")
    assert "; launches are " in left_out
    assert cells(text, "chunk")[2] == "1"  # the quickest code of the two
    assert cells(text, "scan")[2:6] == ["", "", "", "not measured"]
    assert "launches" not in cells(text, "decode, B = 1")[1]


@pytest.mark.parametrize(
    ("errors", "words"),
    [
        pytest.param([-10.0, 3.0], "within 10 %", id="good"),
        pytest.param([1.0, 10.1], "within 30 %", id="fair"),
        pytest.param([0.0, -30.5], "cannot", id="the worst decides"),
    ],
)
def test_verdicts(errors: list[float], words: str) -> None:
    assert verdict(errors) == words


def test_every_class_has_its_row() -> None:
    rows = ("mamba1", "mamba1_pscan", "mamba2_ssd")
    kinds = [Copy(1).kind, Product(2, 1, 1).kind, Product(1, 1, 1).kind, *(Update(row, 1).kind for row in rows)]
    kinds += [Step("mamba2", batch).kind for batch in (1, 2, 64)]
    assert set(kinds) == set(CLASSES)


def test_empty_lists_are_not_measured() -> None:
    text = section(measurements())
    assert "Without a copy or a product there is no scaled one: not measured." in text
    for title in ("Copies and products", "State updates: all layers, from the scan's inputs to the gated outputs"):
        assert f"**{title}**: not measured." in text
    assert cells(text, "copy")[5] == "not measured"
    assert "- By the data sheet: not measured." in text


def test_no_card_and_a_card_without_a_machine() -> None:
    assert section() == ""
    other = measurements(card=CARD | {"name": "NVIDIA A100", "multiprocessors": 108})
    assert section(other).endswith("No machine is shipped that is such a card: NVIDIA A100 ([0](gpu/0.json)).")
