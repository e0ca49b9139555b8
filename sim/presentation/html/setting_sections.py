"""The sections on what was run: SRAM and mapping of the workload, the machine and what follows from its figures."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from hw.machine import MachineSpec
from hw.quantities import format_bytes
from sim.accounting.result import MappingReport, Result
from sim.files.numbers import percent, plural, scaled
from sim.presentation.escaping import for_html
from sim.presentation.figures.catalogue import Evidence
from sim.presentation.figures.roofline import Roofline
from sim.presentation.figures.sram import buffers
from sim.presentation.html.parts import Cell, Row, Section, Table, figure_html, number_cell, table_html
from sim.presentation.titles import unit_title

_BYTES = ("sram.capacity", "sram.bank_width", "dram.figures.row_bytes")
_SCALED = {
    "clock": (1e6, "MHz"),
    "dram.figures.clock": (1e6, "MHz"),
    "dram.bandwidth": (1e9, "GB/s"),
    "dram.latency": (1e6, "ns"),
}


def sram_section(known: Evidence, result: Result) -> Section:
    """Bytes by buffer."""
    found, capacity = buffers(result.mapping), known.capacity_bytes
    rows = [
        Row([buffer.name, buffer.role, number_cell(buffer.slots), number_cell(buffer.slot_bytes),
             number_cell(buffer.size_bytes), Cell(percent(buffer.size_bytes / capacity) if capacity else "")])
        for buffer in found
    ]  # fmt: skip
    used = result.mapping.sram_bytes
    share = Cell(percent(used / capacity) if capacity else "")
    rows.append(Row(["all", "", "", "", number_cell(used), share], strong=True))
    header = ["buffer", "role", "slots", "bytes a slot", "bytes", "of the SRAM"]
    words = "Buffers are allotted once and stay where they are. A buffer with several slots is filled while it is read."
    words += f" These are the buffers of {next(iter(result.mappings))}." if result.sections else ""
    body = figure_html("sram", known) + table_html(Table("sram-table", header, rows, left=2))
    return Section("sram", "SRAM", words, body)


def mapping_section(result: Result) -> Section:
    """How the layers were laid onto the machine, and the streams of requests."""
    parts: list[str] = []
    for number, (which, mapping) in enumerate(result.mappings.items()):
        parts += [f"<h3>{for_html(which.capitalize())}</h3>\n"] if which else []
        parts.append(_mapping(mapping, f"mapping-table-{number}" if number else "mapping-table"))
    if result.head_mapping is not None:
        parts += ["<h3>Final norm and LM head</h3>\n", _mapping(result.head_mapping, "head-mapping-table")]
    rows = [
        Row([stream.name, unit_title(stream.unit), stream.order, ", ".join(stream.operations),
             number_cell(stream.requests), number_cell(stream.busy_cycles) if stream.busy_cycles else ""])
        for stream in result.streams
    ]  # fmt: skip
    header = ["stream", "unit", "done in", "operations", "requests", "busy cycles"]
    parts += ["<h3>Streams of requests</h3>\n", table_html(Table("streams-table", header, rows, left=4))]
    return Section("mapping", "Mapping", "", "".join(parts))


def _mapping(mapping: MappingReport, name: str) -> str:
    units: dict[str, list[str]] = {}
    for operation, unit in mapping.placement.items():
        units.setdefault(unit_title(unit), []).append(operation)
    facts = [
        ("tokens a tile", f"{mapping.token_tile:,}"),
        ("tiles a layer", f"{mapping.tiles_per_layer:,}"),
        *([] if mapping.experts_read is None else [("experts that a tile reads", f"{mapping.experts_read:,}")]),
        ("cut", f"{plural(mapping.blocks, 'block')} x {plural(mapping.lanes, 'lane')}"),
        *([("along", mapping.parallel)] if mapping.parallel else []),
        ("weight tiles up to", format_bytes(mapping.weight_slot_bytes)),
        *((f"on {unit}", ", ".join(operations)) for unit, operations in sorted(units.items())),
        ("step by step", ", ".join(mapping.stepped) or "nothing"),
        ("spilled to DRAM", ", ".join(mapping.spilled) or "nothing"),
        ("the next tile's head first", "yes" if mapping.head_first else "no"),
        ("what runs step by step first", "yes" if mapping.steps_first else "no"),
        *([("projections shared by equal arrays", "yes")] if mapping.share_projections else []),
        ("SRAM in use", format_bytes(mapping.sram_bytes)),
        ("chosen", mapping.source),
    ]
    return table_html(Table(name, ["", ""], [Row(fact) for fact in facts], left=2))


def machine_section(machine: MachineSpec, roofline: Roofline) -> Section:
    """Every figure of the machine's file, and the peaks that follow."""
    facts = [
        *((f"peak of {unit_title(unit)}", scaled(peak, "OP/s", 0)) for unit, peak in roofline.peaks.items()),
        ("SRAM bandwidth", scaled(roofline.sram_bandwidth, "B/s", 0)),
        ("DRAM bandwidth", scaled(roofline.dram_bandwidth, "B/s", 0)),
        *_flattened(machine.model_dump()),
    ]
    table = Table("machine-table", ["", ""], [Row(fact) for fact in facts if fact[1]], left=2)
    words = "The keys are those of --set. A peak counts a MAC or a fused multiply-add as two operations."
    return Section("machine", "Machine", words, table_html(table))


def _flattened(values: dict[str, Any], above: str = "") -> Iterator[tuple[str, str]]:
    """(dotted key, value with its unit) of everything in *values*."""
    for key, value in values.items():
        if above == "dram.figures." and value is None:
            continue  # as in the speed grade
        path = f"{above}{key}"
        if isinstance(value, dict):
            yield from _flattened(value, f"{path}.")
        else:
            yield path, _quantity(path, value)


def _quantity(path: str, value: Any) -> str:
    if path in _BYTES:
        return format_bytes(value)
    if path in ("energy.operation", "energy.dram") and value is not None:
        return f"{value / 1000:g} pJ/{'bit' if path.endswith('dram') else 'op'}"
    if value is None or value == []:
        return "none"
    if path in _SCALED:
        factor, unit = _SCALED[path]
        return f"{value / factor:g} {unit}"
    return ", ".join(value) if isinstance(value, list) else str(value).lower() if value in (True, False) else str(value)
