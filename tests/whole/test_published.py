"""The machines of others: each says where its figures are from, maps, and runs."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from sim.files.catalog import published
from sim.simulation import prepare, run
from tests.support.conservation import check_parts

MACHINES = published("machine")
SMALL = ("dimensions.d_model=256", "layers=1", "sequence_length=16")


@pytest.mark.parametrize("phase", ["prefill", "decode"])
@pytest.mark.parametrize("name", MACHINES)
def test_it_maps_and_runs(name: str, phase: str) -> None:
    result = run(prepare("mamba2-130m", name, (*SMALL, f"phase={phase}")))
    check_parts(result)
    assert name == f"published/{result.machine}"


@pytest.mark.parametrize("path", MACHINES.values(), ids=MACHINES)
def test_every_figure_has_its_source_or_is_assumed(path: Path) -> None:
    """In a comment on its line; entries of a table may have theirs on the line of its name."""
    table_has_source = False
    for line in path.read_text(encoding="utf-8").splitlines():
        figure, _, source = line.partition("#")
        if not figure.strip() or re.match(r"name|description|extends", figure):
            continue
        if figure.rstrip().endswith(":"):
            table_has_source = "cycles" in figure and bool(source)
        else:
            assert source or table_has_source, line
