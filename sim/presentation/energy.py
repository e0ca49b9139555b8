"""What a result says of energy and area, in words and in rows that every kind of report shows."""

from __future__ import annotations

from dataclasses import dataclass
from math import floor, log10
from typing import Final

from sim.accounting.result import Interval, Result
from sim.files.numbers import joules, percent, scaled
from sim.presentation.titles import class_title, unit_title

COMPONENTS: Final = {
    "dram": "DRAM",
    "macs": "MACs",
    "elementwise": "elementwise operations",
    "sram": "SRAM",
    "dram_bits": "DRAM: bits",
    "dram_rows": "DRAM: rows opened",
    "dram_background": "DRAM: background",
}
"""Components of energy whose name is not their key."""
NAMED: Final = 0.02  # of the energy: what is named in a line


@dataclass(frozen=True)
class EnergyRow:
    """A component: mJ a token, its share of all, and its interval where figures have one."""

    title: str
    mj_per_token: float
    share: float
    interval: Interval | None


def component_title(component: str) -> str:
    """What a component of energy is called."""
    return COMPONENTS.get(component, component)


def energy_rows(result: Result) -> list[EnergyRow]:
    """The components, the largest first."""
    whole, figures = result.energy_mj_per_token, result.energy_figures
    levels = (figures.low, figures.typical, figures.high) if figures else None
    rows = []
    for name, energy in result.energy_mj_per_token_by_component.items():
        ends = levels and Interval(low=levels[0][name], typical=levels[1][name], high=levels[2][name])
        rows.append(EnergyRow(component_title(name), energy, energy / whole if whole else 0.0, ends))
    return rows


def millijoules(energy: float, whole: float) -> str:
    """*energy* in mJ with as many decimals as four digits of the *whole* take.

    >>> millijoules(1.82664, 3.63465), millijoules(0.00312, 0.05713)
    ('1.827', '0.00312')
    """
    return f"{energy:.{max(0, 3 - floor(log10(whole)))}f}" if whole > 0 else f"{energy:g}"


def energy_interval(result: Result) -> tuple[float, float] | None:
    """The least and the most that the energy may be, in mJ a token; None where it is told by constants."""
    figures = result.energy_figures
    return None if figures is None else (figures.total("low"), figures.total("high"))


def energy_title(result: Result) -> str:
    """A heading: by which figures energy is told."""
    figures = result.energy_figures
    if figures is None:
        return "Energy a token"
    return f"Energy a token at {figures.node.replace('nm', ' nm')}, {figures.level} figures, {figures.arithmetic}"


def energy_split(result: Result) -> str:
    """The components in a line: ``DRAM 63.3%, operations 36.7%``."""
    return _split({row.title: row.share for row in energy_rows(result)})


def class_split(result: Result) -> str:
    """The classes of operations and of what is moved in a line; time is what no operation asks for."""
    whole = result.energy_mj_per_token or 1.0
    return _split({class_title(kind): part / whole for kind, part in result.energy_mj_per_token_by_class.items()})


def _split(shares: dict[str, float]) -> str:
    return ", ".join(f"{name} {percent(share)}" for name, share in shares.items() if share >= NAMED)


def power_words(result: Result) -> str:
    """Power and energy-delay product: ``2.309 W on average, energy x delay 35.18 µJ s a token``."""
    if result.average_power_w is None or result.energy_delay_js is None:
        return ""
    return (
        f"{scaled(result.average_power_w, 'W')} on average, energy x delay of a token "
        f"{joules(result.energy_delay_js)} s"
    )


def area_rows(result: Result) -> list[tuple[str, Interval]]:
    """The parts of the chip whose area is told, and their sum; none where energy is told by constants."""
    parts = result.area_mm2
    if parts is None:
        return []
    sums = {level: sum(getattr(part, level) for part in parts.values()) for level in Interval.model_fields}
    rows = [("SRAM" if name == "sram" else unit_title(name), part) for name, part in parts.items()]
    return [*rows, ("all of these", Interval(**sums))]


def area_words(result: Result) -> str:
    """Area in a line: ``area 2.9 mm² (1.6 to 5.3): MAC array 0.60, SIMD 0.08, SRAM 2.2``."""
    rows = area_rows(result)
    if not rows:
        return ""
    *parts, (_, whole) = rows
    named = ", ".join(f"{name} {part.typical:.2f}" for name, part in parts)
    return f"area {whole.typical:.2f} mm² ({whole.low:.2f} to {whole.high:.2f}): {named}"
