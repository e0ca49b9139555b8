"""The page about speed: its sections."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench import performance
from bench.performance import Section


@pytest.fixture
def page(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """The page, with two sections that tell how often they were measured."""
    target = tmp_path / "performance.md"
    times = {"A": 0, "B": 0}

    def measure(title: str) -> str:
        times[title] += 1
        return f"{title} measured {times[title]}\n\n### Details\n\nNone."

    sections = {title.lower(): Section(title, lambda title=title: measure(title)) for title in times}  # type: ignore[misc]
    monkeypatch.setattr(performance, "SECTIONS", sections)
    monkeypatch.setattr(performance, "TARGET", target)
    monkeypatch.setattr(performance, "COMPILED", True)
    return target


def test_sections_are_measured_again_by_name_and_say_by_which_version(
    page: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(performance, "__version__", "7.0.0")
    performance.main([])
    monkeypatch.setattr(performance, "__version__", "7.1.0")
    performance.main(["b"])
    text = page.read_text()
    assert "## A\n\nMeasured by stallscope 7.0.0.\n\nA measured 1\n\n### Details\n\nNone.\n\n## B" in text
    assert "## B\n\nMeasured by stallscope 7.1.0.\n\nB measured 2\n\n### Details" in text
    assert text.startswith("# Speed\n\nWritten by `python -m bench.performance`") and text.endswith("None.\n")


def test_unknown_section_is_refused(page: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        performance.main(["c"])
    assert "found c, expected some of a, b" in capsys.readouterr().err
    assert not page.exists()


def test_speed_of_what_is_not_compiled_is_not_measured(
    page: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(performance, "COMPILED", False)
    with pytest.raises(SystemExit, match="2"):
        performance.main([])
    assert "pip install -e ." in capsys.readouterr().err
    assert not page.exists()
