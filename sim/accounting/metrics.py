"""From a finished run to its :class:`~.result.Result`: accounts, counts, energy and bounds, never live components."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from collections.abc import Mapping as Map
from fractions import Fraction
from math import ceil

from hw.accounts import Accounts
from hw.machine import MachineSpec
from hw.reasons import Reason
from sim.accounting.bounds import paper_roofline_cycles, recurrence_cycles_per_step, resource_bound
from sim.accounting.breakdown import Runs, account, by_class, by_layer, critical_path, work
from sim.accounting.certificate import certificate_of
from sim.accounting.energy import energy_account
from sim.accounting.result import (
    Bounds,
    BufferReport,
    MappingReport,
    Result,
    SectionReport,
    StreamReport,
    UnitAccount,
    Windows,
)
from sim.accounting.whole_model import whole_model
from sim.accounting.windows import WindowRecorder
from sim.lowering.program import Program, StreamPlan, Transfers
from sim.lowering.section import Section
from sim.version import __version__
from workloads.workload import Workload


def build_result(
    machine: MachineSpec,
    runs: Runs,
    simulated_layers: int,
    windows: WindowRecorder | None,
    model_layers: int | None = None,
    certificate: bool = False,
) -> Result:
    """The result of *runs*, one for each section, the head last if there is one; so many layers were simulated.

    *model_layers* are the model's own, where others were run. A *certificate* is a bound over every mapping.
    """
    sections = [section for section, _ in runs]
    makespan = sum(spent.makespan for _, spent in runs)
    names = runs[0][1].units
    accounts = {name: Accounts.total(spent.units[name] for _, spent in runs) for name in names}
    paths = [spent.path for _, spent in runs if spent.path is not None]
    workload = Workload(sections[0].stack.spec, tuple(section.stack for section in sections))
    spec, tokens = workload.spec, workload.tokens
    ops = sum(stack.counts.ops for stack in workload.stacks)
    macs = sum(stack.counts.macs for stack in workload.stacks)
    read, written = (sum(_moved(section.program, write) for section in sections) for write in (False, True))
    seconds = makespan / machine.clock
    energy = energy_account(machine, sections, _operations(workload), makespan, tokens)
    units = {name: _account(sections, name, account) for name, account in accounts.items()}
    units |= _sram_account(machine, sections, makespan)
    roofline = paper_roofline_cycles(ops, machine.macs_per_cycle)
    return Result(
        version=__version__,
        workload=spec.name,
        machine=machine.name,
        model=spec.model,
        formulation=workload.formulation,
        chunk=workload.chunk,
        phase=spec.phase,
        layers=spec.layers,
        simulated_layers=simulated_layers,
        sequence_length=spec.sequence_length,
        batch=spec.batch,
        tokens=tokens,
        clock_hz=machine.clock,
        makespan_cycles=makespan,
        seconds=seconds,
        tokens_per_second=tokens / seconds,
        energy_mj_per_token=energy.mj_per_token,
        energy_mj_per_token_by_component=energy.by_component,
        energy_mj_per_token_by_class=energy.by_class,
        energy_figures=energy.figures,
        average_power_w=energy.average_power_w,
        energy_delay_js=energy.delay_js,
        area_mm2=energy.area_mm2,
        ops_per_token=ops / tokens,
        macs_per_token=macs / tokens,
        dram_bytes=read + written,
        dram_read_bytes=read,
        dram_write_bytes=written,
        dram_rows=energy.dram_rows,
        sram_bytes=energy.sram_bytes,
        operation_counts=energy.operation_counts,
        requests=sum(sum(program.counts(stream)) for program, stream in _streams(sections)),
        bounds=_bounds(machine, sections, units, roofline, machine.dram_cycles(read + written), certificate),
        above_roofline=_above_roofline(units[_measure(machine)], roofline),
        units=units,
        by_layer=by_layer(runs),
        by_class=by_class(runs),
        breakdown=whole_model(runs),
        windows=_windows(windows) if windows else None,
        critical_path=critical_path(paths) if paths else None,
        streams=[_stream(section, stream) for section in sections for stream in section.program.streams],
        mapping=_mapping(sections[0]),
        head_mapping=_mapping(sections[-1]) if sections[-1].stack.head else None,
        sections=_sections(sections) if len(workload.body) > 1 else None,
        model_layers=model_layers,
    )


def _operations(workload: Workload) -> dict[str, int]:
    """Operations of the whole run by class."""
    found: dict[str, int] = {}
    for stack in workload.stacks:
        for kind, count in stack.operations.items():
            found[kind] = found.get(kind, 0) + count
    return found


def _streams(sections: Sequence[Section]) -> Iterator[tuple[Program, StreamPlan]]:
    return ((section.program, stream) for section in sections for stream in section.program.streams)


def _moved(program: Program, write: bool) -> int:
    """Bytes read from DRAM, or written to it."""
    return sum(
        program.bytes_moved(stream)
        for stream in program.streams
        if isinstance(stream.requests, Transfers) and stream.requests.write == write
    )


def _account(sections: Sequence[Section], name: str, accounts: Accounts) -> UnitAccount:
    splits = [work(program, s) for program, s in _streams(sections) if s.unit == name and s.costs]
    if not splits:
        return account(accounts, accounts.busy, 0)
    return account(accounts, sum(split[0] for split in splits), sum(split[1] for split in splits))


def _windows(recorder: WindowRecorder) -> Windows:
    """What *recorder* heard of the units whose every cycle it hears of."""
    units = {unit: series for unit, series in recorder.units.items() if not unit.startswith("dram")}
    return Windows(window_cycles=recorder.window_cycles, units=units)


def _sram_account(machine: MachineSpec, sections: Sequence[Section], makespan: int) -> dict[str, UnitAccount]:
    """Average use of the ports of each cluster of banks: words moved over words that its ports could move."""
    sram, moved = machine.sram, dict.fromkeys(range(machine.sram.clusters), 0)
    for program, stream in _streams(sections):
        if isinstance(stream.requests, Transfers):
            continue
        for count, each in zip(program.counts(stream), stream.requests, strict=True):
            for cluster, size in each.demand.items():
                moved[cluster] += count * size
    result = {}
    for cluster, size in moved.items():
        busy = min(makespan, ceil(Fraction(size, sram.cluster_bytes_per_cycle)))
        first = cluster * sram.interleave
        name = f"sram.banks{first}-{first + sram.interleave - 1}"
        stalls = {Reason.NO_ACCESS: makespan - busy}
        result[name] = UnitAccount(
            busy_cycles=busy, useful_cycles=busy, fill_drain_cycles=0, edge_cycles=0, stalls=stalls
        )
    return result


def _measure(machine: MachineSpec) -> str:
    """The unit on whose clock what lies above the roofline is told: the largest array."""
    rates = {name: array.macs_per_cycle for name, array in machine.arrays.items()}
    return max(rates or machine.compute, key=lambda name: rates.get(name, 0))


def _bounds(
    machine: MachineSpec, sections: Sequence[Section], units: Map[str, UnitAccount], roofline: int,
    dram_cycles: float, certificate: bool,
) -> Bounds:  # fmt: skip
    unit, cycles = resource_bound({name: units[name].useful_cycles for name in machine.compute}, dram_cycles)
    recurrence = Fraction(0)
    for section in sections:
        ratio = recurrence_cycles_per_step(section.costs, section.mapping)
        recurrence += ratio * section.stack.steps * section.stack.all_layers
    any_mapping = sum(certificate_of(each.stack, each.costs).cycles for each in sections) if certificate else None
    return Bounds(
        paper_roofline_cycles=roofline,
        resource_cycles=cycles,
        resource_unit=unit,
        recurrence_cycles=ceil(recurrence),
        any_mapping_cycles=any_mapping,
    )


def _above_roofline(array: UnitAccount, roofline: int) -> dict[str, int]:
    """What lies between the paper's roofline and the makespan, on the MAC array's clock; sums to the difference.

    The roofline has the array do all operations at full rate; ``work_elsewhere`` (negative) is what it did not do.
    """
    parts = {
        "work_elsewhere": array.useful_cycles - roofline,
        "edge": array.edge_cycles,
        "fill_drain": array.fill_drain_cycles,
        **array.stalls,
    }
    return {name: cycles for name, cycles in parts.items() if cycles}


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


def _sections(sections: Sequence[Section]) -> list[SectionReport]:
    """Every stack of layers, where they are not all alike."""
    return [
        SectionReport(
            block=section.stack.graph.name,
            first_layer=section.first_layer,
            layers=section.stack.layers,
            mapping=_mapping(section),
        )
        for section in sections
        if not section.stack.head
    ]


def _mapping(section: Section) -> MappingReport:
    mapping, program = section.mapping, section.program
    buffers = [BufferReport(name=b.name, role=b.role, slot_bytes=b.slot_bytes, slots=b.slots) for b in program.buffers]
    return MappingReport(
        token_tile=mapping.token_tile,
        tiles_per_layer=program.tiles_per_layer,
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
