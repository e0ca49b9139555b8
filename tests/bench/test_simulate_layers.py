"""The table of errors of a few layers, on small sizes."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench import simulate_layers


def test_table_has_a_row_for_each_job_and_small_errors(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(simulate_layers, "ROWS", ("mamba2",))
    target = tmp_path / "t.md"
    simulate_layers.main(["--layers", "3", "--seq-len", "16", "-o", str(target)])
    lines = target.read_text().splitlines()
    assert "`python -m bench.simulate_layers --layers 3 --seq-len 16`" in lines[2]
    rows = [line.strip("| ").split(" | ") for line in lines if line.startswith("| mamba2")]
    assert [row[1] for row in rows] == ["edge", "edge_flexpe"]
    assert all(abs(float(row[3].removesuffix(" %"))) < 0.5 for row in rows)
