"""The six rows of Table 1 (arXiv 2604.07935) on every shipped machine, whole: writes results/runs.md.

python -m bench.runs
"""

from __future__ import annotations

from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

from bench import EDGE_MACHINES
from hw.unit_names import DMA, MAC_ARRAY
from sim import Result, __version__, simulate
from sim.files.outputs import write_text
from sim.presentation.stalls import listed
from sim.presentation.titles import title

TARGET = Path(__file__).parent.parent / "results" / "runs.md"
ROWS = ("mamba1", "mamba1_pscan", "mamba2", "mamba2_ssd", "mamba3_mimo", "mamba3_mimo_ssd")


def main() -> None:
    """Run everything and write the tables."""
    pairs = [(workload, machine) for workload in ROWS for machine in EDGE_MACHINES]
    with ProcessPoolExecutor() as executor:
        results = list(executor.map(simulate, *zip(*pairs, strict=True)))
    TARGET.parent.mkdir(exist_ok=True)
    write_text(TARGET, "\n".join([*_head(), *_overview(results), *_stalls(results), *_mappings(results)]) + "\n")


def _head() -> list[str]:
    return [
        "# The six rows of Table 1 on every shipped machine",
        "",
        f"Written by `python -m bench.runs`, stallscope {__version__}. Whole runs, every event.",
        "",
    ]


def _overview(results: list[Result]) -> list[str]:
    lines = [
        "| workload | machine | tok/s | mJ/token | cycles | requests | above the paper's roofline | resource bound | "
        "recurrence bound |",
        "|---|---|--:|--:|--:|--:|--:|--:|--:|",
    ]
    for r in results:
        roofline, makespan = r.bounds.paper_roofline_cycles, r.makespan_cycles
        lines.append(
            f"| {r.workload} | {r.machine} | {r.tokens_per_second:.1f} | {r.energy_mj_per_token:.2f} | {makespan:,} | "
            f"{r.requests:,} | {100 * (makespan / roofline - 1):+.1f} % | {r.bounds.resource_unit} "
            f"{100 * r.bounds.resource_cycles / makespan:.1f} % | {100 * r.bounds.recurrence_cycles / makespan:.2f} % |"
        )
    return [*lines, "", "The bounds are shares of the simulated time.", ""]


def _stalls(results: list[Result]) -> list[str]:
    lines = [
        "## Where the cycles went",
        "",
        "| workload | machine | unit | busy | useful | stalls |",
        "|---|---|---|--:|--:|---|",
    ]
    for r in results:
        for name in (*r.compute_units, DMA):
            unit = r.units[name]
            stalls = ", ".join(
                f"{title(reason)} {100 * cycles / r.makespan_cycles:.1f} %"
                for reason, cycles in listed(name, unit.stalls, r)
                if cycles * 1000 >= r.makespan_cycles
            )
            busy, useful = (100 * c / r.makespan_cycles for c in (unit.busy_cycles, unit.useful_cycles))
            lines.append(f"| {r.workload} | {r.machine} | {name} | {busy:.1f} % | {useful:.1f} % | {stalls} |")
    return [*lines, ""]


def _mappings(results: list[Result]) -> list[str]:
    lines = [
        "## Mappings",
        "",
        "| workload | machine | tile | blocks x lanes | on the MAC array, step by step | requests |",
    ]
    lines.append("|---|---|--:|---|---|--:|")
    for r in results:
        mapping = r.mapping
        on_array = [name for name in mapping.stepped if mapping.placement[name] == MAC_ARRAY]
        lines.append(
            f"| {r.workload} | {r.machine} | {mapping.token_tile} | {mapping.blocks} x {mapping.lanes} | "
            f"{', '.join(on_array)} | {r.requests:,} |"
        )
    return lines


if __name__ == "__main__":
    main()
