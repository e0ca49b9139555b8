"""Published recurrences at equal parameters on the edge accelerator: writes results/recurrences.md and its figure.

python -m bench.recurrences

Each is proven on numbers, counted and run: a prompt of 1,024 tokens in every form that it has, two layers simulated,
and decode of 1 and of 8 sequences, all layers; the mapping of each row is found by a full search, and so is the chunk.
Some ten minutes on two cores.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import NamedTuple

from bench.recurrences_page import Cell, Form, draw, page
from sim.files.limits import Limits
from sim.files.outputs import write_text
from sim.files.resolve import resolve_workload
from sim.simulation import prepare, run
from sim.validation.proof import Prover
from workloads.building import generator_of
from workloads.counts import count
from workloads.models.generator import SEQUENTIAL

FOLDER = Path(__file__).parent.parent / "results"
MACHINE = "edge"
CELLS = (
    "mamba1", "mamba2", "mamba3_mimo", "s4d", "rg_lru", "retnet", "gla", "hgrn2", "mlstm", "deltanet", "gated_deltanet",
    "kda", "rwkv7",
)  # fmt: skip
BATCHES = (1, 8)
MEASURE = "mamba2"  # whose parameters all have


class Task(NamedTuple):
    """One row to be run: the cell, what is shown of the form, and how it is asked for."""

    cell: str
    form: str
    assignments: tuple[str, ...]


def layers(cell: str) -> str:
    """The assignment of as many layers as make the parameters of *cell* those of the measure."""
    wanted, own = (resolve_workload(name) for name in (MEASURE, cell))
    return f"layers={round(wanted.parameters / own.graph.parameter_count)}"


def tasks(cell: str) -> Iterator[Task]:
    """The rows of *cell*: every form of a prompt, and decode."""
    for formulation in (SEQUENTIAL, *generator_of(resolve_workload(cell).spec).chunked):
        chunk = () if formulation == SEQUENTIAL else ("chunk=best",)
        yield Task(cell, formulation, (layers(cell), f"formulation={formulation}", *chunk))
    for batch in BATCHES:
        yield Task(cell, f"decode, B = {batch}", (layers(cell), "phase=decode", f"batch={batch}"))


def form_of(task: Task) -> Form:
    """Search and run."""
    job = prepare(task.cell, MACHINE, task.assignments, Limits(search="full"))
    prefill = not task.form.startswith("decode")
    return Form(task.cell, task.form, run(job, stride="tile", certificate=True, simulate_layers=2 if prefill else None))


def cell_of(name: str) -> Cell:
    """Prove and count."""
    workload = resolve_workload(name, [layers(name)])
    equations = workload.spec.equations
    description = workload.spec.description if equations is None else equations.description
    return Cell(name, description, count(workload), Prover(name, MACHINE).prove())


def main() -> None:
    """Prove, count, search and run everything, and write page and figure."""
    rows = [task for cell in CELLS for task in tasks(cell)]
    with ProcessPoolExecutor(max_workers=2) as executor:
        forms: Sequence[Form] = list(executor.map(form_of, rows))
        cells: Sequence[Cell] = list(executor.map(cell_of, CELLS))
    draw(forms, FOLDER)
    write_text(FOLDER / "recurrences.md", page(cells, forms))


if __name__ == "__main__":
    main()
