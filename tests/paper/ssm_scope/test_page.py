"""The page about long contexts, and its figure: the same bytes for the same numbers, and nothing left out."""

from __future__ import annotations

from pathlib import Path

import pytest

from sim.paper.products import OTHER_PAPERS
from sim.paper.runs import Runs
from sim.paper.ssm_scope import facts, page, product
from sim.paper.ssm_scope.edge import AS_SHIPPED, Crossing, Edge
from sim.paper.ssm_scope.facts import TRANSFORMER, told
from sim.paper.ssm_scope.figure import figure_of
from sim.paper.ssm_scope.page import _crossing, error
from sim.paper.ssm_scope.software import Prompt, Steps
from tests.support.reproduction import contents
from tests.support.ssm_scope import curve, fake_facts

SHOWN = (("rtx4090", "qwen2.5-0.5b", 32_768), ("jetson_orin_nano", "mamba-130m", 16_384))


def test_the_same_numbers_give_the_same_bytes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shown = [each for each in told() if (each.device, each.model, each.tokens) in SHOWN]
    monkeypatch.setattr(product, "simulate_facts", lambda runs: fake_facts())
    monkeypatch.setattr(facts, "told", lambda: shown)
    monkeypatch.setattr(page, "CLASSED", (Prompt("rtx4090", "mamba2-130m", 16_384),))
    written = []
    for name in ("first", "second"):
        folder = tmp_path / name
        folder.mkdir()
        claims = product.write_long_context(folder, Runs())["claims"]
        assert len(claims) == 6 and all(each["verdict"] for each in claims)
        assert sorted(OTHER_PAPERS["ssm-scope"].files) == sorted(contents(folder))
        written.append(contents(folder))
    assert written[0] == written[1]
    text = written[0]["long_context.md"].decode()
    assert "Written by `python -m sim reproduce ssm-scope`" in text
    for point in shown:
        assert f"| {point.device} | {point.model} | {point.tokens:,} | {point.of} |" in text
    assert (
        "| as shipped: 2 MiB, 34 GB/s |" in text
        and "- jetson_orin_nano, mamba-130m (16,384 tokens -34 %): what" in text
    )
    assert "| rtx4090 | mamba2-130m | 16,384 | 19.53 (" in text


@pytest.mark.parametrize(
    ("crossing", "text"),
    [
        (Crossing(8_234.0, 7_951.0, 9_049.0), "8,200 (8,000 to 9,000)"),
        (Crossing(None, 65_000.0, None), "never (65,000 to never)"),
        (Crossing(None, None, None), "never"),
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
