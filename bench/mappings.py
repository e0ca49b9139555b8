"""How near to the best the mappings are: writes results/mappings.md.

python -m bench.mappings

Every shipped workload on every shipped machine, prefill and decode: the mapping that a short search chooses, the one
of a quick search, and the bound over every mapping. Some ten minutes on two cores.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from statistics import mean
from typing import NamedTuple

from sim import __version__
from sim.accounting.certificate import certificate_of
from sim.files.catalog import shipped
from sim.files.limits import Limits, Search
from sim.files.outputs import write_text
from sim.simulation import prepare, run

TARGET = Path(__file__).parent.parent / "results" / "mappings.md"
SEARCHES: tuple[Search, ...] = ("short", "quick")
LAYERS = 2  # simulated in prefill


class Row(NamedTuple):
    """One workload on one machine: cycles by search, those that any mapping takes, and what is said of the best."""

    workload: str
    machine: str
    phase: str
    cycles: tuple[int, ...]
    trials: tuple[int, ...]
    bound: int
    spent_on: str
    pace: float
    mapping: str

    def above(self, search: int) -> float:
        """By which share the run is above the bound."""
        return self.cycles[search] / self.bound - 1


def row_of(workload: str, machine: str, phase: str) -> Row:
    """Search, run, and find the bound."""
    cycles, trials = [], []
    for search in SEARCHES:
        job = prepare(workload, machine, [f"phase={phase}"], Limits(search=search))
        result = run(job, stride="tile", certificate=True, simulate_layers=LAYERS if phase == "prefill" else None)
        cycles.append(result.makespan_cycles)
        trials.append(job.sections[0].choice.trials)
    found, section = result.mapping, job.sections[0]
    words = f"{found.token_tile} tokens, {found.blocks} x {found.lanes}, {found.weight_slot_bytes // 1024} KiB"
    words += ", spilled" if found.spilled else ""
    spent_on = certificate_of(section.stack, section.costs).spent_on
    bound = result.bounds.any_mapping_cycles
    assert bound is not None
    return Row(workload, machine, phase, tuple(cycles), tuple(trials), bound, spent_on, result.tokens_per_second, words)


def page(rows: Sequence[Row]) -> str:
    """The table, and what it says in short."""
    lines = [
        "# How near to the best the mappings are",
        "",
        f"Written by `python -m bench.mappings`, stallscope {__version__}. Prefill: the workload's prompt, {LAYERS}",
        "layers simulated, the time of the others scaled from them. Decode: all layers, one sequence. The bound is one",
        "over every mapping of the workload's formulation (sim/accounting/certificate.py): none is below it.",
        "`short` is what a run does unless told otherwise, `quick` is `--search quick`.",
        "",
        "| machine | phase | rows | short above the bound, mean | worst | quick above the bound, mean | worst |",
        "|---|---|--:|--:|--:|--:|--:|",
    ]
    for machine in shipped("machine"):
        for phase in ("prefill", "decode"):
            some = [row for row in rows if (row.machine, row.phase) == (machine, phase)]
            above = [[row.above(number) for row in some] for number in range(len(SEARCHES))]
            cells = [f"{kind(shares):.1%}" for shares in above for kind in (mean, max)]
            lines.append(f"| {machine} | {phase} | {len(some)} | {' | '.join(cells)} |")
    lines += [
        "",
        "| workload | machine | phase | tok/s, quick | short above the bound | quick above the bound | trials |"
        " bound, cycles | spent on | mapping of quick: tile, blocks x lanes, weight slots |",
        "|---|---|---|--:|--:|--:|--:|--:|---|---|",
    ]
    for row in rows:
        gaps = " | ".join(f"{row.above(number):.1%}" for number in range(len(SEARCHES)))
        trials = " and ".join(map(str, row.trials))
        lines.append(
            f"| {row.workload} | {row.machine} | {row.phase} | {row.pace:,.1f} | {gaps} | {trials} | {row.bound:,} |"
            f" {row.spent_on} | {row.mapping} |"
        )
    return "\n".join(lines) + "\n"


def main() -> None:
    """Search and run everything, and write the page."""
    jobs = [(w, m, p) for w in shipped("workload") for m in shipped("machine") for p in ("prefill", "decode")]
    with ProcessPoolExecutor() as executor:
        rows = list(executor.map(row_of, *zip(*jobs, strict=True)))
    write_text(TARGET, page(rows))


if __name__ == "__main__":
    main()
