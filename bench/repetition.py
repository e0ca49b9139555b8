"""How far runs are off in which what repeats is skipped: writes results/repetition.md.

python -m bench.repetition
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from bench import EDGE_MACHINES
from bench.children import Measured, Task, measure, stalls_off
from bench.compiled import build
from sim import __version__
from sim.catalog import shipped
from sim.markdown import table
from sim.output import write_atomically

TARGET = Path(__file__).parent.parent / "results" / "repetition.md"
LARGE = 0.0001  # of the makespan: a stall that is looked at for itself
SIZES = (0.01, 0.001, LARGE)  # of the makespan: stalls at least so large are counted
EXACT = 0.01  # of itself: how far off a stall may be


@dataclass(frozen=True)
class _Pair:
    """A workload on a machine: what repeats skipped, and every event."""

    names: tuple[str, str]
    short: Measured
    whole: Measured

    @property
    def skipped(self) -> bool:
        """Whether anything was."""
        return self.short.simulated_cycles < self.short.makespan_cycles

    @property
    def makespan_off(self) -> float:
        """Of the makespan."""
        return self.short.makespan_cycles / self.whole.makespan_cycles - 1

    @property
    def most(self) -> float:
        """Of the makespan, the stall that is off the most."""
        return max(stalls_off(self.short, self.whole).values()) / self.whole.makespan_cycles

    def large(self, size: float = LARGE) -> dict[str, float]:
        """Of itself, every stall of more than *size* of the makespan."""
        least = size * self.whole.makespan_cycles
        return {
            stall: cycles / own
            for stall, cycles in stalls_off(self.short, self.whole).items()
            if (own := self.whole.stalls.get(stall, 0)) > least
        }

    def row(self) -> list[str]:
        """Of the table."""
        worst, off = max(self.large().items(), key=lambda item: item[1])
        return [
            *self.names,
            f"{self.whole.requests:,}",
            f"{100 * self.short.simulated_cycles / self.short.makespan_cycles:.1f} %",
            f"{self.whole.run_s / self.short.run_s:.1f}x" if self.skipped else "",
            f"{100 * self.makespan_off:+.4f} %",
            f"{100 * self.most:.4f} %",
            f"{100 * off:.2f} %",
            worst.replace("_", " ") if self.skipped else "",
        ]


def main() -> None:
    """Run everything, compiled, and write the table."""
    pairs = []
    with TemporaryDirectory() as name:
        folder = Path(name)
        build(folder)
        for workload in shipped("workload"):
            for machine in EDGE_MACHINES:
                short, whole = (measure(Task(workload, machine, skip=skip), folder) for skip in (True, False))
                pairs.append(_Pair((workload, machine), short, whole))
                print(pairs[-1].row(), file=sys.stderr, flush=True)
    header = ["workload", "machine", "requests", "simulated", "faster", "makespan off", "worst stall, of the makespan",
              "worst large stall, of itself", "which"]  # fmt: skip
    write_atomically(TARGET, _head(pairs) + table(header, [pair.row() for pair in pairs], left=2) + "\n")


def _head(pairs: list[_Pair]) -> str:
    large = {size: [off for pair in pairs for off in pair.large(size).values()] for size in SIZES}
    exact = {size: sum(off <= EXACT for off in found) for size, found in large.items()}
    counts = [f"{exact[size]:,} of {len(large[size]):,} above {100 * size:g} % of it" for size in SIZES]
    missed = [pair for pair in pairs if max(pair.large().values()) > EXACT]
    return (
        "# What skipping costs\n\n"
        f"Written by `python -m bench.repetition`, stallscope {__version__}. Every shipped workload as it is shipped, "
        "on both edge machines: what repeats skipped (docs/repetition.md), beside the run of all its events. *Large* "
        f"is a stall of more than {100 * LARGE:g} % of the makespan.\n\n"
        f"Of {len(pairs)} runs {sum(pair.skipped for pair in pairs)} skip something. Makespans are off by "
        f"{100 * max(abs(pair.makespan_off) for pair in pairs):.4f} % at most, stalls by "
        f"{100 * max(pair.most for pair in pairs):.4f} % of the makespan. Within {100 * EXACT:g} % of themselves are "
        f"{', '.join(counts)}; those that are not, at most {100 * max(large[LARGE]):.1f} % off, are in "
        f"{', '.join(' on '.join(pair.names) for pair in missed) or 'no run'}.\n\n"
    )


if __name__ == "__main__":
    main()
