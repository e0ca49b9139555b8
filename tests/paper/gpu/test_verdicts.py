"""Verdicts from measurements: what they say follows from the numbers of each card, whatever these are."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from sim.paper.gpu.decode import BATCHES, DECODERS, Decoded
from sim.paper.gpu.measurements import FUSED, TORCH, Measured
from sim.paper.gpu.verdicts import gpu_verdicts
from sim.paper.verdicts import Verdict
from tests.support.gpus import gpu, measurements, step, update
from tests.support.reproduction import taking

SEQUENTIAL, BATCH, CHUNKS = range(3)
OFFICIAL = "mamba-ssm"


def decode(passes_at: int = 16) -> Decoded:
    """Mamba-3 is the faster from a batch on, simulated and by the bound."""
    return {
        (name, batch): taking(90 if (name == "mamba3_mimo") == (batch >= passes_at) else 100, 80)
        for name in DECODERS
        for batch in BATCHES
    }


def bounded(passes_at: int = 16) -> Decoded:
    """The same with the simulated time as the resource bound."""
    found = {}
    for key, run in decode(passes_at).items():
        bounds = run.result.bounds.model_copy(update={"resource_cycles": run.result.makespan_cycles})
        speed = 1e9 / run.result.makespan_cycles
        result = run.result.model_copy(update={"bounds": bounds, "tokens_per_second": speed})
        found[key] = replace(run, result=result)
    return found


def judged(which: int, passes_at: int = 16, **changes: Any) -> Verdict:
    return gpu_verdicts({"gpu/a.json": measurements(**changes)}, bounded(passes_at), "h100")[which]


def sequential(torch: float, graph: float, fused: float) -> list[dict[str, Any]]:
    return [
        update(row, code, launch, seconds) | {"launches": 1024}
        for row in ("mamba1", "mamba2")
        for code, launch, seconds in ((TORCH, "plain", torch), (TORCH, "graph", graph), (FUSED, "graph", fused))
    ]


def official(ssd: float, siso: float, kernels: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Seconds of a layer."""
    rows = {"mamba2-780m": 48 * ssd, "mamba3-siso-893m": 24 * siso}
    return [update(row, OFFICIAL, "graph", seconds) | {"kernels": kernels} for row, seconds in rows.items()]


BUSY = [{"name": "fwd", "runs": 1, "microseconds": 900.0}]


@pytest.mark.parametrize(
    ("which", "changes", "verdict"),
    [
        pytest.param(SEQUENTIAL, {}, "does not hold: such rows are launch-bound", id="launch-bound"),
        pytest.param(SEQUENTIAL, {"state_updates": sequential(2.0, 1.9, 1.5)}, "holds", id="slow whatever is done"),
        pytest.param(
            SEQUENTIAL,
            {"state_updates": sequential(2.0, 1.9, 0.1)},
            "does not hold: what is slow is operations that are not fused",
            id="not fused",
        ),
        pytest.param(SEQUENTIAL, {"state_updates": []}, "not measured", id="no sequential rows"),
        pytest.param(BATCH, {}, "holds", id="12.5 beside 11.3"),
        pytest.param(BATCH, {"passes_at": 128}, "does not hold: at B = 13, not 91", id="far from the bytes"),
        pytest.param(BATCH, {"decode": []}, "not measured", id="no decode"),
        pytest.param(
            BATCH,
            {"decode": [step(name, batch, "graph", 1.0) for name in DECODERS for batch in (1, 2, 4)]},
            "does not hold: never, by bytes at B = 12",
            id="never",
        ),
        pytest.param(CHUNKS, {"state_updates": official(2e-3, 1e-3, BUSY)}, "does not hold", id="faster than SSD"),
        pytest.param(
            CHUNKS, {"state_updates": official(1e-4, 2e-3, BUSY)}, "holds: SISO, its launches", id="bound by launches"
        ),
        pytest.param(
            CHUNKS,
            {"state_updates": official(1e-4, 1e-3, BUSY)},
            "holds: SISO, 140.5x what its bytes and MACs take, on 48 of 132 multiprocessors, most in `fwd`",
            id="few blocks",
        ),
        pytest.param(
            CHUNKS, {"state_updates": official(1e-6, 8e-6, [])}, "holds: SISO, its bytes", id="bound by its bytes"
        ),
        pytest.param(
            CHUNKS,
            {"state_updates": official(1e-6, 1e-3, []), "copies": [], "products": []},
            "holds: SISO, why was not measured",
            id="nothing to compare with",
        ),
        pytest.param(CHUNKS, {"state_updates": official(1e-4, 1e-3, BUSY)[1:]}, "not measured", id="no SSD"),
    ],
)
def test_verdicts(which: int, changes: dict[str, Any], verdict: str) -> None:
    found = judged(which, **changes)
    assert found.verdict == verdict
    assert ("gpu/a.json" in found.numbers) == (verdict != "not measured")


def test_numbers_say_what_was_compared() -> None:
    numbers = judged(BATCH).numbers
    assert "passes Mamba-2 at B = 13 as measured (-18.1 % at B = 1, +86.9 % at 512), at B = 12 by bytes" in numbers
    assert "mamba3-mimo-894m passes mamba3-siso-893m never" in numbers
    assert "mamba3-mimo-894m passes mamba2-780m at B = 5" in numbers
    numbers = judged(SEQUENTIAL).numbers
    assert "mamba1 as torch operations 512 tok/s, in a graph 1,280 (2.5x), 12 launches a layer and token are" in numbers
    assert "A100 0.796, plain 0.800, graph 0.625" in numbers


def test_cards_that_differ_have_a_verdict_each() -> None:
    other = measurements(state_updates=sequential(2.0, 1.9, 1.5))
    gpus: Measured = {"gpu/a.json": measurements(), "gpu/b.json": other, "gpu/c.json": measurements(state_updates=[])}
    found = gpu_verdicts(gpus, bounded(), "h100")[SEQUENTIAL]
    assert found.verdict == ("does not hold: such rows are launch-bound ([a](gpu/a.json)); holds ([b](gpu/b.json))")


def test_without_files_nothing_is_judged() -> None:
    found = gpu_verdicts({}, bounded(), "h100")
    assert [(each.verdict, each.numbers) for each in found] == [("not measured", "")] * 3


def test_a_file_with_nothing_in_it_fails_nothing() -> None:
    empty = {key: value for key, value in gpu().items() if not isinstance(value, list)}
    found = gpu_verdicts({"gpu/a.json": measurements().model_validate(empty)}, bounded(), "h100")
    assert {each.verdict for each in found} == {"not measured"}
