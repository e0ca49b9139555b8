"""Decode of many sequences on a GPU, simulated and measured, and the batch from which on MIMO pays.

A step of decode reads all weights once and every sequence's state twice (from memory and back). The paper's Mamba-3 has
10 % more weights than its Mamba-2 and half the state, so it is behind for one sequence and ahead for many: they cross,
by the resource bound (bytes over bandwidth or work over rate, whichever is longer), by simulation, and as measured.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import ceil, exp, log

from sim.paper.gpu.measurements import GpuMeasurements, Launch, Measured
from sim.paper.pages import NOT_MEASURED, excess, signed
from sim.paper.runs import Run, Simulated

COARSE = "h100"  # the machine that stands for a GPU where none was measured that is shipped
DECODERS = {"mamba2": "Mamba-2", "mamba3_mimo": "Mamba-3"}
BATCHES = tuple(2**power for power in range(10))

Decoded = Mapping[tuple[str, int], Simulated]
"""(workload, batch) -> a step of decode, simulated."""


def decoding(gpu: Measured) -> tuple[str, GpuMeasurements] | None:
    """The fullest file that has decode of both models in a graph; None if none has."""
    found = [each for each in gpu.items() if measured_race(each[1], "graph", *DECODERS).known]
    return max(found, key=lambda each: each[1].figures, default=None)


def simulated_machine(gpu: Measured) -> str:
    """The machine to simulate beside what was measured: the one that is such a card, if it is shipped."""
    shown = decoding(gpu)
    return (shown and shown[1].machine) or COARSE


def decode_run(workload: str, batch: int, machine: str) -> Run:
    """One step of decode for *batch* sequences on a GPU."""
    return Run(workload, machine, ("phase=decode", f"batch={batch}", "mapping.weight_slot_kib=512"))


def crossing(batches: Sequence[int], first: Sequence[float], second: Sequence[float]) -> float | None:
    """The batch from which on *second* is the faster, between the two samples by log-log interpolation; None if never.

    Throughputs are those at *batches*, in rising order.
    """
    leads = [log(b / a) for a, b in zip(first, second, strict=True)]
    for number in range(len(batches) - 1, 0, -1):
        before, after = leads[number - 1], leads[number]
        if before <= 0 < after:
            share = -before / (after - before)
            return exp(log(batches[number - 1]) * (1 - share) + log(batches[number]) * share)
    return float(batches[0]) if leads and min(leads) > 0 else None


@dataclass(frozen=True)
class Race:
    """Tokens a second of two models at the same batches, in rising order; none where they were not measured."""

    batches: Sequence[int]
    first: Sequence[float]
    second: Sequence[float]

    @property
    def known(self) -> bool:
        """Whether there is enough to say where they cross."""
        return len(self.batches) > 1

    @property
    def crossing(self) -> float | None:
        """The batch from which on the second is the faster; None if never."""
        return crossing(self.batches, self.first, self.second)

    @property
    def said(self) -> str:
        """That batch in words."""
        return said_batch(self.crossing) if self.known else NOT_MEASURED

    @property
    def ends(self) -> str:
        """How much faster the second is at the first batch and at the last."""
        leads = [excess(b, a) for a, b in zip(self.first, self.second, strict=True)]
        return (
            f"{signed(leads[0])} at B = {self.batches[0]}, {signed(leads[-1])} at {self.batches[-1]}" if leads else ""
        )


def measured_race(card: GpuMeasurements, launch: Launch, first: str, second: str) -> Race:
    """The two where both were measured."""
    one, other = card.curve(first, launch), card.curve(second, launch)
    batches = [batch for batch in one if batch in other]
    return Race(batches, [one[batch] for batch in batches], [other[batch] for batch in batches])


def simulated_races(decode: Decoded) -> tuple[Race, Race]:
    """Mamba-2 and Mamba-3 as simulated, and by the resource bound."""
    paces = [[pace(decode[name, batch]) for batch in BATCHES] for name in DECODERS]
    simulated, bound = (Race(BATCHES, *([each[kind] for each in model] for model in paces)) for kind in (0, 1))
    return simulated, bound


def said_batch(batch: float | None) -> str:
    """The first whole batch."""
    return "never" if batch is None else str(ceil(batch))


def pace(simulated: Simulated) -> tuple[float, float]:
    """Tokens a second of the whole model: simulated, and by the resource bound."""
    by_bound = simulated.cycles_per_token / simulated.resource_cycles_per_token
    return simulated.tokens_per_second, simulated.tokens_per_second * by_bound
