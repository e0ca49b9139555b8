"""Cards as they were found, and what they give: launches, copies, products with a matrix and with a vector."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from hw.machine import MachineSpec
from sim.files.numbers import binary_size, number, percent, scaled
from sim.files.resolve import read
from sim.paper.gpu.measurements import GpuMeasurements, Measured, ProductRate
from sim.paper.pages import NOT_MEASURED, link
from sim.paper.runs import Runs
from sim.presentation.escaping import code_for_markdown, for_markdown
from sim.presentation.markdown import table

ELEMENT_BYTES = 2  # of products
GEMM_ROWS = 16  # from so many rows on a product is one with a matrix


@dataclass(frozen=True)
class Peaks:
    """What the shipped machine that is such a card has."""

    bytes_per_second: float
    macs_per_second: float


def peaks(card: GpuMeasurements) -> Peaks | None:
    """The peaks of *card*; None where no shipped machine is such a card."""
    if card.machine is None:
        return None
    machine = read("machine", card.machine).check(MachineSpec)
    return Peaks(machine.dram.bytes_per_second, float(machine.macs_per_cycle * machine.clock))


def cards_section(gpu: Measured, runs: Runs) -> str:
    """Each card, its clocks and software, and the command that measured it."""
    facts = [[name, *(fact(card) for card in gpu.values())] for name, fact in _FACTS.items()]
    lines = [
        f"- {link(file)}: {code_for_markdown(card.command)}, "
        + for_markdown(", ".join(map(" ".join, {"stallscope": card.stallscope, **card.software}.items())))
        for file, card in gpu.items()
    ]
    return "\n\n".join([table(["", *map(link, gpu)], facts), "\n".join(lines)])


def _clock(megahertz: float | None) -> str:
    return NOT_MEASURED if megahertz is None else f"{number(megahertz)} MHz"


def _watts(watts: float | None) -> str:
    return NOT_MEASURED if watts is None else f"{number(watts)} W"


_FACTS: dict[str, Callable[[GpuMeasurements], str]] = {
    "card": lambda each: for_markdown(each.card.name),
    "identity": lambda each: for_markdown(each.card.fingerprint),
    "measured": lambda each: for_markdown(each.date),
    "driver": lambda each: for_markdown(each.card.driver) or NOT_MEASURED,
    "multiprocessors": lambda each: str(each.card.multiprocessors),
    "memory": lambda each: binary_size(each.card.memory_bytes),
    "L2": lambda each: binary_size(each.card.l2_bytes),
    "power limit": lambda each: _watts(each.card.power_limit_watts),
    "power, idle": lambda each: _watts(each.card.idle_watts),
    "clock, largest product": lambda each: _clock(each.card.sm_clock_mhz),
    "clock at most": lambda each: _clock(each.card.sm_clock_max_mhz),
    "clock of the memory": lambda each: _clock(each.card.memory_clock_mhz),
}


def rates_section(gpu: Measured, runs: Runs) -> str:
    """A table of each card's rates, with their shares of the peaks."""
    rows = [[link(file), *row] for file, card in gpu.items() for row in _rates(card)]
    if not rows:
        return NOT_MEASURED.capitalize() + "."
    header = ["measured in", "what", "size", "seconds", "bytes a second", "of the peak", "operations", "of the peak"]
    return "\n\n".join([_rates_words(gpu), table(header, rows, left=3)])


def _rates_words(gpu: Measured) -> str:
    known = {card.machine: peak for card in gpu.values() if (peak := peaks(card)) is not None}
    told = "; ".join(
        f"hw/{name}.yaml, {scaled(peak.bytes_per_second, 'B/s')} and {scaled(2 * peak.macs_per_second, 'OP/s')}"
        for name, peak in known.items()
    )
    return (
        "A launch is what an empty kernel adds to a row of them. A copy reads its bytes and writes as many. A product "
        "of one row (GEMV) reads a matrix; so many different ones are read in turn that none is in the cache. All in "
        f"16 bit; a MAC is two operations.{f' Peaks: {told}.' if told else ''}"
    )


def _rates(card: GpuMeasurements) -> list[list[str]]:
    peak = peaks(card)
    launches = [[f"launch, {each.launch}", "", scaled(each.seconds, "s"), *[""] * 4] for each in card.launches]
    copies = [
        ["copy", binary_size(each.bytes), scaled(each.timed.seconds, "s"), *_moved(each.bytes_per_second, peak), "", ""]
        for each in card.copies
    ]
    return [*launches, *copies, *(_product(each, peak) for each in card.products)]


def _moved(rate: float, peak: Peaks | None) -> tuple[str, str]:
    return scaled(rate, "B/s"), percent(rate / peak.bytes_per_second) if peak else ""


def _product(product: ProductRate, peak: Peaks | None) -> list[str]:
    m, n, k = product.m, product.n, product.k
    moved = ELEMENT_BYTES * (m * k + k * n + m * n) / product.timed.seconds
    return [
        "GEMV" if m < GEMM_ROWS else "GEMM",
        f"{m} x {k} x {n}, {product.copies} in turn",
        scaled(product.timed.seconds, "s"),
        *_moved(moved, peak),
        scaled(2 * product.macs_per_second, "OP/s"),
        percent(product.macs_per_second / peak.macs_per_second) if peak else "",
    ]
