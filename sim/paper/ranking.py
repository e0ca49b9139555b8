"""What the order of the three models depends on: variants of the edge machine, ways of computing, and bounds.

A model is faster than another *whatever their schedules* if its run takes less than any mapping of the other can: the
bound over every mapping (accounting/certificate.py) is below the best schedule of each, and a run is above it. Between
the two bounds an order is only that of the mappings which were found.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, NamedTuple

from sim.paper.pages import excess
from sim.paper.runs import Run, Runs, Simulated

MODELS: Final = ("Mamba-1", "Mamba-2", "Mamba-3")


@dataclass(frozen=True)
class Variant:
    """A machine: a shipped one's name and changes of it, or of the numbers that it works with, and what that means."""

    name: str
    machine: str = "edge"
    assignments: tuple[str, ...] = ()


VARIANTS: Final = (
    Variant("edge"),
    Variant("one product a fold", assignments=("mac_array.packing=false",)),
    Variant("8 x 128 PEs", assignments=("mac_array.rows=8", "mac_array.columns=128")),
    Variant("weight-stationary", assignments=("mac_array.dataflow=weight_stationary",)),
    Variant("folds one after the other", assignments=("mac_array.folds=serial",)),
    Variant("16 lanes", assignments=("simd.lanes=16",)),
    Variant("64 lanes", assignments=("simd.lanes=64",)),
    Variant("lanes without multiply-add", assignments=("simd.fma=false",)),
    Variant("1.5 MiB of SRAM", assignments=("sram.capacity=1536KiB",)),
    Variant("8 MiB of SRAM", assignments=("sram.capacity=8MiB",)),
    Variant("one DRAM channel", assignments=("dram.channels=1",)),
    Variant("four DRAM channels", assignments=("dram.channels=4",)),
    Variant("nothing fetched ahead", assignments=("mac_array.fetch_ahead=0", "simd.fetch_ahead=0")),
    Variant("states in 32 bit", assignments=("state_precision=32bit",)),
    Variant("PEs that do elementwise work", "edge_flexpe"),
    Variant("the same, fed by the array's edges", "edge_flexpe", ("mac_array.elementwise.fed_by=edges",)),
    Variant("the same, fed by the SRAM, one product a fold", "edge_flexpe", ("mac_array.packing=false",)),
)


class Way(NamedTuple):
    """A way of computing: a workload for each of MODELS, and settings."""

    workloads: tuple[str, str, str]
    assignments: tuple[str, ...] = ()


SEQUENTIAL: Final = ("mamba1", "mamba2", "mamba3_mimo")
WAYS: Final = {
    "prefill, token by token": Way(SEQUENTIAL),
    "prefill in chunks": Way(("mamba1_pscan", "mamba2_ssd", "mamba3_mimo_ssd")),
    "decode": Way(SEQUENTIAL, ("phase=decode",)),
}


@dataclass(frozen=True)
class Standing:
    """The three models on one machine in one way, in the order of MODELS."""

    variant: Variant
    runs: tuple[Simulated, ...]

    def order(self) -> list[int]:
        """The models' numbers, the fastest first."""
        return sorted(range(len(self.runs)), key=lambda number: self.runs[number].cycles_per_token)

    def settled(self, faster: int, slower: int) -> bool:
        """Whether *faster* is so whatever the two schedules."""
        return self.runs[faster].cycles_per_token < self.runs[slower].least_cycles_per_token

    def penalty(self) -> tuple[float, float, float]:
        """How much longer Mamba-3 takes than Mamba-2, in percent: at least, as found, at most."""
        second, third = self.runs[1], self.runs[2]
        return (
            excess(third.least_cycles_per_token, second.cycles_per_token),
            excess(third.cycles_per_token, second.cycles_per_token),
            excess(third.cycles_per_token, second.least_cycles_per_token),
        )


def standings(runs: Runs) -> dict[str, list[Standing]]:
    """Every variant in every way."""
    asked = {(way, variant): list(_wanted(way, variant)) for way in WAYS for variant in VARIANTS}
    found = runs.of(run for wanted in asked.values() for run in wanted)
    return {
        way: [Standing(variant, tuple(found[run] for run in asked[way, variant])) for variant in VARIANTS]
        for way in WAYS
    }


def _wanted(way: str, variant: Variant) -> Iterator[Run]:
    workloads, assignments = WAYS[way]
    return (Run(workload, variant.machine, (*assignments, *variant.assignments)) for workload in workloads)
