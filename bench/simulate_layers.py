"""How far runs are off of which two layers are simulated: writes results/simulate_layers.md.

python -m bench.simulate_layers [--layers N] [--seq-len L] [-o FILE.md]     the shipped sizes unless others are given
"""

from __future__ import annotations

import sys
from argparse import ArgumentParser
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from bench import EDGE_MACHINES
from bench.runs import ROWS
from sim import Result, __version__
from sim.files.outputs import write_text
from sim.presentation.markdown import table
from sim.presentation.titles import shown, title
from sim.simulation import prepare, run

TARGET = Path(__file__).parent.parent / "results" / "simulate_layers.md"
SIMULATED = 2


@dataclass(frozen=True)
class Pair:
    """One job, a few layers of it simulated and all."""

    few: Result
    whole: Result

    @property
    def makespan_off(self) -> float:
        """Of the makespan."""
        return self.few.makespan_cycles / self.whole.makespan_cycles - 1

    @property
    def worst_stall(self) -> tuple[float, str, str]:
        """The stall whose share of the makespan is off the most: by how much, its unit, and its reason."""
        shares = [
            (self.few.stall_share(unit, reason) - self.whole.stall_share(unit, reason), unit, reason)
            for unit, account in self.whole.units.items()
            for reason in account.stalls.keys() | self.few.units[unit].stalls.keys()
        ]
        return max(shares, key=lambda share: (abs(share[0]), *share[1:]))

    def row(self) -> list[str]:
        """Of the table."""
        off, unit, reason = self.worst_stall
        return [
            self.whole.workload,
            self.whole.machine,
            f"{self.whole.makespan_cycles:,}",
            f"{100 * self.makespan_off:+.4f} %",
            f"{100 * off:+.4f} %",
            f"{unit}, {title(shown(unit, reason))}",
        ]


def compared(assignments: Sequence[str] = ()) -> list[Pair]:
    """Every row of Table 1 on both edge machines."""
    pairs = []
    for workload in ROWS:
        for machine in EDGE_MACHINES:
            job = prepare(workload, machine, assignments)
            pairs.append(Pair(run(job, simulate_layers=SIMULATED), run(job)))
            print(pairs[-1].row(), file=sys.stderr, flush=True)
    return pairs


def page(pairs: Sequence[Pair], command: str) -> str:
    """The page about *pairs*, which *command* makes."""
    layers, length = pairs[0].whole.layers, pairs[0].whole.sequence_length
    header = ["workload", "machine", "cycles, all layers", "makespan off", "worst stall off, of the makespan", "which"]
    return (
        "# What simulating two layers costs\n\n"
        f"Written by `{command}`, stallscope {__version__}. The six rows of Table 1, {layers} layers, {length} tokens: "
        f"`--simulate-layers {SIMULATED}` beside the run of all layers, with the same mapping "
        "([docs/simulate-layers.md](../docs/simulate-layers.md)). Makespans are off by "
        f"{100 * max(abs(pair.makespan_off) for pair in pairs):.4f} % at most, stalls by "
        f"{100 * max(abs(pair.worst_stall[0]) for pair in pairs):.4f} % of the makespan.\n\n"
        + table(header, [pair.row() for pair in pairs], left=2)
        + "\n"
    )


def main(arguments: Sequence[str] | None = None) -> None:
    """Run everything and write the table."""
    parser = ArgumentParser(prog="python -m bench.simulate_layers")
    parser.add_argument("--layers", type=int)
    parser.add_argument("--seq-len", type=int)
    parser.add_argument("-o", "--output", type=Path, default=TARGET)
    given = parser.parse_args(arguments)
    sizes = {"layers": given.layers, "sequence_length": given.seq_len}
    pairs = compared([f"{key}={value}" for key, value in sizes.items() if value is not None])
    flags = {"--layers": given.layers, "--seq-len": given.seq_len}
    command = "python -m bench.simulate_layers"
    command += "".join(f" {flag} {value}" for flag, value in flags.items() if value is not None)
    write_text(given.output, page(pairs, command))


if __name__ == "__main__":
    main()
