"""How near to the best the mappings are: writes results/mappings.md.

python -m bench.mappings

Every shipped workload of alike layers on the machines that mappings are shipped for, prefill and decode: the mapping
that a run takes, which a full search found and is the best that is known, and the bound over every mapping. Some two
minutes on two cores.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from statistics import mean
from typing import NamedTuple

from bench.shipped_mappings import MACHINES, PHASES, of_alike_layers
from sim import __version__
from sim.accounting.certificate import SpentOn, certificate_of
from sim.accounting.result import Result
from sim.files.limits import BUDGETS
from sim.files.outputs import write_text
from sim.simulation import prepare, run

TARGET = Path(__file__).parent.parent / "results" / "mappings.md"
LAYERS = 2  # simulated in prefill


class Row(NamedTuple):
    """One workload on one machine: the run as it comes, and the bound over every mapping."""

    machine: str
    result: Result
    bound_cycles: int
    spent_on: SpentOn

    @property
    def above(self) -> float:
        """By which share the run is above the bound."""
        return self.result.makespan_cycles / self.bound_cycles - 1


def row_of(workload: str, machine: str, phase: str) -> Row:
    """Run, and find the bound."""
    job = prepare(workload, machine, [f"phase={phase}"])
    section = job.sections[0]
    result = run(job, stride="tile", simulate_layers=LAYERS if phase == "prefill" else None)
    bound = certificate_of(section.stack, section.costs)
    return Row(machine, result, bound.cycles, bound.spent_on)


def page(rows: Sequence[Row]) -> str:
    """The tables, and what they are about."""
    parts = [
        "# How near to the best the mappings are",
        f"Written by `python -m bench.mappings`, stallscope {__version__}. Prefill: the workload's prompt, {LAYERS} "
        "layers simulated, the time of the others scaled from them. Decode: all layers, one sequence. The mapping is "
        f"what a run takes: found by a full search of up to {BUDGETS['full'].trials} trials, shipped with this version "
        "and the best that is known. The bound is one over every mapping of the workload's formulation "
        "(sim/accounting/certificate.py): none is below it.",
        _summary(rows),
        _table(rows),
    ]
    return "\n\n".join(parts) + "\n"


def _summary(rows: Sequence[Row]) -> str:
    lines = [
        "| machine | phase | rows | above the bound, mean | worst | within 1 % | within 5 % |",
        "|---|---|--:|--:|--:|--:|--:|",
    ]
    for machine in MACHINES:
        for phase in PHASES:
            above = [row.above for row in rows if (row.machine, row.result.phase) == (machine, phase)]
            within = [sum(share <= most for share in above) for most in (0.01, 0.05)]
            cells = f"{mean(above):.1%} | {max(above):.1%} | {within[0]} | {within[1]}"
            lines.append(f"| {machine} | {phase} | {len(above)} | {cells} |")
    return "\n".join(lines)


def _table(rows: Sequence[Row]) -> str:
    lines = [
        "| workload | machine | phase | tok/s | cycles, best known | bound, cycles | above the bound | "
        "bound's resource | trials | tile, cut, weight slots |",
        "|---|---|---|--:|--:|--:|--:|---|--:|---|",
    ]
    for row in rows:
        result = row.result
        lines.append(
            f"| {result.workload} | {row.machine} | {result.phase} | {result.tokens_per_second:,.4g} | "
            f"{result.makespan_cycles:,} | {row.bound_cycles:,} | {row.above:.2%} | {row.spent_on} | "
            f"{result.mapping.trials} | {_mapping(result)} |"
        )
    return "\n".join(lines)


def _mapping(result: Result) -> str:
    found = result.mapping
    words = f"{found.token_tile} tokens, {found.blocks} x {found.lanes}, {found.weight_slot_bytes // 1024} KiB"
    said = {"spilled": found.spilled, "head first": found.head_first, "steps first": found.steps_first}
    return ", ".join([words, *(word for word, so in said.items() if so)])


def main() -> None:
    """Search and run everything, and write the page."""
    jobs = [(w, m, p) for w in of_alike_layers() for m in MACHINES for p in PHASES]
    with ProcessPoolExecutor() as executor:
        rows = list(executor.map(row_of, *zip(*jobs, strict=True)))
    write_text(TARGET, page(rows))


if __name__ == "__main__":
    main()
