"""More of a resource, and what comes out: writes results/monotone.md.

python -m bench.monotone

Random machines, and the same with twice or four times as much of one resource, each with a mapping of its own found by
a quick search. The larger one should take at most a thousandth longer. Some six minutes on two cores.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from itertools import islice
from pathlib import Path
from random import Random
from typing import NamedTuple

from sim import __version__
from sim.accounting.result import Result
from sim.explanation.near import settled
from sim.files.errors import InputError
from sim.files.limits import Limits
from sim.files.numbers import percent
from sim.files.outputs import write_text
from sim.presentation.markdown import table
from sim.search.choose import lay_anew
from sim.simulation import Job, prepare, run

TARGET = Path(__file__).parent.parent / "results" / "monotone.md"
PAIRS = 100
ALLOWED = 0.001  # of the time
KIB = 1024
WORKLOADS = (
    "mamba1-d96", "mamba1-d192", "mamba1-d384", "mamba2-d96", "mamba2-d192", "mamba2-d384", "mamba3_mimo-d48",
    "mamba3_mimo-d96", "mamba3_mimo-d192", "mamba-130m", "mamba2-130m", "mamba3-siso-187m", "mamba1", "mamba2",
    "mamba3_mimo",
)  # fmt: skip
RESOURCES = {
    "simd.lanes": (8, 16, 32, 64),
    "mac_array.rows": (8, 16, 32, 64),
    "mac_array.columns": (8, 16, 32, 64),
    "sram.capacity": (512, 1024, 2048, 4096, 8192),  # KiB
    "dram.channels": (1, 2, 4),
}


class Pair(NamedTuple):
    """A workload on a machine, ``figures`` of its resources, and one of which there is more."""

    workload: str
    machine: str
    phase: str
    figures: dict[str, int]
    resource: str
    factor: int

    def settings(self, more: bool) -> list[str]:
        """Two layers on the machine, or on that with more."""
        figures = self.figures | ({self.resource: self.factor * self.figures[self.resource]} if more else {})
        prompt = ["sequence_length=512"] if self.phase == "prefill" else []
        units = {"sram.capacity": "KiB"}
        return [
            "layers=2", f"phase={self.phase}", *prompt,
            *(f"{key}={value}{units.get(key, '')}" for key, value in figures.items()),
        ]  # fmt: skip


def pairs(seed: int = 1) -> Iterator[Pair]:
    """The same ones each time."""
    random = Random(seed)
    while True:
        yield Pair(
            workload=random.choice(WORKLOADS),
            machine=random.choice(("edge", "edge_flexpe")),
            figures={key: random.choice(values) for key, values in RESOURCES.items()},
            resource=random.choice(list(RESOURCES)),
            factor=random.choice((2, 4)),
            phase=random.choice(("prefill", "prefill", "decode")),
        )


class Runs(NamedTuple):
    """Both machines' runs; ``kept`` are the larger one's cycles with the mapping of the smaller, None if not run."""

    small: Result
    large: Result
    kept: int | None = None

    @property
    def slower(self) -> float:
        """How much longer the larger machine takes."""
        return self.large.makespan_cycles / self.small.makespan_cycles - 1


def both(pair: Pair) -> Runs | None:
    """The runs on both machines; None if the workload does not fit the smaller one."""
    try:
        small, large = _prepared(pair, False), _prepared(pair, True)
    except InputError:
        return None
    found = Runs(_run(small), _run(large))
    return found._replace(kept=_kept_cycles(small, large)) if found.slower > ALLOWED else found


def _prepared(pair: Pair, more: bool) -> Job:
    return prepare(pair.workload, pair.machine, pair.settings(more), Limits(search="quick"))


def _run(job: Job) -> Result:
    return run(job, stride="tile", certificate=True)


def _kept_cycles(small: Job, large: Job) -> int | None:
    """What *large* takes by the mapping of *small*; None if that does not fit."""
    (section,), (known,) = large.sections, small.sections
    laid = lay_anew(section, section.costs, settled(known))
    return None if laid is None else run(Job(large.machine, (laid,), large.model_layers), stride="tile").makespan_cycles


def page(found: Sequence[tuple[Pair, Runs]]) -> str:
    """How often it is slower, and every such pair."""
    slower = sorted((each for each in found if each[1].slower > ALLOWED), key=lambda each: -each[1].slower)
    rows = [
        [
            pair.workload, " ".join(f"`{each}`" for each in pair.settings(False)), pair.machine,
            f"{pair.factor} x {pair.resource}", f"{runs.slower:+.2%}",
            "" if runs.kept is None else f"{runs.kept / runs.small.makespan_cycles - 1:+.2%}",
            _above(runs.small), _above(runs.large),
        ]
        for pair, runs in slower
    ]  # fmt: skip
    header = ["workload", "settings", "machine", "more", "slower by", "with the smaller one's mapping"]
    header += ["smaller above its bound", "larger above its bound"]
    parts = [
        "# More of a resource, and what comes out",
        f"Written by `python -m bench.monotone`, stallscope {__version__}. Random machines, and the same with more of "
        "one resource, each with the mapping of a quick search; two layers, prefill of 512 tokens or decode.",
        f"{len(slower)} of {len(found)} are slower by more than {percent(ALLOWED)}"
        + (", the worst of them first:" if rows else "."),
    ]
    reading = (
        "Where the mapping of the smaller machine is as quick on the larger one, the search has not found it. Where it "
        "is slower too, the machine is: operands and results of an array with more rows or columns take longer to "
        "pass them, which a decode of one token waits for in every layer."
    )
    return "\n\n".join([*parts, *([table(header, rows, left=4), reading] if rows else [])]) + "\n"


def _above(result: Result) -> str:
    return "" if result.above_any_mapping is None else percent(result.above_any_mapping)


def main() -> None:
    """Run all pairs and write the page."""
    asked = list(islice(pairs(), PAIRS))
    with ProcessPoolExecutor() as executor:
        runs = list(executor.map(both, asked))
    found = [(pair, each) for pair, each in zip(asked, runs, strict=True) if each is not None]
    write_text(TARGET, page(found))


if __name__ == "__main__":
    main()
