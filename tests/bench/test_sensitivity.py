"""The page of sensitivities, on small sizes."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench import sensitivity


def test_page_says_what_is_exact_and_how_far_reruns_are_off(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(sensitivity, "WORKLOADS", ("mamba1-d96",))
    target = tmp_path / "s.md"
    sensitivity.main(["--seq-len", "32", "-o", str(target)])
    lines = target.read_text().splitlines()
    assert "`python -m bench.sensitivity --seq-len 32`" in lines[2]
    facts, line, kept, *_ = (row.strip("| ").split(" | ") for row in lines if row.startswith("| mamba1-d96"))
    assert facts[2:5] == ["0", "0", "0"]
    assert (line[1], kept[1]) == ("line", "kept")
    assert "## mamba1-d96" in lines
