"""A machine as the YAML that ZigZag and Stream read (stream-dse 2.1.1, zigzag-dse 3.9): cores, and how they are linked.

Every compute unit is a core, whose top memory is the SRAM, and all of them share it; DRAM is a core of its own behind a
link. Keys, their units (bits, bits a cycle, pJ) and the names of operators are those of Stream's parser
(stream/parser/accelerator_validator.py) and of ZigZag's (zigzag/parser/accelerator_validator.py). What their format
cannot say stands in the files as comments, beside what it leaves out.

Choices that the format leaves: a memory's port serves one access after the other there, while banks serve many at once.
So the SRAM gets a port for each operand and direction where it has banks enough for them, one for reads and one for
writes where it has two, else one for all. PEs keep 32 bits of what stays in them: assumed, since a machine does not say
how wide its accumulators are.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from json import dumps
from typing import Final

from hw.compute import ComputeSpec, LanesSpec
from hw.mac_array import MacArraySpec
from hw.machine import MachineSpec
from sim.version import __version__

FORMAT: Final = "stream-dse 2.1.1"
CORES: Final = "cores"
DRAM: Final = "dram"
PRODUCTS: Final = ("MatMul", "Gemm", "Conv", "Einsum")
OPERATORS: Final[Mapping[str, tuple[str, ...]]] = {
    "add": ("Add", "Sub", "ReduceSum", "ReduceMean"), "mul": ("Mul",), "div": ("Div",), "max": ("Relu", "ReduceMax"),
    "exp": ("Exp",), "sigmoid": ("Sigmoid",), "tanh": ("Tanh",), "silu": ("Silu",),
}  # fmt: skip
"""Function -> the operators of Stream's that are made of it alone."""
RECURRENT: Final = ("SelectiveScan", "StateUpdate")  # a multiplication and an addition of each element
STREAM_CYCLES: Final = {"exp": 4, "sigmoid": 4, "silu": 4}
"""Cycles of an elementwise operator on a lane where that is not 1: zigzag_cost_estimator.py, get_cc_per_op."""
REGISTER_BITS: Final = 32
ELEMENT_BITS: Final = 16  # the narrowest access of a port
DRAM_BITS: Final = 2**50  # of which there is always enough
STATIONARY: Final = {"output_stationary": "O", "weight_stationary": "I2", "input_stationary": "I1"}
MOVES: Final = {"I1": ("tl", "fh"), "I2": ("tl", "fh"), "O": ("tl", "th", "fh", "fl")}
"""Operand -> ZigZag's words for what a memory does with it: to and from the lower, and the higher, level."""
READS: Final = frozenset({"tl", "th"})


class NotExported(ValueError):
    """What ZigZag and Stream have no words for, and that cannot be left out; it stands at the key ``path``."""

    def __init__(self, path: Sequence[str], message: str) -> None:
        super().__init__(message)
        self.path = path


def exported(machine: MachineSpec, command: str) -> dict[str, str]:
    """The text of each file by its path: the accelerator, and below ``cores/`` a core for every unit and for DRAM.

    *command* is what made them, for their heads. Raises NotExported.
    """
    cores = {name: _core(machine, name, unit) for name, unit in machine.compute.items()} | {DRAM: _dram(machine)}
    head = f"# Written by `{command}`, stallscope {__version__}, for {FORMAT}."
    files = {f"{CORES}/{name}.yaml": "\n".join([head, *lines]) + "\n" for name, lines in cores.items()}
    return {f"{_file_name(machine)}.yaml": "\n".join([head, *_accelerator(machine)]) + "\n"} | files


def _file_name(machine: MachineSpec) -> str:
    """What the accelerator's file is called: the machine's name as far as Stream reads such names."""
    return "".join(each if (each.isascii() and each.isalnum()) or each in "_-" else "_" for each in machine.name)


def bits_per_cycle(machine: MachineSpec) -> int:
    """Bits that DRAM moves in a core cycle, of all channels, to the nearest whole one."""
    return round(machine.dram_bytes_per_cycle * 8)


def _accelerator(machine: MachineSpec) -> Iterator[str]:
    units = list(machine.compute)
    for line in _left_out(machine):
        yield f"# {line}"
    yield f"name: {dumps(machine.name)}"
    yield "cores:"
    for number, name in enumerate([*units, DRAM]):
        yield f"  {number}: ./{CORES}/{name}.yaml"
    yield f"offchip_core_id: {len(units)}"
    yield "unit_energy_cost: 0  # of a link: what crosses it is counted at DRAM"
    yield "core_connectivity:"
    yield f"  - {{type: link, cores: [0, {len(units)}], bandwidth: {bits_per_cycle(machine)}}}  # bits a cycle"
    shared = ", ".join(map(str, range(len(units))))
    yield "core_memory_sharing:" + (f"\n  - {shared}  # the SRAM is all units'" if units[1:] else " []")


def _left_out(machine: MachineSpec) -> Iterator[str]:
    """What the format has no word for, of the machine as a whole."""
    yield f"{machine.clock / 1e6:g} MHz, which the format does not say: bandwidths are bits a cycle of it."
    yield "Not said, for want of a word, and so without cost there:"
    timed = f"rows, CAS latency, turnaround and refresh of {machine.dram.timing}" if machine.dram.timing else "latency"
    yield f"- {timed}; only the peak of {machine.dram.channels} channels is;"
    yield f"- transfers in flight at once ({machine.dma.outstanding}), as Stream has no DMA queue;"
    sram = machine.sram
    yield f"- which of the {sram.banks} banks serves whom (clusters of {sram.interleave}), hence bank conflicts;"
    yield "- where the cycles of elementwise functions differ from Stream's own, which core files list."
    if machine.ideal:
        yield f"- effects that are ideal: {', '.join(machine.ideal)}."
    if machine.energy.operation is None:
        yield "- energy, which this machine has by component: all figures of energy are 0."


def _core(machine: MachineSpec, name: str, unit: ComputeSpec) -> list[str]:
    """The lines of a compute unit."""
    if isinstance(unit, MacArraySpec):
        return list(_array(machine, name, unit))
    if isinstance(unit, LanesSpec):
        return list(_lanes(machine, name, unit))
    known = "mac_array, simd or special_functions"
    raise NotExported(machine.key(name).split("."), f"found a unit of the kind {unit.kind}, expected {known}")


def _array(machine: MachineSpec, name: str, unit: MacArraySpec) -> Iterator[str]:
    kept = next((each for each in unit.dataflow if each in STATIONARY), None)
    if kept is None:
        path = [*machine.key(name).split("."), "dataflow"]
        raise NotExported(path, f"found dot_product, expected one of {', '.join(STATIONARY)}: ZigZag has no trees")
    yield f"# {unit.rows} x {unit.columns} PEs, {' or '.join(unit.dataflow)}. Which loop runs along D1 and D2 is the"
    yield "# choice of ZigZag for each product; what stays in a PE follows from the register that it has."
    for line in _not_said_of_array(unit, kept):
        yield f"# Not said: {line}."
    yield from _begin(name, "compute")
    if kept == "output_stationary":
        yield from _memory("accumulators", REGISTER_BITS, ["O"], REGISTER_BITS, "[]  # one in each PE")
    else:
        yield from _memory("registers", REGISTER_BITS, [STATIONARY[kept]], REGISTER_BITS, "[]  # one in each PE")
        yield from _memory("accumulators", REGISTER_BITS, ["O"], REGISTER_BITS, "[D1]  # sums run down the columns")
    yield from _sram(machine, "[D1, D2]")
    yield from _operational(machine, [unit.rows, unit.columns], 2)
    yield "  systolic_dimensions: [D1, D2]"
    yield "operand_precision: {input: bf16, accumulator: fp32}  # assumed: the workload says how wide elements are"
    elementwise = _operators(unit.lane_cycles)
    yield f"operator_types: [{', '.join([*PRODUCTS, *elementwise])}]"


def _not_said_of_array(unit: MacArraySpec, kept: str) -> Iterator[str]:
    """What the format has no word for, of an array that keeps so much of a product in its PEs."""
    if len(unit.dataflow) > 1:
        yield f"all dataflows but {kept}"
    if unit.folds == "overlapped":
        yield "folds overlapped: a core starts its next tile behind the one before, and folds within a tile do not"
    if unit.packing:
        yield "packing of two products of few rows into a fold"
    if unit.edges.model_dump(exclude_none=True):
        yield "what the sides take and give in a cycle, which is as much as the SRAM's ports do"
    if unit.rates or unit.types is not None:
        yield "rates and types of operands by their bits"
    if unit.elementwise is not None:
        yield f"PEs' pipelines of {unit.elementwise.pipeline_depth} cycles" + _differing(unit.lane_cycles)
    yield f"{unit.fetch_ahead} words fetched ahead"


def _lanes(machine: MachineSpec, name: str, unit: LanesSpec) -> Iterator[str]:
    yield f"# {unit.lanes} lanes."
    yield f"# Not said: pipelines of {unit.depth} cycles" + _differing(unit.lane_cycles) + "."
    yield "# Not said: what is fused: each operator is a pass of its own, but for a scan, which is one."
    yield "# Not said: words fetched ahead; a memory between SRAM and lanes would cost cycles in ZigZag."
    if "softplus" in unit.lane_cycles:
        yield "# Stream has no name for softplus, rsqrt, sin, cos and min: what it does not know takes 1 cycle there."
    yield from _begin(name, "compute")
    yield from _sram(machine, "[D1]")
    yield from _operational(machine, [unit.lanes], 1)
    yield f"operator_types: [{', '.join(_operators(unit.lane_cycles))}]"


def _operators(cycles: Mapping[str, int]) -> list[str]:
    """What a unit can do, in Stream's words: operators of one function; recurrences where it multiplies and adds."""
    found = [each for function, operators in OPERATORS.items() if function in cycles for each in operators]
    return found + [each for each in (*RECURRENT, "Cast") if {"mul", "add"} <= cycles.keys()]


def _differing(cycles: Mapping[str, int]) -> str:
    """The functions whose cycles are not Stream's, as the end of a sentence."""
    off = [
        f"{name} {own} (there {STREAM_CYCLES.get(name, 1)})"
        for name, own in cycles.items()
        if own != STREAM_CYCLES.get(name, 1)
    ]
    return f", and cycles of {', '.join(off)}" if off else ""


def _dram(machine: MachineSpec) -> Iterator[str]:
    bits = bits_per_cycle(machine)
    energy_pj = (machine.energy.dram or 0) / 1000 * bits
    yield f"# {machine.dram.bytes_per_second / 1e9:.4g} GB/s, {bits} bits a cycle; size: enough."
    yield from _begin(DRAM, "offchip")
    yield from _memory(DRAM, DRAM_BITS, ["I1", "I2", "O"], bits, "[D1, D2]", ports=1, energy_pj=energy_pj)
    yield from ("operational_array:", "  unit_energy: 0", "  unit_area: 0", "  dimensions: [D1, D2]", "  sizes: [0, 0]")


def _begin(name: str, kind: str) -> Iterator[str]:
    yield from (f"name: {name}", f"type: zigzag.{kind}", "memories:")


def _sram(machine: MachineSpec, served: str) -> Iterator[str]:
    """The SRAM, alike in all cores. Each port has all of its bits a cycle, so together they have more than it."""
    sram = machine.sram
    at_once = sram.banks * sram.ports
    ports = next(each for each in (6, 2, 1) if each <= at_once)
    yield from _memory("sram", sram.capacity * 8, ["I1", "I2", "O"], sram.bytes_per_cycle * 8, served, ports)


def _memory(
    name: str, bits: int, operands: Sequence[str], width: int, served: str, ports: int = 2, energy_pj: float = 0.0
) -> Iterator[str]:
    """A memory of so many *bits*, whose *ports* (:func:`_ports`) are *width* bits wide each."""
    yield f"  {name}:"
    yield f"    size: {bits}"
    yield f"    r_cost: {energy_pj:.10g}"
    yield f"    w_cost: {energy_pj:.10g}"
    yield "    area: 0"
    yield "    latency: 1"
    yield f"    operands: [{', '.join(operands)}]"
    yield "    ports:"
    numbers: dict[str, int] = {}
    for kind, moves in _ports(operands, ports):
        short = "".join(word[0] for word in kind.split("_"))
        numbers[short] = numbers.get(short, 0) + 1
        yield f"      - name: {short}_port_{numbers[short]}"
        yield f"        type: {kind}"
        yield f"        bandwidth_min: {min(ELEMENT_BITS, width)}"
        yield f"        bandwidth_max: {width}"
        yield f"        allocation: [{', '.join(moves)}]"
    yield f"    served_dimensions: {served}"


def _ports(operands: Sequence[str], ports: int) -> list[tuple[str, list[str]]]:
    """The kind of each port and what it moves: 1 for all, 2 by direction, more by operand too.

    Sums with a memory to themselves have a port for each move: an accumulator is read and written at once.
    """
    found: dict[tuple[str, str], list[str]] = {}
    for operand in operands:
        for way in MOVES[operand]:
            kind = "read_write" if ports == 1 else "read" if way in READS else "write"
            own = way if operands == ["O"] else operand if ports > 2 else ""
            found.setdefault((kind, own), []).append(f'"{operand}, {way}"')
    return [(kind, moves) for (kind, _), moves in found.items()]


def _operational(machine: MachineSpec, sizes: Sequence[int], operations: int) -> Iterator[str]:
    """The array of a core, each element of which does so many *operations* in a cycle."""
    yield "operational_array:"
    yield f"  unit_energy: {(machine.energy.operation or 0) / 1000 * operations:.10g}  # pJ of an element's cycle"
    yield "  unit_area: 0"
    yield f"  dimensions: [{', '.join(f'D{number}' for number, _ in enumerate(sizes, 1))}]"
    yield f"  sizes: [{', '.join(map(str, sizes))}]"
