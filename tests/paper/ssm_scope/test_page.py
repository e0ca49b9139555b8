"""The page about long contexts, and its figure: the same bytes for the same numbers, and nothing left out."""

from __future__ import annotations

from pathlib import Path

import pytest

from sim.paper.runs import Runs
from sim.paper.ssm_scope import product
from sim.paper.ssm_scope.edge import AS_SHIPPED, Crossing, Edge
from sim.paper.ssm_scope.facts import TRANSFORMER, told
from sim.paper.ssm_scope.figure import figure_of
from sim.paper.ssm_scope.page import _crossing, error
from sim.paper.ssm_scope.software import Steps
from tests.support.reproduction import contents
from tests.support.ssm_scope import curve, fake_facts


def test_the_same_numbers_give_the_same_bytes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(product, "simulate_facts", lambda runs: fake_facts())
    written = []
    for name in ("first", "second"):
        folder = tmp_path / name
        folder.mkdir()
        paths = product.write_long_context(folder, Runs())
        assert sorted(path.name for path in paths) == ["long_context.md", "long_context.png", "long_context.svg"]
        written.append(contents(folder))
    assert written[0] == written[1]
    text = written[0]["long_context.md"].decode()
    assert "Written by `python -m sim reproduce ssm-scope`" in text
    for point in told():
        assert f"| {point.device} | {point.model} | {point.tokens:,} | {point.of} |" in text
    assert "| as shipped: 2 MiB, 34 GB/s |" in text and "hymba-1.5b (16,384 tokens" in text


@pytest.mark.parametrize(
    ("crossing", "text"),
    [
        (Crossing(8_234.0, 7_951.0, 9_049.0), "8,200 (8,000 to 9,000)"),
        (Crossing(None, 65_000.0, None), "never (65,000 to never)"),
        (Crossing(0.0, 0.0, 300.0), "always (always to 300)"),
    ],
)
def test_a_crossing_in_words(crossing: Crossing, text: str) -> None:
    assert _crossing(crossing) == text


def test_an_error_is_of_all_steps() -> None:
    point = next(each for each in told() if each.model == "qwen2.5-0.5b")
    parts = Steps(point.seconds, point.seconds / 2, 0.0, 0.0, 0.0, 0.0)
    assert error(point, parts) == pytest.approx(50)


def test_a_figure_of_a_model_alone() -> None:
    figure = figure_of(Edge({(AS_SHIPPED, "prefill", TRANSFORMER): curve((256, 1024), TRANSFORMER)}))
    assert len(figure.axes) == 3
