"""How near to the best the mappings are: writes results/mappings.md.

python -m bench.mappings

Every shipped workload on every shipped machine, prefill and decode: the mapping that a run takes, which a full search
found, the one of a quick search, and the bound over every mapping. Some six minutes on two cores.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from statistics import mean
from typing import NamedTuple

from sim import __version__
from sim.accounting.certificate import SpentOn, certificate_of
from sim.accounting.result import Result
from sim.files.catalog import shipped
from sim.files.limits import BUDGETS, Limits
from sim.files.outputs import write_text
from sim.simulation import Job, prepare, run

TARGET = Path(__file__).parent.parent / "results" / "mappings.md"
PHASES = ("prefill", "decode")
LAYERS = 2  # simulated in prefill
QUICK = Limits(search="quick")


class Row(NamedTuple):
    """One workload on one machine: the run as it comes, cycles of a quick search's mapping, and the bound."""

    machine: str
    chosen: Result
    quick_cycles: int
    bound_cycles: int
    spent_on: SpentOn

    @property
    def best_known_cycles(self) -> int:
        """Of both."""
        return min(self.chosen.makespan_cycles, self.quick_cycles)

    @property
    def off(self) -> list[float]:
        """By which share chosen and quick are above the best known, then above the bound."""
        pairs = [(cycles, of) for of in (self.best_known_cycles, self.bound_cycles) for cycles in self._cycles]
        return [cycles / of - 1 for cycles, of in pairs]

    @property
    def _cycles(self) -> tuple[int, int]:
        return self.chosen.makespan_cycles, self.quick_cycles


def row_of(workload: str, machine: str, phase: str) -> Row:
    """Search, run, and find the bound."""
    job, quick = (prepare(workload, machine, [f"phase={phase}"], limits) for limits in (Limits(), QUICK))
    section = job.sections[0]
    bound = certificate_of(section.stack, section.costs)
    return Row(machine, _run(job), _run(quick).makespan_cycles, bound.cycles, bound.spent_on)


def _run(job: Job) -> Result:
    phase = job.sections[0].stack.spec.phase
    return run(job, stride="tile", simulate_layers=LAYERS if phase == "prefill" else None)


OFF = ["chosen above best known", "quick above best known", "chosen above the bound", "quick above the bound"]


def page(rows: Sequence[Row]) -> str:
    """The tables, and what they are about."""
    parts = [
        "# How near to the best the mappings are",
        f"Written by `python -m bench.mappings`, stallscope {__version__}. Prefill: the workload's prompt, {LAYERS} "
        "layers simulated, the time of the others scaled from them. Decode: all layers, one sequence. *Chosen* is what "
        f"a run takes: the mapping that a full search of {BUDGETS['full'].trials} trials found, shipped with this "
        "version. "
        f"*Quick* is `--search quick`, {BUDGETS['quick'].trials} trials. The bound is one over every mapping of the "
        "workload's formulation (sim/accounting/certificate.py): none is below it.",
        _summary(rows),
        _table(rows),
    ]
    return "\n\n".join(parts) + "\n"


def _summary(rows: Sequence[Row]) -> str:
    heads = [f"{head}, {kind}" for head in OFF for kind in ("mean", "worst")]
    lines = [f"| machine | phase | rows | {' | '.join(heads)} |", "|---|---|" + "--:|" * (1 + len(heads))]
    for machine in shipped("machine"):
        for phase in PHASES:
            off = [row.off for row in rows if (row.machine, row.chosen.phase) == (machine, phase)]
            cells = [f"{kind(shares):.2%}" for shares in zip(*off, strict=True) for kind in (mean, max)]
            lines.append(f"| {machine} | {phase} | {len(off)} | {' | '.join(cells)} |")
    return "\n".join(lines)


def _table(rows: Sequence[Row]) -> str:
    heads = ["tok/s, chosen", "cycles, best known", *OFF, "bound, cycles"]
    lines = [
        f"| workload | machine | phase | {' | '.join(heads)} | bound's resource | chosen: tile, cut, weight slots |",
        "|---|---|---|" + "--:|" * len(heads) + "---|---|",
    ]
    for row in rows:
        off = " | ".join(f"{share:.2%}" for share in row.off)
        result = row.chosen
        lines.append(
            f"| {result.workload} | {row.machine} | {result.phase} | {result.tokens_per_second:,.4g} | "
            f"{row.best_known_cycles:,} | {off} | {row.bound_cycles:,} | {row.spent_on} | {_mapping(result)} |"
        )
    return "\n".join(lines)


def _mapping(result: Result) -> str:
    found = result.mapping
    words = f"{found.token_tile} tokens, {found.blocks} x {found.lanes}, {found.weight_slot_bytes // 1024} KiB"
    return words + (", spilled" if found.spilled else "") + (", head first" if found.head_first else "")


def main() -> None:
    """Search and run everything, and write the page."""
    jobs = [(w, m, p) for w in shipped("workload") for m in shipped("machine") for p in PHASES]
    with ProcessPoolExecutor() as executor:
        rows = list(executor.map(row_of, *zip(*jobs, strict=True)))
    write_text(TARGET, page(rows))


if __name__ == "__main__":
    main()
