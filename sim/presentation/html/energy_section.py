"""The section of a page about energy and area."""

from __future__ import annotations

from sim.accounting.result import Interval, Result
from sim.files.numbers import percent
from sim.presentation.energy import area_rows, energy_interval, energy_rows, energy_title, power_words
from sim.presentation.html.parts import Cell, Row, Section, Table, table_html
from sim.presentation.titles import class_title

CONSTANTS = (
    "Told by two constants, an operation's and a bit's of DRAM: neither lanes nor the size of the SRAM nor time change "
    "it. With energy.node (docs/energy.md) it is told by component."
)
COMPONENTS = (
    "Counted actions times published figures, each with a low and a high one: docs/energy.md has them and their "
    "sources. Time is what no operation asks for: clock, leakage, background. Area is that of PEs, lanes and SRAM."
)


def energy_section(result: Result) -> Section:
    """Energy by component and by class, with its interval, and area."""
    interval = energy_interval(result)
    names = ["mJ a token", "of the energy", *(["low", "high"] if interval else [])]
    rows = [
        Row([row.title, _mj(row.mj_per_token), Cell(percent(row.share)), *_ends(row.interval)])
        for row in energy_rows(result)
    ]
    ends = [_mj(end) for end in interval or ()]
    rows.append(Row(["all", _mj(result.energy_mj_per_token), "", *ends], strong=True))
    whole = result.energy_mj_per_token or 1.0
    classes = [
        Row([class_title(kind), _mj(energy), Cell(percent(energy / whole))])
        for kind, energy in result.energy_mj_per_token_by_class.items()
    ]
    body = table_html(Table("energy-table", ["component", *names], rows))
    body += table_html(Table("energy-class-table", ["class", *names[:2]], classes))
    areas = [Row([name, *(Cell(f"{value:.3f}", "", value) for _, value in part)]) for name, part in area_rows(result)]
    if areas:
        body += table_html(Table("area-table", ["area, mm²", "low", "typical", "high"], areas))
    words = f"{COMPONENTS if interval else CONSTANTS} {power_words(result)}."
    return Section("energy", energy_title(result), words, body)


def _mj(energy: float) -> Cell:
    return Cell(f"{energy:.4f}", "", energy)


def _ends(interval: Interval | None) -> list[Cell]:
    return [] if interval is None else [_mj(interval.low), _mj(interval.high)]
