"""Table 1: the paper's six rows counted by its convention and simulated, each number beside the paper's.

table1.csv and table1.json list the numbers, table1.md arranges them.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from sim.files.outputs import write_text
from sim.paper.gpu.measurements import read_measurements
from sim.paper.gpu.table1 import measured
from sim.paper.pages import Found, comma_separated, written_by
from sim.paper.published import SOURCE
from sim.paper.runs import SCALING, Runs
from sim.paper.table1_cells import Cell, counted, simulated
from sim.paper.table1_page import page
from sim.version import __version__


def write_table1(folder: Path, runs: Runs) -> Found:
    """Write table1.md, .csv and .json to *folder*, and tell the cells.

    Reads gpu/*.json there, and raises InputError with mistakes in these.
    """
    gpu = read_measurements(folder)
    cells = [*counted(), *simulated(runs), *measured(gpu)]
    texts = {"table1.md": page(cells, gpu), "table1.csv": as_csv(cells), "table1.json": as_json(cells)}
    for name, text in texts.items():
        write_text(folder / name, text)
    return {"cells": listed(cells)}


def as_csv(cells: Sequence[Cell]) -> str:
    """A line for each of *cells*."""
    header = [*asdict(cells[0]), "residual_percent"]
    return comma_separated("table1", header, [[*asdict(cell).values(), cell.residual_percent] for cell in cells])


def listed(cells: Sequence[Cell]) -> list[dict[str, Any]]:
    """An object for each of *cells*."""
    return [asdict(cell) | {"residual_percent": cell.residual_percent} for cell in cells]


def as_json(cells: Sequence[Cell]) -> str:
    """All of *cells*, and what wrote them."""
    whole = {"written_by": written_by("table1"), "version": __version__, "paper": SOURCE, "scaling": SCALING}
    return json.dumps(whole | {"cells": listed(cells)}, indent=2, ensure_ascii=False) + "\n"
