"""What reports say of energy: a line for constants, tables by component whose numbers are those of the result."""

from __future__ import annotations

from functools import cache

import pytest

from sim.accounting.result import Result
from sim.presentation.energy import (
    area_rows,
    class_split,
    energy_interval,
    energy_rows,
    energy_split,
    energy_title,
    millijoules,
)
from sim.presentation.html.energy_section import energy_section
from sim.presentation.terminal.result import as_text
from sim.simulation import prepare, run

SETTINGS = ["layers=1", "sequence_length=16", "mapping={token_tile: 16, blocks: 4, lanes: 2, weight_slot_kib: 32}"]


@cache
def result(*settings: str) -> Result:
    return run(prepare("mamba2", "edge", [*SETTINGS, *settings]), stride="tile")


def test_constants_are_a_line() -> None:
    found = result()
    line = next(line for line in as_text(found).splitlines() if line.startswith("Energy "))
    assert line.startswith(f"Energy {energy_split(found)}; ") and " W on average" in line.replace("mW", " W")
    assert [row.title for row in energy_rows(found)] == ["DRAM", "operations"]
    assert energy_interval(found) is None and area_rows(found) == []
    assert "Told by two constants" in energy_section(found).words


def test_components_are_a_table_with_an_interval_and_sums() -> None:
    found = result("energy.node=22nm")
    rows = energy_rows(found)
    assert sum(row.share for row in rows) == pytest.approx(1)
    energies = [row.mj_per_token for row in rows]
    assert energies == sorted(energies, reverse=True)
    text = as_text(found).splitlines()
    start = text.index("Energy a token at 22 nm, typical figures, float")
    table = text[start + 2 : start + 3 + len(rows)]
    low, high = energy_interval(found) or (0.0, 0.0)
    assert [line.split()[0] for line in table][-1] == "all"
    assert [float(cell) for cell in table[-1].split()[1:]] == pytest.approx(
        [found.energy_mj_per_token, low, high], rel=1e-3
    )
    for line, row in zip(table, rows, strict=False):
        assert line.startswith(row.title) and millijoules(row.mj_per_token, found.energy_mj_per_token) in line


def test_a_page_has_components_classes_and_area() -> None:
    section = energy_section(result("energy.node=22nm"))
    for name in ("energy-table", "energy-class-table", "area-table"):
        assert f'id="{name}"' in section.body
    for row in energy_rows(result("energy.node=22nm")):
        assert row.title in section.body
    assert section.title == energy_title(result("energy.node=22nm"))


def test_what_is_little_is_not_named_in_a_line() -> None:
    found = result("energy.node=22nm")
    assert "weights" in class_split(found) and "norm" not in class_split(found)


def test_all_area_is_the_sum() -> None:
    *parts, (name, whole) = area_rows(result("energy.node=22nm"))
    assert name == "all of these" and len(parts) == 3
    for level in ("low", "typical", "high"):
        assert getattr(whole, level) == pytest.approx(sum(getattr(part, level) for _, part in parts))
