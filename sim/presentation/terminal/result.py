"""The result for people: one screen of rich tables, the same as plain text."""

from __future__ import annotations

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from hw.quantities import format_bytes
from hw.unit_names import DMA
from sim.accounting.layers import layers_run, layers_scaled, not_the_model
from sim.accounting.result import MappingReport, Result, UnitAccount
from sim.files.characters import visible
from sim.files.numbers import joules, number, percent, plural, scaled, seconds
from sim.presentation.breakdown import model_class_title, ssm_scope_words
from sim.presentation.critical_path import spent_by_class
from sim.presentation.energy import (
    area_words,
    class_split,
    energy_rows,
    energy_split,
    energy_title,
    millijoules,
    power_words,
)
from sim.presentation.generation import answer_words
from sim.presentation.stalls import WORTH_NAMING, listed
from sim.presentation.terminal import plain
from sim.presentation.titles import class_title, title, unit_title


def render(result: Result) -> RenderableType:
    """The whole report."""
    path = [_path(result)] if result.critical_path else []
    return Group(
        _headline(result), *_generation(result), _units(result), _bounds(result), _gap(result), *path,
        *_breakdown(result), *_energy(result), _mappings(result), _streams(result),
    )  # fmt: skip


def as_text(result: Result, width: int = plain.WIDTH) -> str:
    """The report without colours."""
    return plain.as_text(render(result), width)


def _percent(part: float, whole: float, sign: str = "") -> str:
    return percent(part / whole if whole else 0.0, sign)


def _headline(result: Result) -> Text:
    length = "" if result.phase == "decode" else f"L = {result.sequence_length}, "
    setting = f"{result.phase}, {length}B = {result.batch}, {layers_run(result)}"
    setting += " and head" if result.head_mapping else ""
    scaling, cut = layers_scaled(result), not_the_model(result)
    scaling, cut = scaling and f"; {scaling}", cut and f" ({cut})"
    chunks = f", chunks of {plural(result.chunk, 'token')}" if result.chunk else ""
    return Text.assemble(
        (visible(result.workload), "bold"),
        f" on {visible(result.machine)}: {setting} ({visible(result.model)}, {result.formulation}{chunks})\n",
        (f"{number(result.tokens_per_second)} tok/s{cut}", "bold green"),
        f"   {joules(result.energy_mj_per_token / 1000)}/token{cut}   {result.makespan_cycles:,} cycles"
        f" = {seconds(result.seconds)} at {result.clock_hz / 1e6:g} MHz\n",
        f"{scaled(result.ops_per_token, 'OP', 0)}, {scaled(result.macs_per_token, 'MAC', 0)} and "
        f"{scaled(result.dram_bytes / result.tokens, 'B', 0)} of DRAM traffic a token; "
        f"{plural(result.requests, 'request')}"
        f"{scaling}",
    )  # fmt: skip


def _generation(result: Result) -> list[RenderableType]:
    """When the tokens of an answer were there, and what prompt and answer took."""
    return [Text.assemble(("Answer ", "bold"), answer_words(result.generation))] if result.generation else []


def _table(title: str, *columns: str) -> Table:
    table = Table(title=title, title_justify="left", title_style="bold", box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for column in columns:
        table.add_column(column, justify="right" if column.endswith("%") or column == "cycles" else "left")
    return table


def _add(table: Table, *cells: str) -> None:
    """Add a row; what looks like markup of rich in a name stays as it is."""
    table.add_row(*(Text(visible(cell)) for cell in cells))


def _stalls(name: str, account: UnitAccount, result: Result) -> str:
    makespan = result.makespan_cycles
    large = [stall for stall in listed(name, account.stalls, result) if stall[1] >= WORTH_NAMING * makespan]
    text = ", ".join(f"{title(reason)} {_percent(cycles, makespan)}" for reason, cycles in large)
    rest = sum(account.stalls.values()) - sum(cycles for _, cycles in large)
    return text + (f"{', ' if text else ''}other {_percent(rest, makespan)}" if rest else "")


def _units(result: Result) -> Table:
    table = _table("Where the cycles went (busy + stalls = makespan)", "unit", "busy %", "useful %", "stalls by reason")
    for name, account in result.units.items():
        busy, useful = account.busy_cycles, account.useful_cycles
        makespan = result.makespan_cycles
        _add(table, name, _percent(busy, makespan), _percent(useful, makespan), _stalls(name, account, result))
    return table


def _bounds(result: Result) -> Table:
    bounds, makespan, any_mapping = result.bounds, result.makespan_cycles, result.bounds.any_mapping_cycles
    table = _table("Bounds", "", "cycles", "of makespan %")
    rows = [
        ("paper's roofline (a reference line: all operations at the MAC array's peak)", bounds.paper_roofline_cycles),
        (f"resource bound (work of the busiest unit, {bounds.resource_unit}, at full rate)", bounds.resource_cycles),
        ("recurrence bound (latency of the loop-carried operations)", bounds.recurrence_cycles),
        *([] if any_mapping is None else [("bound over every mapping of this formulation", any_mapping)]),
        ("simulated", makespan),
    ]
    for name, cycles in rows:
        _add(table, name, f"{cycles:,}", _percent(cycles, makespan))
    return table


def _gap(result: Result) -> Text:
    roofline = result.bounds.paper_roofline_cycles
    above = result.makespan_cycles - roofline
    parts = sorted(result.above_roofline.items(), key=lambda item: -abs(item[1]))
    listed = [(name, cycles) for name, cycles in parts if abs(cycles) >= roofline / 1000]
    words = ", ".join(f"{title(name)} {_percent(cycles, roofline, '+')}" for name, cycles in listed)
    text = f"{_percent(above, roofline, '+')}; seen from the MAC array: {words or 'nothing'}"
    return Text.assemble(("Above the roofline ", "bold"), visible(text))


def _path(result: Result) -> Text:
    shares = [(unit, kind, sum(spent.values())) for (unit, kind), spent in spent_by_class(result).items()]
    named = [
        f"{class_title(kind)} on {unit_title(unit)} {_percent(cycles, result.makespan_cycles)}"
        for unit, kind, cycles in shares
        if cycles >= WORTH_NAMING * result.makespan_cycles
    ]
    return Text.assemble(("Critical path ", "bold"), visible(", ".join(named)))


def _breakdown(result: Result) -> list[RenderableType]:
    """The classes of the whole model, unit by unit, and those of SSM-Scope in a line."""
    found = result.breakdown
    if found is None:
        return []
    units = (*result.compute_units, DMA)
    table = _table(
        "By class of the whole model", "class", "time %", *(f"{unit} %" for unit in units), "ops %", "DRAM %"
    )  # fmt: skip
    ops = sum(share.ops for share in found.classes.values())
    for name, share in found.classes.items():
        busy = (_percent(cycles, result.makespan_cycles) if cycles else "" for cycles in map(share.busy, units))
        work = _percent(share.ops, ops), _percent(share.dram_bytes, result.dram_bytes)
        _add(table, model_class_title(name), percent(share.time_share), *busy, *work)
    return [table, Text.assemble(("In SSM-Scope's classes ", "bold"), ssm_scope_words(found))]


def _energy(result: Result) -> list[RenderableType]:
    """What takes the energy: a line for constants, a table by component."""
    if not result.energy_mj_per_token_by_component:
        return []
    if result.energy_figures is None:
        return [Text.assemble(("Energy ", "bold"), f"{energy_split(result)}; {power_words(result)}")]
    table = _table(energy_title(result), "", "mJ", "of it %", "low mJ", "high mJ")
    for column in table.columns[1:]:
        column.justify = "right"
    figures, whole = result.energy_figures, result.energy_mj_per_token
    for row in energy_rows(result):
        assert row.interval is not None, "figures have three levels"
        energies = (row.mj_per_token, row.interval.low, row.interval.high)
        one, low, high = (millijoules(energy, whole) for energy in energies)
        _add(table, row.title, one, percent(row.share), low, high)
    one, low, high = (millijoules(energy, whole) for energy in (whole, figures.total("low"), figures.total("high")))
    _add(table, "all", one, "", low, high)
    lines = [("Energy by class ", f"{class_split(result)}; {power_words(result)}"), ("Chip ", area_words(result))]
    return [table, *(Text.assemble((name, "bold"), words) for name, words in lines)]


def _mappings(result: Result) -> Text:
    lines = [_mapping(which and f"of {which} ", mapping) for which, mapping in result.mappings.items()]
    return Text("\n").join(lines)


def _mapping(which: str, mapping: MappingReport) -> Text:
    stepped = set(mapping.stepped)
    by_unit: dict[str, list[str]] = {}
    for name, unit in mapping.placement.items():
        if name in stepped:
            by_unit.setdefault(unit, []).append(name)
    placed = "; ".join(f"{unit}: {', '.join(names)}" for unit, names in sorted(by_unit.items()))
    tiles = f"{plural(mapping.tiles_per_layer, 'tile')} of {plural(mapping.token_tile, 'token')} a layer"
    tiles += "" if mapping.experts_read is None else f", {plural(mapping.experts_read, 'expert')} a tile"
    cut = f"{plural(mapping.blocks, 'block')} x {plural(mapping.lanes, 'lane')}"
    cut += f" along {mapping.parallel}" if mapping.parallel else ""
    weights = f"weight tiles up to {format_bytes(mapping.weight_slot_bytes)}"
    weights += f", {', '.join(mapping.spilled)} spilled to DRAM" if mapping.spilled else ""
    weights += ", the next tile's head first" if mapping.head_first else ""
    weights += ", steps first" if mapping.steps_first else ""
    weights += ", projections shared by equal arrays" if mapping.share_projections else ""
    return Text.assemble(
        (f"Mapping {visible(which)}", "bold"),
        f"{tiles}, {cut}, {visible(weights)}, {format_bytes(mapping.sram_bytes)} of SRAM; "
        f"{mapping.source}\n",
        ("Step by step ", "bold"), visible(placed) or "nothing",
    )  # fmt: skip


def _streams(result: Result) -> Table:
    table = _table("Streams of requests", "unit", "operations", "done in", "requests", "of makespan %")
    table.columns[3].justify = "right"
    for stream in result.streams:
        if stream.unit == DMA or not stream.busy_cycles:
            continue
        share = _percent(stream.busy_cycles, result.makespan_cycles)
        what = ", ".join(stream.operations) or stream.name
        _add(table, stream.unit, what, stream.order, f"{stream.requests:,}", share)
    return table
