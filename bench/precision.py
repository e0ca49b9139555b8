"""Decode of Mamba-2 2.7 B in 16 bit, W8A8 and W4A16 on variants of the edge accelerator: writes results/precision.md.

python -m bench.precision

All layers and every event, the mapping of each row found by a full search. Some two minutes on two cores.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import NamedTuple

from bench.binding import binding, shares
from hw.quantities import format_bytes
from sim import Result, __version__
from sim.files.errors import InputError
from sim.files.limits import Limits
from sim.files.outputs import write_text
from sim.presentation.titles import unit_title
from sim.simulation import prepare, run

TARGET = Path(__file__).parent.parent / "results" / "precision.md"
WORKLOAD, PHASE = "mamba2-2.7b", "phase=decode"
PRECISIONS = {
    "16 bit": ("precision=16bit",),
    "W8A8": ("precision=8bit",),
    "W4A16": ("precision.weights=4bit", "precision.group=128"),
}
DOTS = "mac_array.dataflow=[output_stationary, dot_product]"
MACHINES = {
    "edge": (),
    "edge, w8a8: 2": ("mac_array.rates={w8a8: 2}",),
    "edge, takes w16a16 and w32a32 only": ("mac_array.types=[w16a16, w32a32]",),
    "edge, w8a8: 2, dot products too": ("mac_array.rates={w8a8: 2}", DOTS),
}
NATIVE, DOUBLED, ONLY_WIDE, FULL = MACHINES


class Row(NamedTuple):
    """One precision on one machine; ``result`` is what is wrong with them instead if the array cannot do it."""

    machine: str
    precision: str
    result: Result | str

    @property
    def binding(self) -> tuple[str, float]:
        """What is busy most of the time, and for which share of it."""
        assert isinstance(self.result, Result)
        return binding(shares(self.result))


def row_of(machine: str, precision: str) -> Row:
    """Search and run."""
    try:
        job = prepare(WORKLOAD, "edge", [PHASE, *PRECISIONS[precision], *MACHINES[machine]], Limits(search="full"))
    except InputError as error:
        return Row(machine, precision, error.problems[0].message)
    return Row(machine, precision, run(job, stride="tile", certificate=True))


def page(rows: Sequence[Row]) -> str:
    """The finding, the table, and what it is about."""
    parts = [
        "# Narrow weights and activations in decode",
        f"Written by `python -m bench.precision`, stallscope {__version__}. Decode of {WORKLOAD}, one sequence, all "
        "layers, states of 32 bit throughout; W4A16 has a 16-bit scale for every 128 weights of a column. "
        "`hw/edge.yaml` as it is takes every type, one MAC a PE and cycle; the other machines differ from it in what "
        "their names say. `w8a8: 2` is two MACs a PE and cycle along k; dot products are a second dataflow, with which "
        "one token keeps all PEs at work. Energy is the paper's: 2 pJ an operation whatever its width, 15 pJ a bit of "
        "DRAM.",
        f"**Finding.** {finding({(row.machine, row.precision): row for row in rows})}",
        "\n".join(_table(rows)),
        "What binds is what is busy most of the time; for DRAM that is its data bus. The bound is one over every "
        "mapping (sim/accounting/certificate.py). Gains are over 16 bit on the same machine.",
    ]
    return "\n\n".join(parts) + "\n"


def finding(rows: dict[tuple[str, str], Row]) -> str:
    """What the numbers say, in a sentence."""

    def of(machine: str, precision: str) -> Result:
        result = rows[machine, precision].result
        assert isinstance(result, Result)
        return result

    def gain(machine: str, precision: str) -> float:
        return of(machine, precision).tokens_per_second / of(machine, "16 bit").tokens_per_second

    energy = of(NATIVE, "16 bit").energy_mj_per_token / of(NATIVE, "W4A16").energy_mj_per_token
    native, doubled, full, only = (
        f"{unit_title(unit)} busy for {share:.1%}"
        for unit, share in (
            rows[NATIVE, "W4A16"].binding,
            rows[DOUBLED, "W8A8"].binding,
            rows[FULL, "W4A16"].binding,
            rows[ONLY_WIDE, "W4A16"].binding,
        )
    )
    return (
        f"Weights of 4 bit divide the energy of a token by {energy:.1f} on hw/edge and make it "
        f"{gain(NATIVE, 'W4A16'):.2f} times as fast ({native} of the time); W8A8 makes it "
        f"{gain(DOUBLED, 'W8A8'):.2f} times as fast where PEs do two such MACs a cycle ({doubled}), W4A16 "
        f"{gain(FULL, 'W4A16'):.2f} times where dot products keep all PEs at work ({full}), and "
        f"{gain(ONLY_WIDE, 'W4A16'):.2f} times where the array takes no narrow weights and lanes have to dequantise "
        f"them ({only})."
    )


def _table(rows: Sequence[Row]) -> Iterator[str]:
    yield "| machine | precision | tok/s | gain | mJ/token | DRAM a token | what binds | bound, tok/s at most |"
    yield "|---|---|--:|--:|--:|--:|---|--:|"
    wide = {row.machine: row.result for row in rows if row.precision == "16 bit"}
    for row in rows:
        result, base = row.result, wide[row.machine]
        if isinstance(result, str) or isinstance(base, str):
            yield f"| {row.machine} | {row.precision} | refused: {result} | | | | | |"
            continue
        speed, (unit, share) = result.tokens_per_second, row.binding
        most = result.clock_hz * result.tokens / (result.bounds.any_mapping_cycles or 1)
        yield (
            f"| {row.machine} | {row.precision} | {speed:.2f} | {speed / base.tokens_per_second:.2f} | "
            f"{result.energy_mj_per_token:.0f} | {format_bytes(result.dram_bytes)} | {unit_title(unit)}, {share:.0%} | "
            f"{most:.2f} |"
        )


def main() -> None:
    """Search and run everything, and write the page."""
    pairs = [(machine, precision) for machine in MACHINES for precision in PRECISIONS]
    with ProcessPoolExecutor(max_workers=2) as executor:
        rows = list(executor.map(row_of, *zip(*pairs, strict=True)))
    write_text(TARGET, page(rows))


if __name__ == "__main__":
    main()
