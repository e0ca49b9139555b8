"""What the reproduction writes is the same each time."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from sim.paper.products import PRODUCTS
from sim.paper.runs import Runs
from tests.support.reproduction import contents, fake

ROWS = {
    "table1": {"cells": 96}, "figure1": {"prefill": 12, "decode": 20}, "figure2": {"penalties": 25},
    "official": {"penalties": 36}, "ranking": {"orders": 51}, "claims": {"claims": 7, "measured": 3}, "gpu": {},
}  # fmt: skip


@pytest.mark.parametrize("name", PRODUCTS)
def test_the_same_runs_give_the_same_bytes(name: str, tmp_path: Path) -> None:
    written, told = [], []
    product = PRODUCTS[name]
    for each in ("first", "second"):
        folder = tmp_path / each
        folder.mkdir()
        found = product.write(folder, Runs(simulate=fake))
        assert sorted(product.files) == sorted(contents(folder))
        assert {key: len(rows) for key, rows in found.items()} == ROWS[name]
        told.append(json.dumps(found, allow_nan=False))
        written.append(contents(folder))
    assert written[0] == written[1] and told[0] == told[1]
    for file, content in written[0].items():
        assert content.startswith(b"\x89PNG") or (b"svg" in content[:200] or b"python -m sim reproduce" in content), (
            file
        )
