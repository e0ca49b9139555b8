"""The official Mamba-3s, each with a Mamba-2 of as many parameters.

Models are matched by the parameters of their layers, and only layers run: the vocabularies differ (128,256 and 50,288
tokens), and are half of the smallest Mamba-3. A Mamba-2 of just as many parameters is interpolated: time, like
parameters, grows as a power of the width, so log time is linear in log parameters between two neighbours. The nearest
official sizes are within 3 % of the Mamba-3's, so the interpolation corrects little.
"""

from __future__ import annotations

from bisect import bisect
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import exp, log

from sim.files.resolve import resolve_workload
from sim.paper.counts import count, paper_columns
from sim.paper.pages import excess
from sim.paper.runs import Run, Runs, Simulated

MACHINES = ("edge", "edge_flexpe")
REFERENCE = ("mamba2-130m", "mamba2-370m", "mamba2-780m", "mamba2-1.3b")
SISO = ("mamba3-siso-187m", "mamba3-siso-443m", "mamba3-siso-893m", "mamba3-siso-1.5b")
MIMO = ("mamba3-mimo-894m", "mamba3-mimo-1.5b")
SEQUENTIAL, CHUNKED, DECODE = "prefill, token by token", "prefill in chunks", "decode"
PHASES = (SEQUENTIAL, CHUNKED, DECODE)
ASSIGNMENTS: dict[str, tuple[str, ...]] = {
    SEQUENTIAL: (),
    CHUNKED: ("formulation=chunked", "chunk=best"),
    DECODE: ("phase=decode",),
}


@dataclass(frozen=True)
class Official:
    """A model: the parameters of its layers, of all with the tied embedding, operations a token, and its runs."""

    name: str
    layer_parameters: int
    parameters: int
    paper_gop_per_token: float
    runs: dict[tuple[str, str], Simulated]


@dataclass(frozen=True)
class Comparison:
    """A Mamba-3 and a Mamba-2 of as many layer parameters: cycles a token by (machine, phase), (Mamba-2's, Mamba-3's).

    ``least_cycles`` are their bounds over every mapping. ``nearest`` is the official Mamba-2 whose parameters are the
    nearest. ``roofline_penalty`` is that of operations by the paper's convention, in prefill token by token.
    """

    model: Official
    nearest: Official
    cycles: dict[tuple[str, str], tuple[float, float]]
    least_cycles: dict[tuple[str, str], tuple[float, float]]
    roofline_penalty: float

    def penalty(self, machine: str, phase: str) -> float:
        """How much longer Mamba-3 takes, in percent."""
        mamba2, mamba3 = self.cycles[machine, phase]
        return excess(mamba3, mamba2)

    def penalties(self, machine: str, phase: str) -> tuple[float, float]:
        """Between what the penalty is for the best mappings that there can be, in percent."""
        (mamba2, mamba3), (least2, least3) = self.cycles[machine, phase], self.least_cycles[machine, phase]
        return excess(least3, mamba2), excess(mamba3, least2)


def comparisons(runs: Runs) -> list[Comparison]:
    """Every Mamba-3, SISO first."""
    names = (*REFERENCE, *SISO, *MIMO)
    wanted = {
        name: {(machine, phase): Run(name, machine, ASSIGNMENTS[phase]) for machine in MACHINES for phase in PHASES}
        for name in names
    }
    found = runs.of(run for each in wanted.values() for run in each.values())
    models = {name: _model(name, {key: found[run] for key, run in wanted[name].items()}) for name in names}
    references = [models[name] for name in REFERENCE]
    return [_compared(models[name], references) for name in (*SISO, *MIMO)]


def _model(name: str, runs: dict[tuple[str, str], Simulated]) -> Official:
    workload = resolve_workload(name)
    counts = count(workload)
    layers = counts.layer_parameters * counts.layers
    return Official(name, layers, counts.parameters, paper_columns(workload).ops_gop_per_token, runs)


def _compared(model: Official, references: Sequence[Official]) -> Comparison:
    sizes = [each.layer_parameters for each in references]

    def beside(value: Callable[[Official], float]) -> tuple[float, float]:
        """The *value* of a Mamba-2 of as many parameters, and that of *model*."""
        return interpolated(model.layer_parameters, sizes, list(map(value, references))), value(model)

    def times(value: Callable[[Simulated], float]) -> dict[tuple[str, str], tuple[float, float]]:
        return {key: beside(lambda each: value(each.runs[key])) for key in model.runs}  # noqa: B023 - called at once

    cycles, least = times(lambda run: run.cycles_per_token), times(lambda run: run.least_cycles_per_token)
    mamba2, mamba3 = beside(lambda each: each.paper_gop_per_token)
    nearest = min(references, key=lambda each: abs(log(each.layer_parameters / model.layer_parameters)))
    return Comparison(model, nearest, cycles, least, excess(mamba3, mamba2))


def interpolated(x: float, xs: Sequence[float], ys: Sequence[float]) -> float:
    """*y* at *x* on straight lines between the logarithms of (*xs*, *ys*), the outermost going on; *xs* rise.

    >>> interpolated(4, [1, 2, 8], [1, 4, 64])
    16.0
    """
    right = min(max(bisect(xs, x), 1), len(xs) - 1)
    left = right - 1
    share = log(x / xs[left]) / log(xs[right] / xs[left])
    return exp(log(ys[left]) * (1 - share) + log(ys[right]) * share)
