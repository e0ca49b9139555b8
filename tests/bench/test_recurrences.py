"""The page of recurrences side by side: what is ranked, when an order is certain, and that all parameters are equal."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench.recurrences import CELLS, MEASURE, layers, tasks
from bench.recurrences_page import TITLES, Cell, Form, ceilings, draw, fastest, page
from sim.files.catalog import shipped
from sim.files.limits import Limits
from sim.files.resolve import resolve_workload
from sim.simulation import prepare, run
from sim.validation.proof import Prover
from workloads.counts import count

SIZES = {
    "gla": ["equations.sizes.d=32", "equations.sizes.r=4"],
    "s4d": ["equations.sizes.d=32", "equations.sizes.n=4"],
}
ROWS = [
    ("gla", "sequential", []),
    ("gla", "chunked", ["formulation=chunked", "chunk=8"]),
    ("gla", "decode, B = 2", ["phase=decode", "batch=2"]),
    ("s4d", "sequential", []),
    ("s4d", "decode, B = 2", ["phase=decode", "batch=2"]),
]


@pytest.fixture(scope="module")
def forms() -> list[Form]:
    def form(cell: str, name: str, wanted: list[str]) -> Form:
        job = prepare(cell, "edge", [*SIZES[cell], "layers=1", "sequence_length=16", *wanted], Limits(search="short"))
        return Form(cell, name, run(job, stride="tile", certificate=True))

    return [form(*row) for row in ROWS]


@pytest.mark.parametrize("name", CELLS)
def test_parameters_are_equal(name: str) -> None:
    own, measure = resolve_workload(name, [layers(name)]).parameters, resolve_workload(MEASURE).parameters
    assert own == pytest.approx(measure, rel=0.015)


def test_all_recurrences_that_are_yaml_alone_are_in_it_in_every_form() -> None:
    assert set(shipped("equations")) - {"grouped_deltanet"} < set(CELLS) == set(TITLES)  # a variant of one of them
    assert [task.form for task in tasks("mamba1")][:3] == ["sequential", "blelloch", "kogge_stone"]


def test_the_fastest_form_of_each_is_ranked_beside_the_bound_of_all(forms: list[Form]) -> None:
    prompts = [each for each in forms if not each.decode]
    ranked = fastest(prompts)
    assert {each.cell for each in ranked} == {"gla", "s4d"}
    for each in ranked:
        own = [other.speed for other in prompts if other.cell == each.cell]
        assert each.speed.found == max(speed.found for speed in own)
        assert ceilings(prompts)[each.cell] == max(speed.most for speed in own)


def test_page_and_figure(forms: list[Form], tmp_path: Path) -> None:
    cells = []
    for name, sizes in SIZES.items():
        workload = resolve_workload(name, [*sizes, "layers=1"])
        cells.append(Cell(name, workload.spec.description, count(workload), Prover(name, "edge", sizes).prove()))
    text = page(cells, forms)
    first, second = fastest([each for each in forms if not each.decode])
    sign = ">" if first.speed.found > ceilings(forms)[second.cell] else "≥"
    assert f"{TITLES[first.cell]} {first.speed.found:.4g} {sign} {TITLES[second.cell]}" in text
    assert "## Decode, B = 2" in text
    draw(forms, tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["recurrences.png", "recurrences.svg"]
