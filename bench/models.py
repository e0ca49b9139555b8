"""The official models and the scaling family on every shipped machine: writes results/models.md.

python -m bench.models
"""

from __future__ import annotations

from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

from bench import EDGE_MACHINES
from bench.shipped_mappings import of_alike_layers
from sim import Result, __version__, simulate
from sim.files.catalog import shipped
from sim.files.documents import read_document
from sim.files.outputs import write_text
from sim.files.resolve import build_workload

TARGET = Path(__file__).parent.parent / "results" / "models.md"
ROWS = ("mamba1", "mamba1_pscan", "mamba2", "mamba2_ssd", "mamba3_mimo", "mamba3_mimo_ssd")  # in results/runs.md
PREFILL = {"layers": 1}
DECODE = {"phase": "decode"}
DECODE_WITH_HEAD = {"phase": "decode", "head": "true"}


def main() -> None:
    """Run everything and write the table."""
    jobs = [
        (workload, machine, overrides)
        for workload in of_alike_layers()
        if workload not in ROWS
        for machine in EDGE_MACHINES
        for overrides in (PREFILL, DECODE_WITH_HEAD if _knows_words(workload) else DECODE)
    ]
    with ProcessPoolExecutor() as executor:
        results = list(executor.map(simulate, *zip(*jobs, strict=True)))
    lines = [*_head(), *map(_line, results[::2], results[1::2])]
    TARGET.parent.mkdir(exist_ok=True)
    write_text(TARGET, "\n".join(lines) + "\n")


def _knows_words(workload: str) -> bool:
    return build_workload(read_document(shipped("workload")[workload])).spec.vocabulary is not None


def _head() -> list[str]:
    return [
        "# Official models and the scaling family",
        "",
        f"Written by `python -m bench.models`, stallscope {__version__}. Whole runs, every event.",
        "Prefill: one layer, 1024 tokens (layers are alike). Decode: all layers, one sequence, and the LM head",
        "if the model's vocabulary is known.",
        "",
        "| workload | machine | prefill, cycles a token and layer | roofline | resource bound | tile | spilled | "
        "decode, tok/s | mJ/token | resource bound |",
        "|---|---|--:|--:|---|--:|---|--:|--:|---|",
    ]


def _line(prefill: Result, decode: Result) -> str:
    pace = prefill.makespan_cycles / prefill.tokens
    roofline = prefill.bounds.paper_roofline_cycles / prefill.makespan_cycles
    cells = [
        prefill.workload,
        prefill.machine,
        f"{pace:,.0f}",
        f"{100 * roofline:.0f} %",
        _resource(prefill),
        str(prefill.mapping.token_tile),
        ", ".join(prefill.mapping.spilled),
        f"{decode.tokens_per_second:.1f}",
        f"{decode.energy_mj_per_token:.1f}",
        _resource(decode),
    ]
    return f"| {' | '.join(cells)} |"


def _resource(result: Result) -> str:
    bounds = result.bounds
    return f"{bounds.resource_unit} {100 * bounds.resource_cycles / result.makespan_cycles:.0f} %"


if __name__ == "__main__":
    main()
