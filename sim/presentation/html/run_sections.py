"""The sections about one run: each is a figure, the table of the same numbers, and a sentence on how to read them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from hw.unit_names import DMA
from sim.accounting.result import ClassShare, Result
from sim.files.numbers import cycles as cycles_words
from sim.files.numbers import number, percent
from sim.presentation.bars import BUSY_KEYS, unit_bars
from sim.presentation.breakdown import model_class_title
from sim.presentation.figures.catalogue import Evidence
from sim.presentation.figures.roofline import Roofline
from sim.presentation.figures.waterfall import account_waterfall, ladder_waterfall
from sim.presentation.figures.windows import over_time
from sim.presentation.html.parts import Cell, Row, Section, Table, cycles_cell, figure_html, number_cell, table_html
from sim.presentation.stalls import listed
from sim.presentation.titles import class_title, place, result_key, title, unit_title

_GIGA = 1e9


def waterfall_section(known: Evidence, result: Result, prefix: str = "") -> Section:
    """From the paper's roofline to the makespan."""
    found = known.explanation
    waterfall = account_waterfall(result) if found is None else ladder_waterfall(found)
    rows = [Row(["paper's roofline", number_cell(waterfall.start), ""])]
    descriptions = {rung.effect: rung.description for rung in found.rungs} if found is not None else {}
    for step in waterfall.steps:
        said = descriptions.get(step.key, step.title)
        share = Cell(percent(step.cycles / waterfall.end, "+"))
        rows.append(Row([said, number_cell(step.cycles, "+,"), share], step.key))
    rows.append(Row(["simulated", number_cell(waterfall.end), ""], strong=True))
    words = (
        "Each step switches one effect on, after all those above it, and runs the same schedule again."
        if waterfall.by_experiment
        else "The account of the MAC array in this run: what the roofline leaves out. What each effect costs, found by "
        "switching it on in runs of its own, is in the report of explain."
    )
    table = Table(f"{prefix}waterfall-table", ["step", "cycles", "of the makespan"], rows)
    body = figure_html("waterfall", known, prefix) + table_html(table)
    return Section(f"{prefix}waterfall", "From the roofline to the simulated time", words, body)


def bounds_section(result: Result) -> Section:
    """Reference line, bounds, makespan."""
    bounds, makespan = result.bounds, result.makespan_cycles
    busiest = unit_title(bounds.resource_unit)
    named = [
        ("paper's roofline: all operations at the MAC array's peak (a reference line)", bounds.paper_roofline_cycles),
        (
            f"resource bound: the work of the busiest unit, {busiest}, at full rate",
            bounds.resource_cycles,
        ),
        ("recurrence bound: latency of the loop-carried operations", bounds.recurrence_cycles),
        ("simulated", makespan),
    ]
    words = "No run with this placement and tiling is below the resource bound and the recurrence bound"
    if bounds.any_mapping_cycles is not None:
        named.insert(3, ("bound over every mapping of this formulation", bounds.any_mapping_cycles))
        words += f"; none with any other mapping is {percent(result.above_any_mapping or 0)} faster"
    rows = [Row([name, number_cell(cycles), Cell(percent(cycles / makespan))]) for name, cycles in named]
    table = Table("bounds-table", ["", "cycles", "of the makespan"], rows)
    return Section("bounds", "Bounds", f"{words}.", table_html(table))


def units_section(known: Evidence, result: Result, prefix: str = "") -> Section:
    """Where every cycle of every unit went."""
    bars, makespan = unit_bars(result), result.makespan_cycles
    amounts = {bar.name: {part.key: part.cycles for part in bar.parts} for bar in bars}
    keys = sorted({key for parts in amounts.values() for key in parts}, key=place)
    rows = [
        Row([title(key), *(cycles_cell(amounts[bar.name].get(key, 0), makespan) for bar in bars)], result_key(key))
        for key in keys
    ]
    rows.append(Row(["makespan", *(cycles_cell(bar.cycles, makespan) for bar in bars)], strong=True))
    table = Table(f"{prefix}units-table", ["cycles", *(bar.name for bar in bars)], rows)
    words = (
        "In every cycle a unit works (plain) or waits for a named reason (hatched); each column sums to the makespan."
    )
    body = figure_html("units", known, prefix) + table_html(table)
    return Section(f"{prefix}units", "Where the cycles of each unit went", words, body)


def roofline_section(known: Evidence, found: Roofline) -> Section:
    """Classes of operations under the machine's ceilings."""
    rows = [
        Row(
            [
                class_title(point.operation_class), unit_title(point.unit), number_cell(point.ops),
                number_cell(point.cycles), number_cell(point.sram_bytes), number_cell(point.dram_bytes),
                Cell(number(found.rate(point) / _GIGA)), Cell(percent(found.rate(point) / found.peaks[point.unit])),
            ]
        )
        for point in found.points
    ]  # fmt: skip
    header = ["class", "unit", "operations", "cycles", "SRAM bytes", "DRAM bytes", "GOP/s", "of the peak"]
    words = (
        "A point is a class of operations on a unit: operations over the time in which the unit did them, against "
        "operations a byte that it moves from and to SRAM (filled) or DRAM (hollow, where its weights come from). "
        "Below its ceiling it loses to edges, fill, functions that take several cycles and SRAM banks; other waits are "
        "no part of it. The star is the whole run, over the makespan."
    )
    body = figure_html("roofline", known) + table_html(Table("roofline-table", header, rows, left=2))
    return Section("roofline", "Roofline", words, body)


def timeline_section(known: Evidence) -> Section:
    """What the units did in a representative window."""
    words = (
        f"Two tiles from the middle of {known.observed_part}, request by request: high and plain where a unit works, "
        "low and hatched where it waits. Where operations of several classes are done in one request, its colour is "
        "that of the class with most of the cycles. All DRAM channels do the same."
    )
    return Section("timeline", "Timeline", words, f'<div id="timeline-view">{figure_html("timeline", known)}</div>\n')


def windows_section(known: Evidence) -> Section:
    """The accounts over time."""
    result = known.observed
    assert result is not None, "a run was observed"
    makespan, units = result.makespan_cycles, over_time(result)
    rows = [
        Row([unit_title(unit.unit), title(key), cycles_cell(sum(cycles), makespan),
             Cell(f"{min(cycles):,}"), Cell(f"{max(cycles):,}")], result_key(key))
        for unit in units for key, cycles in unit.parts.items()
    ]  # fmt: skip
    header = ["unit", "cycles", "in all", "least in a window", "most in a window"]
    words = f"In {known.observed_part}. Windows of {cycles_words(units[0].window_cycles)}, the last one maybe shorter."
    body = figure_html("windows", known) + table_html(Table("windows-table", header, rows, left=2))
    return Section("windows", "Over time", words, body)


def path_section(known: Evidence, result: Result) -> Section:
    """The critical path."""
    makespan = result.makespan_cycles
    rows = [
        Row([class_title(part.operation_class), unit_title(part.unit), title(part.spent_on),
             title(part.because) or "the end of the run", cycles_cell(part.cycles, makespan)],
            part.spent_on)
        for part in result.critical_path or ()
    ]  # fmt: skip
    rows.append(Row(["makespan", "", "", "", cycles_cell(makespan, makespan)], strong=True))
    header = ["class", "unit", "spent on", "the next one waited for", "cycles"]
    words = (
        "The chain of requests that ends last, walked back from the last result to cycle 0: it sums to the makespan. "
        "Only what is on it can make the run shorter."
    )
    body = figure_html("critical-path", known) + table_html(Table("critical-path-table", header, rows, left=4))
    return Section("critical-path", "Critical path", words, body)


def breakdown_section(result: Result) -> list[Section]:
    """The classes of the whole model, and those of SSM-Scope; none for results of before there were any."""
    found = result.breakdown
    if found is None:
        return []
    units = (*result.compute_units, DMA)
    header = ["class", "time", *(f"{unit_title(unit)} busy" for unit in units), "MACs", "operations", "DRAM bytes"]
    tables = [
        _breakdown_table("breakdown-table", header, units, found.classes, result),
        "<h3>In the classes of SSM-Scope</h3>\n",
        _breakdown_table("ssm-scope-table", header, units, found.ssm_scope, result),
    ]
    words = (
        "Classes run beside each other. The time of one is what it would take if the others waited: the busy cycles "
        "of its busiest unit; shares are of the sum of these, as in a GPU's profile, where kernels follow each other. "
        "Busy cycles are of the makespan. SSM-Scope (arXiv 2507.12442) counts what its fused functions do, "
        "projections among it, as SSM_Scan."
    )
    return [Section("breakdown", "By class of the whole model", words, "".join(tables))]


def _breakdown_table(
    name: str, header: Sequence[str], units: Sequence[str], classes: Mapping[str, ClassShare], result: Result
) -> str:  # fmt: skip
    rows = [
        Row(
            [
                model_class_title(each), Cell(percent(share.time_share), value=share.time_share),
                *(cycles_cell(share.busy(unit), result.makespan_cycles) for unit in units),
                number_cell(share.macs), number_cell(share.ops), number_cell(share.dram_bytes),
            ]
        )
        for each, share in classes.items()
    ]  # fmt: skip
    return table_html(Table(name, header, rows))


def classes_section(result: Result) -> Section:
    """The accounts by class of operation."""
    rows = []
    for kind, units in result.by_class.items():
        for unit, account in units.items():
            waits = listed(unit, account.stalls, result)[:3]
            cells = [cycles_cell(getattr(account, f"{k}_cycles"), result.makespan_cycles) for k in BUSY_KEYS]
            told = ", ".join(f"{title(key)} {percent(cycles / result.makespan_cycles)}" for key, cycles in waits)
            rows.append(Row([class_title(kind), unit_title(unit), told, *cells]))
    header = ["class", "unit", "waits before it", "useful work", "edges", "fill and drain"]
    table = Table("classes-table", header, rows, left=3)
    words = (
        "The same cycles by class of operation, or of what is moved. Of operations done in one request each class has "
        "the share of the work that it would have alone; an idle cycle belongs to the first operation of what ended it."
    )
    return Section("classes", "By class of operation", words, table_html(table))
