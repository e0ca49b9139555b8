"""SRAM: energy of a byte by the size of a bank and the way to it, leakage, area.

A bank by CACTI with a port of 512 bits, as ``hwcomponents-cacti`` 1.0.40 runs it, for 22 and 28 nm; between sizes on a
straight line of logarithms, and on from the last two beyond the table. Where the whole is larger than a bank, CACTI's
2 MiB in 16 banks say what the wires take: (whole - bank) over the square root of its area. Below 22 nm banks scale as
logic does and wires no longer, above 28 nm banks scale likewise and wires do not (both assumed).

Low and high of a bank: 0.7 of that (assumed), and Horowitz's 64-bit accesses at 45 nm (ISSCC 2014), scaled. Not
modelled: accesses narrower than a word, ECC, banks that are switched off.
"""

from __future__ import annotations

from itertools import pairwise
from math import exp, log, sqrt
from typing import Final, NamedTuple

from hw.energy.levels import Figure, Levels
from hw.energy.nodes import SCALES, Node, area_factor, energy_factor

KIB: Final = 1024


class Bank(NamedTuple):
    """A bank by CACTI: pJ of a byte that is read or written, and its area."""

    read_pj: float
    write_pj: float
    mm2: float


BANKS: Final[dict[Node, dict[int, Bank]]] = {
    "22nm": {
        8 * KIB: Bank(0.12, 0.17, 0.012),
        32 * KIB: Bank(0.16, 0.37, 0.028),
        128 * KIB: Bank(0.49, 0.65, 0.146),
    },
    "28nm": {
        8 * KIB: Bank(0.21, 0.31, 0.020),
        32 * KIB: Bank(0.28, 0.67, 0.046),
        128 * KIB: Bank(0.72, 1.29, 0.177),
    },
}
"""Node -> bytes of a bank -> CACTI's figures."""

HOROWITZ_PJ: Final[dict[int, float]] = {8 * KIB: 10 / 8, 32 * KIB: 20 / 8, 1024 * KIB: 100 / 8}
"""Bytes of a memory -> pJ of a byte at 45 nm: Horowitz, ISSCC 2014, 10, 20 and 100 pJ for 64 bits."""

WIRE_PJ_PER_BYTE_MM: Final[dict[Node, Figure]] = {
    "22nm": Figure(0.64, 1.64, 3.3, "CACTI's 2 MiB in 16 banks; low 80 fJ/bit/mm assumed, high assumed: double"),
    "28nm": Figure(0.9, 2.25, 4.5, "CACTI's 2 MiB in 16 banks; low and high assumed: 0.4 and double"),
}
"""Node -> the way between banks and units, in pJ a byte and millimetre (the square root of the memory's area)."""

LEAKAGE_MW_PER_MIB: Final = Figure(
    0.1, 0.205, 10.0, "CACTI's low-standby cells at 22 nm; assumed: low half, high fast cells"
)
"""Leakage of a MiB at 22 nm, in mW."""

AREA_SHARE: Final = Figure(0.8, 1.0, 1.5, "of CACTI's banks: its whole 2 MiB has 0.8 to 1.1 of 16 banks; high assumed")
LOW_BANK: Final = 0.7  # of CACTI's, assumed
LEAST_HIGH: Final = 1.5  # of CACTI's, assumed, where Horowitz's is less


def known_at(node: Node) -> Node:
    """The nearest node with figures of its own: 28 nm for larger ones, 22 nm for smaller ones."""
    return "22nm" if SCALES[node].energy <= SCALES["22nm"].energy else "28nm"


def access_pj_per_byte(node: Node, capacity: int, banks: int, write: bool) -> Levels:
    """pJ of a byte read from, or written to, a memory of *capacity* bytes in so many *banks*."""
    near, size = known_at(node), max(1, capacity // banks)
    scale = energy_factor(node, near)
    table = {bytes_: (bank.write_pj if write else bank.read_pj) for bytes_, bank in BANKS[near].items()}
    bank = interpolated(table, size) * scale
    fast = interpolated(HOROWITZ_PJ, size) * energy_factor(node, "45nm")
    own = Levels(LOW_BANK * bank, bank, max(LEAST_HIGH * bank, fast))
    if banks == 1:
        return own
    return own + WIRE_PJ_PER_BYTE_MM[near].levels * sqrt(area_mm2(node, capacity, banks).typical)


def area_mm2(node: Node, capacity: int, banks: int) -> Levels:
    """Square millimetres of a memory of *capacity* bytes in so many *banks*."""
    near = known_at(node)
    table = {bytes_: bank.mm2 for bytes_, bank in BANKS[near].items()}
    bank = interpolated(table, max(1, capacity // banks)) * area_factor(node, near)
    return AREA_SHARE.levels * (bank * banks)


def leakage_mw(node: Node, capacity: int) -> Levels:
    """Milliwatts that *capacity* bytes leak."""
    return LEAKAGE_MW_PER_MIB.levels * (energy_factor(node, "22nm") * capacity / 2**20)


def interpolated(table: dict[int, float], size: int) -> float:
    """What *table* says at *size*: on straight lines of logarithms through its points, the outer ones going on.

    >>> round(interpolated({1024: 1.0, 4096: 2.0}, 2048), 3)
    1.414
    """
    points = sorted(table.items())
    pairs = list(pairwise(points))
    (x0, y0), (x1, y1) = next((pair for pair in pairs if size <= pair[1][0]), pairs[-1])
    share = log(size / x0) / log(x1 / x0)
    return y0 * exp(share * log(y1 / y0))
