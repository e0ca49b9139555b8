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
from sim.files.errors import InputError
from sim.files.limits import Limits
from sim.files.numbers import percent
from sim.files.outputs import write_text
from sim.presentation.markdown import table
from sim.simulation import prepare, run

TARGET = Path(__file__).parent.parent / "results" / "monotone.md"
PAIRS = 100
ALLOWED = 1.001
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


def both(pair: Pair) -> tuple[Result, Result] | None:
    """The runs on both machines; None if the workload does not fit the smaller one."""
    found = []
    for more in (False, True):
        try:
            job = prepare(pair.workload, pair.machine, pair.settings(more), Limits(search="quick"))
        except InputError:
            return None
        found.append(run(job, stride="tile", certificate=True))
    return found[0], found[1]


def page(found: Sequence[tuple[Pair, tuple[Result, Result]]]) -> str:
    """How often it is slower, and every such pair."""
    slower = [(pair, *runs) for pair, runs in found if runs[1].makespan_cycles > ALLOWED * runs[0].makespan_cycles]
    rows = [
        [
            pair.workload, " ".join(f"`{each}`" for each in pair.settings(False)), pair.machine,
            f"{pair.factor} x {pair.resource}", f"{1 - small.makespan_cycles / large.makespan_cycles:+.2%}",
            _above(small), _above(large),
        ]
        for pair, small, large in slower
    ]  # fmt: skip
    header = [
        "workload",
        "settings",
        "machine",
        "more",
        "slower by",
        "smaller above its bound",
        "larger above its bound",
    ]
    parts = [
        "# More of a resource, and what comes out",
        f"Written by `python -m bench.monotone`, stallscope {__version__}. Random machines, and the same with more of "
        "one resource, each with the mapping of a quick search; two layers, prefill of 512 tokens or decode.",
        f"{len(slower)} of {len(found)} are slower by more than {percent(ALLOWED - 1)}"
        + (", the worst of them first:" if rows else "."),
    ]
    return "\n\n".join([*parts, *([table(header, rows, left=4)] if rows else [])]) + "\n"


def _above(result: Result) -> str:
    return "" if result.above_any_mapping is None else percent(result.above_any_mapping)


def main() -> None:
    """Run all pairs and write the page."""
    asked = list(islice(pairs(), PAIRS))
    with ProcessPoolExecutor() as executor:
        runs = list(executor.map(both, asked))
    found = [(pair, each) for pair, each in zip(asked, runs, strict=True) if each is not None]
    found.sort(key=lambda each: each[1][0].makespan_cycles / each[1][1].makespan_cycles)
    write_text(TARGET, page(found))


if __name__ == "__main__":
    main()
