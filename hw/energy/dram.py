"""DRAM by standard: a bit that crosses the interface, a row that is opened, and a channel's background.

A bit has the burst in the array, the way on the die and both ends of the interface; a row an activation and the
precharge after it, of all devices of the channel; background is standby and refresh. From currents of a data sheet:
bit = (IDD4 - IDD3N) x V / rate + IDDQ; row = (IDD0 - what stands by meanwhile) x V x tRC; background = IDD3N x V, low
where the channel powers down whenever it has nothing to do (IDD2P). Not modelled: self refresh, temperature, reads and
writes apart, the controller's own clock.
"""

from __future__ import annotations

from typing import Final, NamedTuple

from hw.dram import DramSpec
from hw.energy.levels import NOTHING, Figure, Levels, exactly

_MICRON4 = "Micron's 6 Gb LPDDR4-3200 (IDD as in DRAMPower's memspec)"
_MICRON_DDR4 = "Micron's 4 Gb DDR4-2400 x8 (IDD as in DRAMPower's memspec)"
_PAPER = "the source that arXiv 2604.07935 cites"


class Standard(NamedTuple):
    """What a channel of a standard takes: pJ a bit, nJ a row, mW of background."""

    bit_pj: Figure
    row_nj: Figure
    background_mw: Figure


STANDARDS: Final[dict[str, Standard]] = {
    "lpddr4": Standard(
        Figure(6.0, 8.5, 12.0, f"{_MICRON4}: 5.3 core + 3.2 interface; low and high assumed; hwcomponents has 8"),
        Figure(0.9, 1.2, 1.6, f"{_MICRON4}, a row of 2 KiB; low and high assumed"),
        Figure(6.0, 38.0, 45.0, f"{_MICRON4}: IDD2P, IDD3N; high assumed: with refresh when hot"),
    ),
    "lpddr5": Standard(
        Figure(4.0, 6.0, 20.0, f"secondary sources, 4 to 8; high: {_PAPER}"),
        Figure(0.8, 1.1, 1.5, f"assumed: {_MICRON4} at 1.05 V"),
        Figure(5.5, 34.0, 41.0, f"assumed: {_MICRON4} at 1.05 V"),
    ),
    "lpddr5x": Standard(
        Figure(3.2, 4.8, 10.0, f"assumed: a fifth less than LPDDR5, as vendors say; high: {_PAPER}"),
        Figure(0.8, 1.1, 1.5, "assumed: as LPDDR5"),
        Figure(5.5, 34.0, 41.0, "assumed: as LPDDR5"),
    ),
    "ddr4": Standard(
        Figure(9.0, 13.0, 20.0, f"{_MICRON_DDR4}: 8.8 core; interface of 4 and high assumed"),
        Figure(8.0, 11.0, 15.0, f"{_MICRON_DDR4}, eight devices; low and high assumed"),
        Figure(163.0, 422.0, 500.0, f"{_MICRON_DDR4}: IDD2P, IDD3N of eight devices; high assumed"),
    ),
    "ddr5": Standard(
        Figure(7.5, 11.0, 17.0, "assumed: DDR4's at 1.1 V"),
        Figure(3.4, 4.6, 6.3, "assumed: DDR4's at 1.1 V, four devices"),
        Figure(68.0, 177.0, 210.0, "assumed: DDR4's at 1.1 V, four devices"),
    ),
    "hbm2": Standard(
        Figure(3.0, 3.9, 6.25, "O'Connor et al., MICRO 2017, HBM2; high: hwcomponents; low assumed"),
        Figure(0.4, 0.6, 1.0, "assumed: LPDDR4's of half the row"),
        Figure(5.0, 15.0, 30.0, "assumed, of a pseudo-channel"),
    ),
    "hbm3": Standard(
        Figure(3.0, 4.05, 7.03, "hwcomponents; high: HBM of TPUv4i as AccelForge cites it; low assumed"),
        Figure(0.4, 0.6, 1.0, "assumed: LPDDR4's of half the row"),
        Figure(5.0, 15.0, 30.0, "assumed, of a pseudo-channel"),
    ),
}
"""Standard -> its figures."""

ALIKE: Final = {"lpddr4x": "lpddr4", "hbm2e": "hbm2"}
"""Standards without figures of their own -> the one whose they have (assumed)."""

PLAIN: Final = Figure(4.0, 15.0, 20.0, "arXiv 2604.07935; low and high: LPDDR5's")
"""A memory of which only the bandwidth is known: a bit with everything, in pJ."""


class DramPrices(NamedTuple):
    """What a machine's DRAM takes: pJ a bit, pJ a row, mW of background of all channels."""

    bit_pj: Levels
    row_pj: Levels
    background_mw: Levels


def prices(dram: DramSpec, bit_fj: int | None = None) -> DramPrices:
    """The figures of *dram*; where the energy of a bit is given, *bit_fj* femtojoules, that is all there is."""
    if bit_fj is not None:
        return DramPrices(exactly(bit_fj / 1000), NOTHING, NOTHING)
    standard = standard_of(dram)
    if standard is None:
        return DramPrices(PLAIN.levels, NOTHING, NOTHING)
    row, background = standard.row_nj.levels * 1000, standard.background_mw.levels * dram.channels
    return DramPrices(standard.bit_pj.levels, row, background)


def standard_of(dram: DramSpec) -> Standard | None:
    """The standard of the speed grade of *dram*, by the first word of its name; None if nothing is known of it."""
    name = (dram.timing or "").partition("-")[0]
    return STANDARDS.get(ALIKE.get(name, name))
