"""Table 1 as pages and data: what does not fit, and what the paper lacks."""

from __future__ import annotations

import json
from pathlib import Path

from sim.paper.runs import Runs
from sim.paper.table1 import write_table1
from tests.support.reproduction import fake


def test_table_1_says_what_does_not_fit_and_what_the_paper_lacks(tmp_path: Path) -> None:
    write_table1(tmp_path, Runs(simulate=fake))
    page = (tmp_path / "table1.md").read_text()
    assert "64 (128 does not fit)" in page and "edge, paper's tile, 4 MiB" in page
    assert "| N/A |" in page and "†" in page and "not measured" in page
    cells = json.loads((tmp_path / "table1.json").read_text())["cells"]
    assert len(cells) == len((tmp_path / "table1.csv").read_text().splitlines()) - 2
    lacking = [cell for cell in cells if cell["row"] == "mamba2_ssd" and cell["quantity"] == "throughput"]
    assert len(lacking) == 3 and all(cell["paper"] is None and cell["ours"] for cell in lacking)
