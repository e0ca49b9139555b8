"""Transformers and hybrids on the edge accelerator, whole, a prompt and the next token: writes results/hybrids.md.

python -m bench.hybrids
"""

from __future__ import annotations

from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Final

from sim import Result, __version__, simulate
from sim.accounting.result import ClassShare
from sim.files.catalog import shipped
from sim.files.limits import LIMITS
from sim.files.outputs import write_text
from sim.files.resolve import read, resolve_workload
from workloads.models.registry import LAYERS

TARGET: Final = Path(__file__).parent.parent / "results" / "hybrids.md"
CONTEXT: Final = 1024  # tokens of the prompt, and before the token that is decoded
PHASES: Final = ("prefill", "decode")
PATIENT: Final = LIMITS._replace(seconds=4 * 3600, memory_bytes=16 * 2**30, search="short")
NAMED: Final = 0.1  # of the time, for a class that is told


def main() -> None:
    """Run everything and write the page."""
    names = [name for name in shipped("workload") if read("workload", name).data["model"] == LAYERS]
    names.sort(key=lambda name: resolve_workload(name).parameters)
    jobs = [(name, phase) for name in names for phase in PHASES]
    with ProcessPoolExecutor() as executor:
        results = dict(zip(jobs, executor.map(_run, jobs), strict=True))
    lines = [*_head(), *(_row(name, results[name, "prefill"], results[name, "decode"]) for name in names)]
    write_text(TARGET, "\n".join(lines) + "\n")


def _run(job: tuple[str, str]) -> Result:
    name, phase = job
    assignments = ["head=true", f"phase={phase}", f"sequence_length={CONTEXT}"]
    return simulate(name, "edge", assignments, stride="tile", limits=PATIENT)


def _head() -> list[str]:
    return [
        "# Transformers and hybrids on the edge accelerator",
        "",
        f"Written by `python -m bench.hybrids`, stallscope {__version__}. Whole models with LM head, every event of",
        f"each part that differs: a prompt of {CONTEXT:,} tokens, token by token where there is a state, and the token",
        "after it. 16-bit weights, B = 1; mappings by short searches. *Above* is how far the run can be from the best",
        "mapping at most; classes are those of [docs/result.md](../docs/result.md), by their share of the time.",
        "",
        "| model | parameters, M | prompt, tok/s | above | mJ/token | busiest | classes "
        "| next token, tok/s | above | mJ | busiest | classes |",
        "|---|--:|--:|--:|--:|---|---|--:|--:|--:|---|---|",
    ]


def _row(name: str, prompt: Result, token: Result) -> str:
    cells = [name, f"{resolve_workload(name).parameters / 1e6:,.1f}"]
    for result in (prompt, token):
        above = result.above_any_mapping
        assert above is not None, "a run is asked for its bound"
        cells += [f"{result.tokens_per_second:,.4g}", f"{100 * above:.1f} %", f"{result.energy_mj_per_token:,.4g}"]
        cells += [_busiest(result), _classes(result)]
    return f"| {' | '.join(cells)} |"


def _busiest(result: Result) -> str:
    unit = max(result.busy, key=result.busy.__getitem__)
    return f"{unit.removesuffix('.channel0')} {100 * result.busy[unit]:.0f} %"


def _classes(result: Result) -> str:
    assert result.breakdown is not None, "a run has classes"
    shares: dict[str, ClassShare] = result.breakdown.classes
    told = {name: each.time_share for name, each in shares.items() if each.time_share >= NAMED}
    return ", ".join(f"{name} {100 * share:.0f} %" for name, share in sorted(told.items(), key=lambda each: -each[1]))


if __name__ == "__main__":
    main()
