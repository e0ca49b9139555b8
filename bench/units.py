"""The three models of Table 1 on the edge accelerator and on two with other units: writes results/units.md.

python -m bench.units

A prompt of 1,024 tokens, two layers simulated, and decode of one sequence, all layers; the mapping of each row is found
by a full search. Some minute on two cores.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

from bench.speeds import Speed, change
from sim import Result, __version__
from sim.files.limits import Limits
from sim.files.numbers import percent
from sim.files.outputs import write_text
from sim.presentation.titles import unit_title
from sim.simulation import prepare, run

TARGET = Path(__file__).parent.parent / "results" / "units.md"
MODELS = {"mamba1": "Mamba-1", "mamba2": "Mamba-2", "mamba3_mimo": "Mamba-3"}
PLAIN, SPECIAL, HALVES = MACHINES = ("edge", "edge_sfu", "edge_2x512")
PHASES = {"prefill": "Prompts", "decode": "Decode"}


def run_of(model: str, machine: str, phase: str) -> Result:
    """The run of *model* on *machine*, two layers of a prompt simulated."""
    job = prepare(model, machine, [f"phase={phase}"], Limits(search="full"))
    return run(job, stride="tile", certificate=True, simulate_layers=2 if phase == "prefill" else None)


def page(results: Sequence[Result]) -> str:
    """What is found in each phase, and the table that it is about."""
    parts = [
        "# Special functions beside the lanes, and two arrays of half the size",
        f"Written by `python -m bench.units`, stallscope {__version__}. Prompts of 1,024 tokens, two layers simulated "
        "and the time of the others scaled from them; decode of one sequence, all layers; mappings by a full search. "
        "`edge_sfu` has 32 pipelines for special functions beside the lanes of `edge`, `edge_2x512` its 1,024 MACs in "
        "two arrays of 32 x 16, which can share projections ([docs/units.md](../docs/units.md)).",
        "A change is one *whatever the mappings* where the slower machine cannot reach the other by any, by the bound "
        "of sim/accounting/certificate.py; else the best mappings that a search found are compared, and *open* says "
        "how far a better one for either could turn it. For two arrays that are alike the bound takes every product "
        "to be shared, which only projections are, so what it leaves there need not be the search's. Busy is the share "
        "of the time in which a unit works.",
    ]
    for phase, title in PHASES.items():
        own = [each for each in results if each.phase == phase]
        speeds = {(each.workload, each.machine): Speed.of(each) for each in own}
        parts += [f"## {title}", finding(speeds), "\n".join(_table(own))]
    return "\n\n".join(parts) + "\n"


def finding(speeds: dict[tuple[str, str], Speed]) -> str:
    """What the *speeds* of (model, machine) say, in a sentence for each machine."""

    def told(machine: str) -> str:
        said = [f"{name} {change(speeds[model, PLAIN], speeds[model, machine])}" for model, name in MODELS.items()]
        return "; ".join(said)

    return f"Special functions beside the lanes: {told(SPECIAL)}. The MACs in two arrays: {told(HALVES)}."


def _table(results: Sequence[Result]) -> Iterator[str]:
    yield "| model | machine | tok/s | beside edge | busy | bound, tok/s at most | above the bound |"
    yield "|---|---|--:|--:|---|--:|--:|"
    plain = {each.workload: each.tokens_per_second for each in results if each.machine == PLAIN}
    for each in results:
        busy = ", ".join(f"{unit_title(unit)} {share:.0%}" for unit, share in each.busy.items())
        found, most = Speed.of(each)
        yield (
            f"| {MODELS[each.workload]} | {each.machine} | {found:.4g} | {found / plain[each.workload]:.3f} | {busy} | "
            f"{most:.4g} | {percent(most / found - 1)} |"
        )


def main() -> None:
    """Search and run everything, and write the page."""
    rows = [(model, machine, phase) for phase in PHASES for model in MODELS for machine in MACHINES]
    with ProcessPoolExecutor(max_workers=2) as executor:
        results = list(executor.map(run_of, *zip(*rows, strict=True)))
    write_text(TARGET, page(results))


if __name__ == "__main__":
    main()
