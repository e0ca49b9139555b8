"""How sections are told in a result: what was run how, and its streams; those of the same part are told once."""

from __future__ import annotations

from collections.abc import Sequence

from sim.accounting.result import BufferReport, MappingReport, SectionReport, StreamReport
from sim.lowering.program import StreamPlan
from sim.lowering.section import Section


def stream_reports(sections: Sequence[Section]) -> list[StreamReport]:
    """Every stream; that of several tiles of queries, or tokens, once."""
    found: dict[tuple[str, str, tuple[str, ...]], StreamReport] = {}
    for section in sections:
        for stream in section.program.streams:
            own = _stream(section, stream)
            key = own.name, own.unit, stream.operations
            known = found.get(key)
            if known is not None:
                sums = {"requests": known.requests + own.requests, "busy_cycles": known.busy_cycles + own.busy_cycles}
                own = own.model_copy(update=sums)
            found[key] = own
    return list(found.values())


def _stream(section: Section, stream: StreamPlan) -> StreamReport:
    counts = section.program.counts(stream)
    return StreamReport(
        name=section.prefix + stream.name,
        unit=stream.unit,
        operations=list(stream.operations),
        order=stream.layout.order,
        requests=sum(counts),
        busy_cycles=sum(count * cost.cycles for count, cost in zip(counts, stream.costs, strict=False)),
    )


def section_reports(sections: Sequence[Section]) -> list[SectionReport] | None:
    """Every stack of layers, or part of them, where they are not all alike; of those that are cut alike the longest."""
    body = [section for section in sections if not section.stack.head]
    if len(body) == 1:
        return None
    several = len({section.stack.spec.phase for section in body}) > 1
    longest: dict[tuple[object, ...], Section] = {}
    layers: dict[tuple[object, ...], set[int]] = {}
    for number, section in enumerate(body):
        key = section.stack.spec.phase, id(section.stack.graph), None if section.stack.part else number
        known = longest.get(key)
        longest[key] = section if known is None or section.stack.steps > known.stack.steps else known
        every = range(section.program.layers * section.stack.times)
        layers.setdefault(key, set()).update(map(section.layer_of, every))
    return [_section(section, sorted(layers[key]), several) for key, section in longest.items()]


def _section(section: Section, layers: Sequence[int], several_phases: bool) -> SectionReport:
    stack = section.stack
    cut = None if stack.keys is None else stack.keys.cut
    return SectionReport(
        block=stack.graph.name,
        phase=stack.spec.phase if several_phases else None,
        first_layer=layers[0],
        last_layer=layers[-1] if layers[-1] - layers[0] + 1 > len(layers) else None,
        layers=len(layers),
        queries=None if cut is None else cut.queries,
        keys=None if cut is None else cut.block,
        mapping=mapping_report(section),
    )


def mapping_report(section: Section) -> MappingReport:
    mapping, program = section.mapping, section.program
    buffers = [BufferReport(name=b.name, role=b.role, slot_bytes=b.slot_bytes, slots=b.slots) for b in program.buffers]
    return MappingReport(
        token_tile=mapping.token_tile,
        tiles_per_layer=program.tiles_per_layer,
        experts_read=section.analysis.graph.read_of_chosen,
        parallel=section.parallel,
        blocks=mapping.blocks,
        lanes=mapping.lanes,
        weight_slot_bytes=mapping.weight_slot_bytes,
        placement=dict(mapping.placement),
        stepped=[name for name in section.analysis.operations if name in mapping.stepped],
        spilled=list(section.inventory.spilled),
        sram_bytes=sum(buffer.size_bytes for buffer in program.buffers),
        spare_sram=mapping.spare_sram,
        head_first=mapping.head_first,
        steps_first=mapping.steps_first,
        share_projections=mapping.share_projections if section.costs.equal_arrays else None,
        buffers=buffers,
        origin=section.choice.origin,
        trials=section.choice.trials,
    )
