"""Single kernels of a GPU, each simulated by itself on a machine: a product, a copy, the state update of a layer.

What a kernel reads comes from DRAM and what it makes goes there, each once if it fits on the chip. Not in it: launches,
and what caches keep from one kernel to the next.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Final

from hw.machine import MachineSpec
from sim.files.limits import Limits
from sim.files.numbers import binary_size
from sim.files.resolve import read, resolve_workload
from sim.paper.convention import KERNEL_KINDS
from sim.paper.published import table1
from sim.search.choose import choose
from sim.simulation import Job, makespan_cycles
from workloads.builder import GraphBuilder
from workloads.building import generator_of
from workloads.graph import TimestepGraph
from workloads.models.generator import SEQUENTIAL
from workloads.stack import Stack
from workloads.workload import Workload
from workloads.workload_spec import MappingSpec, WorkloadSpec

SEARCH: Final = Limits(search="quick")  # nothing is shipped for single kernels
ELEMENT_BYTES: Final = 2
COPIED_AT_ONCE: Final = 8192  # elements, a row of what is copied
WEIGHT_SLOTS_KIB: Final = (None, 512, 2048)  # the search's own are small for a machine of this size


@dataclass(frozen=True)
class Product:
    """``[m, k]`` times ``[k, n]`` in 16 bit."""

    m: int
    n: int
    k: int

    @property
    def macs(self) -> int:
        """Multiply-accumulates."""
        return self.m * self.n * self.k

    @property
    def title(self) -> str:
        """What it is called in tables."""
        return f"({self.m:,} x {self.k:,}) by ({self.k:,} x {self.n:,})"

    @property
    def kind(self) -> str:
        """Its class."""
        return "GEMM" if self.m > 1 else "GEMV"

    def stacks(self) -> Iterator[Stack]:
        """The layer that is this product, by each size of the slots of its weights."""
        b = GraphBuilder("product", {"k": self.k, "n": self.n}, "x[t,k]")
        b.define("product", "projection", "y[t,n] = sum(k, W[k,n] * x[t,k])")
        graph = b.build("y")
        for slot in WEIGHT_SLOTS_KIB:
            yield _layer(graph, self.m, MappingSpec(weight_slot_kib=slot))


@dataclass(frozen=True)
class Copy:
    """So many bytes read, and written elsewhere."""

    bytes: int

    @property
    def title(self) -> str:
        """What it is called in tables."""
        return binary_size(self.bytes)

    @property
    def kind(self) -> str:
        """Its class."""
        return "copy"

    def stacks(self) -> Iterator[Stack]:
        """The layer that is this copy."""
        b = GraphBuilder("copy", {"d": COPIED_AT_ONCE}, "x[t,d]")
        b.define("copy", "copy", "y[t,d] = x[t,d]")
        yield _layer(b.build("y"), -(-self.bytes // (ELEMENT_BYTES * COPIED_AT_ONCE)), MappingSpec())


@dataclass(frozen=True)
class Update:
    """The state update of one layer of the workload *row* for a prompt of *tokens*; see :func:`kernel_graph`."""

    row: str
    tokens: int

    @property
    def title(self) -> str:
        """What it is called in tables."""
        return self.row

    @property
    def kind(self) -> str:
        """Its class, by how its recurrence is computed: ``scan``, ``chunk``, or ``sequential``."""
        kinds = {operation.kind for operation in _of_row(self.row).graph.operations}
        return next((kind for kind in ("scan", "chunk") if kind in kinds), SEQUENTIAL)

    def stacks(self) -> Iterator[Stack]:
        """The layer that is this state update."""
        workload = _of_row(self.row)
        words = {"name": self.row, "model": f"state update of {self.row}", "mapping": MappingSpec()}
        alone = {"layers": 1, "head": False, "phase": "prefill", "sequence_length": self.tokens}
        yield Stack(workload.spec.model_copy(update=words | alone), kernel_graph(workload.graph), 1)


Kernel = Product | Copy | Update


@dataclass(frozen=True)
class KernelRun:
    """A kernel on a machine by its name, with *assignments* made to the latter."""

    kernel: Kernel
    machine: str
    assignments: tuple[str, ...] = ()


def kernel_seconds(wanted: KernelRun) -> float:
    """Seconds that *wanted* takes, by the quickest mapping that is found."""
    machine = machine_spec(wanted.machine, wanted.assignments)
    return min(_cycles(stack, machine) for stack in wanted.kernel.stacks()) / machine.clock


def machine_spec(name: str, assignments: tuple[str, ...] = ()) -> MachineSpec:
    """The machine *name* with *assignments* made; raises InputError with every mistake."""
    document = read("machine", name)
    for each in assignments:
        document.override(each)
    return document.check(MachineSpec)


def kernel_graph(graph: TimestepGraph) -> TimestepGraph:
    """The state update of *graph* alone, from what it reads of other operations to what they read of it.

    What belongs to it: :data:`KERNEL_KINDS`. Raises ValueError if nothing does.
    """
    inside = {each.name for each in graph.operations if each.kind in KERNEL_KINDS}
    read_, made = (
        list(
            dict.fromkeys(edge.tensor for edge in graph.edges if (edge.source in inside, edge.reader in inside) == way)
        )
        for way in ((False, True), (True, False))
    )
    if not read_ or not made:
        raise ValueError(f"{graph.name} has no state update")
    first, *more = (f"{tensor}[{','.join(('t', *graph.indices[tensor]))}]" for tensor in read_)
    b = GraphBuilder(graph.name, graph.sizes, first, graph.token_index)
    for reference in more:
        b.input(reference)
    for tensor, values in graph.constants.items():
        (index,) = graph.indices[tensor]
        b.constant(tensor, index, values)
    for each in graph.operations:
        if each.name in inside:
            b.define(each.name, each.kind, each.equation.text, each.masked, each.final)
    return b.build(*made)


@cache
def _of_row(row: str) -> Workload:
    """The workload *row*, as its kernels do it: those of Table 1 as they say, official models in chunks or scans."""
    workload = resolve_workload(row)
    chunked = list(generator_of(workload.spec).chunked)
    if row in table1() or not chunked or workload.formulation != SEQUENTIAL:
        return workload
    return resolve_workload(row, [f"formulation={chunked[0]}"])


def _layer(graph: TimestepGraph, rows: int, wishes: MappingSpec) -> Stack:
    """A layer of *rows* timesteps of *graph*."""
    spec = WorkloadSpec(name=graph.name, model=graph.name, layers=1, sequence_length=rows, mapping=wishes)
    return Stack(spec, graph, 1)


def _cycles(stack: Stack, machine: MachineSpec) -> int:
    return makespan_cycles(Job(machine, (choose(stack, machine, SEARCH),), None, stack.spec))
