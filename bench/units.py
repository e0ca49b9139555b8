"""The three models of Table 1 on the edge accelerator and on two with other units: writes results/units.md.

python -m bench.units

A prompt of 1,024 tokens, the mapping of each row found by a full search, two layers simulated. Some two minutes on two
cores.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

from sim import Result, __version__
from sim.files.limits import Limits
from sim.files.numbers import percent
from sim.files.outputs import write_text
from sim.presentation.titles import unit_title
from sim.simulation import prepare, run

TARGET = Path(__file__).parent.parent / "results" / "units.md"
MODELS = {"mamba1": "Mamba-1", "mamba2": "Mamba-2", "mamba3_mimo": "Mamba-3"}
PLAIN, SPECIAL, HALVES = MACHINES = ("edge", "edge_sfu", "edge_2x512")
NOTHING = 0.01  # a gain below this is none


def found(model: str, machine: str) -> Result:
    """The run of *model* on *machine*, two layers of it simulated."""
    job = prepare(model, machine, [], Limits(search="full"))
    return run(job, stride="tile", certificate=True, simulate_layers=2)


def page(results: Sequence[Result]) -> str:
    """The finding, and the table that it is about."""
    parts = [
        "# Special functions beside the lanes, and two arrays of half the size",
        f"Written by `python -m bench.units`, stallscope {__version__}. Prompts of 1,024 tokens, mappings by a full "
        "search, two layers simulated and the time of the others scaled from them. `edge_sfu` has 32 pipelines for "
        "special functions beside the lanes of `edge`, `edge_2x512` its 1,024 MACs in two arrays of 32 x 16 "
        "([docs/units.md](../docs/units.md)).",
        f"**Finding.** {finding({(each.workload, each.machine): each for each in results})}",
        "\n".join(_table(results)),
        "Busy is the share of the time in which a unit works. The bound is one over every mapping "
        "(sim/accounting/certificate.py); the last column is how far the run is above it. For two arrays that are "
        "alike it takes every product to be shared between them, which only projections are, so what it leaves there "
        "need not be the search's.",
    ]
    return "\n\n".join(parts) + "\n"


def finding(results: dict[tuple[str, str], Result]) -> str:
    """What the numbers say, in sentences."""

    def speeds(model: str, machine: str) -> tuple[float, float]:
        return results[model, PLAIN].tokens_per_second, results[model, machine].tokens_per_second

    def told(machine: str) -> str:
        """What *machine* is worth for each model, those with the largest gain first."""
        order = sorted(MODELS, key=lambda model: -speeds(model, machine)[1] / speeds(model, machine)[0])
        said = [_change(MODELS[model], *speeds(model, machine)) for model in order]
        return f"{', '.join(said[:-1])} and {said[-1]}"

    return (
        f"With special functions beside the lanes {told(SPECIAL)}. With the MACs in two arrays, each of which does "
        f"products of its own, {told(HALVES)}."
    )


def _change(name: str, before: float, after: float) -> str:
    gain = after / before - 1
    if abs(gain) < NOTHING:
        return f"{name} stays at {before:.0f} tok/s"
    return f"{name} goes from {before:.0f} to {after:.0f} tok/s ({percent(gain, '+')})"


def _table(results: Sequence[Result]) -> Iterator[str]:
    yield "| model | machine | tok/s | beside edge | busy | bound, tok/s at most | above the bound |"
    yield "|---|---|--:|--:|---|--:|--:|"
    plain = {each.workload: each.tokens_per_second for each in results if each.machine == PLAIN}
    for each in results:
        busy = ", ".join(f"{unit_title(unit)} {each.busy[unit]:.0%}" for unit in each.compute_units)
        above, speed = each.above_any_mapping, each.tokens_per_second
        assert above is not None
        yield (
            f"| {MODELS[each.workload]} | {each.machine} | {speed:.1f} | {speed / plain[each.workload]:.2f} | {busy} | "
            f"{speed * (1 + above):.1f} | {percent(above)} |"
        )


def main() -> None:
    """Search and run everything, and write the page."""
    pairs = [(model, machine) for model in MODELS for machine in MACHINES]
    with ProcessPoolExecutor(max_workers=2) as executor:
        results = list(executor.map(found, *zip(*pairs, strict=True)))
    write_text(TARGET, page(results))


if __name__ == "__main__":
    main()
