"""From a finished run to its :class:`~.result.Result`: accounts, counts, energy and bounds, never live components."""

from __future__ import annotations

from collections.abc import Mapping as Map
from collections.abc import Sequence
from fractions import Fraction
from math import ceil

from hw.machine import MachineSpec
from sim.accounting.bounds import paper_roofline_cycles, recurrence_cycles_per_step, resource_bound
from sim.accounting.breakdown import Runs, by_class, by_layer, critical_path
from sim.accounting.certificate import any_mapping_cycles
from sim.accounting.energy import energy_account
from sim.accounting.generation import generation_report
from sim.accounting.result import (
    Bounds,
    Result,
    UnitAccount,
    Windows,
)
from sim.accounting.section_reports import mapping_report, section_reports, stream_reports
from sim.accounting.unit_accounts import dram_bytes, makespan_of, program_streams, unit_accounts
from sim.accounting.whole_model import whole_model
from sim.accounting.windows import WindowRecorder
from sim.lowering.section import Section
from sim.version import __version__
from workloads.workload import Workload
from workloads.workload_spec import WorkloadSpec


def build_result(
    machine: MachineSpec,
    runs: Runs,
    simulated_layers: int,
    windows: WindowRecorder | None,
    model_layers: int | None = None,
    certificate: bool = False,
    spec: WorkloadSpec | None = None,
) -> Result:
    """The result of *runs*, one for each section, the head last if there is one; so many layers were simulated.

    *model_layers* are the model's own, where others were run. A *certificate* is a bound over every mapping. *spec* is
    the workload's, if its layers do not say all of it.
    """
    sections = [section for section, _ in runs]
    makespan = makespan_of(runs)
    paths = [spent.path for _, spent in runs if spent.path is not None]
    workload = Workload(spec or sections[0].stack.spec, tuple(section.stack for section in sections))
    spec, tokens = workload.spec, workload.tokens
    ops = sum(stack.counts.ops for stack in workload.stacks)
    macs = sum(stack.counts.macs for stack in workload.stacks)
    read, written = dram_bytes(sections)
    seconds = makespan / machine.clock
    energy = energy_account(machine, sections, _operations(workload), makespan, tokens)
    units = unit_accounts(machine, runs)
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
        requests=sum(sum(program.counts(stream)) for program, stream in program_streams(sections)),
        bounds=_bounds(machine, sections, units, roofline, machine.dram_cycles(read + written), certificate),
        above_roofline=_above_roofline(units[_measure(machine)], roofline),
        units=units,
        by_layer=by_layer(runs),
        by_class=by_class(runs),
        breakdown=whole_model(runs),
        windows=_windows(windows) if windows else None,
        critical_path=critical_path(paths) if paths else None,
        streams=stream_reports(sections),
        mapping=mapping_report(sections[0]),
        head_mapping=mapping_report(sections[-1]) if sections[-1].stack.head else None,
        sections=section_reports(sections),
        model_layers=model_layers,
        generation=generation_report(machine, runs, tokens) if spec.phase == "generate" else None,
    )


def _operations(workload: Workload) -> dict[str, int]:
    """Operations of the whole run by class."""
    found: dict[str, int] = {}
    for stack in workload.stacks:
        for kind, count in stack.operations.items():
            found[kind] = found.get(kind, 0) + count
    return found


def _windows(recorder: WindowRecorder) -> Windows:
    """What *recorder* heard of the units whose every cycle it hears of."""
    units = {unit: series for unit, series in recorder.units.items() if not unit.startswith("dram")}
    return Windows(window_cycles=recorder.window_cycles, units=units)


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
    any_mapping = any_mapping_cycles((each.stack, each.costs) for each in sections) if certificate else None
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
