"""The GPU's part of Table 1: a line for each card, code and launch, and what the paper lacks."""

from __future__ import annotations

import json
from pathlib import Path

from sim.paper.gpu.measurements import read_measurements
from sim.paper.gpu.table1 import gpu_section, measured
from sim.paper.runs import Runs
from sim.paper.table1 import write_table1
from tests.support.gpus import measurements, three_cards
from tests.support.reproduction import fake

PAPER_ALONE = "| mamba2 |  |  |  | 735 | not measured | 55.5 | not measured |"


def test_measurements_stand_beside_the_papers(tmp_path: Path) -> None:
    write_table1(three_cards(tmp_path), Runs(simulate=fake))
    page = (tmp_path / "table1.md").read_text()
    line = "| mamba2 | [h100-a](gpu/h100-a.json) | torch operations | plain | 735 | 640.0 | 55.5 | not measured |"
    assert line in page
    assert (
        "| mamba3_mimo | [other](gpu/other.json) | torch operations | graph | N/A | 341.3 † | N/A | 120.0 † |" in page
    )
    assert "| torch operations, graph | 0.625 | 0.625 |" in page
    assert "If a launch took the A100 the 2 µs" in page and "mamba2 14.17 (torch operations of ours: 12)" in page
    cells = json.loads((tmp_path / "table1.json").read_text())["cells"]
    wanted = "NVIDIA H100 80GB HBM3 (gpu/h100-b.json), fused kernel of ours, graph"
    assert [cell["unit"] for cell in cells if (cell["row"], cell["setting"]) == ("mamba1", wanted)] == ["tok/s", "W"]
    assert wanted in (tmp_path / "table1.csv").read_text()


def test_without_files_the_papers_stand_alone(tmp_path: Path) -> None:
    section = "\n".join(gpu_section(read_measurements(tmp_path)))
    assert PAPER_ALONE in section and "Ours: not measured" in section
    assert all(cell.ours is None and cell.setting == "measured" for cell in measured({}))
    assert len(list(measured({}))) == 12


def test_rows_that_a_card_lacks_are_the_papers_alone() -> None:
    gpu = {"gpu/a.json": measurements(state_updates=[], launches=[])}
    section = "\n".join(gpu_section(gpu))
    assert PAPER_ALONE in section and "If a launch" not in section
