"""What a GPU's kernels take one after the other: each its products and elementwise work, or its traffic, at full rate.

A kernel reads from DRAM what it does not make and writes what others read; within it everything stays on the chip.
Kernels of a layer follow one another, so that a layer takes the sum of theirs, where a machine without software
overlaps them. Which operations are one kernel: fusing.py. Attention is one kernel that reads queries, keys and values
once and writes its result once (FlashAttention), and before and behind it there are copies: keys and values for every
query head, the result with its heads side by side. Not in it: launches, tails of grids, kernels below the rates.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from hw.machine import MachineSpec
from sim.accounting.operation_classes import facts_of, paper_class_of
from sim.lowering.costs import CostModel
from sim.lowering.section import cost_model
from sim.paper.ssm_scope.fusing import (
    EAGER_BYTES,
    EAGER_GATED_NORM_BYTES,
    EAGER_NORM_BYTES,
    NORM,
    RESIDUAL_BYTES,
    Software,
    kernel_of,
    placed,
)
from workloads.models.attention import Attention, useful_macs
from workloads.stack import Stack
from workloads.workload import Workload


@dataclass(frozen=True)
class Rates:
    """What a device does in a second: MACs of products, cycles of all its lanes, bytes of DRAM."""

    macs: float
    lane_cycles: float
    bytes: float


@dataclass(frozen=True)
class Kernel:
    """A kernel of all layers that have it: its work and its traffic, and SSM-Scope's class of it."""

    name: str
    paper_class: str
    macs: float = 0.0
    lane_cycles: float = 0.0
    bytes: float = 0.0

    def seconds(self, rates: Rates) -> float:
        """What it takes at these *rates*, by what it needs the most of."""
        return max(self.macs / rates.macs, self.lane_cycles / rates.lane_cycles, self.bytes / rates.bytes)


def rates_of(machine: MachineSpec) -> Rates:
    """The peaks of *machine*."""
    assert machine.simd is not None, "a GPU has lanes"
    return Rates(
        machine.macs_per_cycle * machine.clock, machine.simd.lanes * machine.clock, machine.dram.bytes_per_second
    )


def kernels_of(workload: Workload, machine: MachineSpec, software: Software) -> list[Kernel]:
    """The kernels of the layers of *workload* but attention's own, and of its copies; the head is none of them."""
    found: dict[tuple[int, str], Kernel] = {}
    for stack in workload.body:
        if stack.keys is None:
            for kernel in _Layer(stack, machine, software).kernels():
                found[len(found), kernel.name] = kernel
    for attention in attentions(workload):
        found[len(found), "copies"] = _copies(workload, attention)
    return list(found.values())


def attentions(workload: Workload) -> list[Attention]:
    """Every kind of attention that its layers have."""
    return list(dict.fromkeys(stack.keys.attention for stack in workload.stacks if stack.keys is not None))


def attention_kernel(workload: Workload, attention: Attention, machine: MachineSpec, masked: bool) -> Kernel:
    """The kernel of *attention* in all layers; *masked*, with a mask in memory, it hides nothing beforehand.

    Then it works on every pair of query and key, and reads the mask for each head.
    """
    spec, layers = workload.spec, attention_layers(workload, attention)
    assert workload.model is not None, "it has attention"
    tokens = spec.sequence_length + workload.model.prefix_tokens
    each = attention.key_size + attention.value_size
    scores = attention.heads * tokens * tokens if masked else useful_macs(attention, 0, tokens) // each
    width = workload.stacks[0].element_bytes
    moved = (
        2 * tokens * (attention.heads + attention.groups) * each // 2 * width
    )  # queries and results, keys and values
    moved += attention.heads * tokens * tokens * width if masked else 0
    times = layers * spec.batch
    lanes = _lane_cycles_of_a_score(workload, attention, machine)
    return Kernel("attention", "GEMM", times * scores * each, times * scores * lanes, times * moved)


def _lane_cycles_of_a_score(workload: Workload, attention: Attention, machine: MachineSpec) -> float:
    """Cycles of a lane for a score: its share of all that is no product, at the end of a long prompt."""
    stack = next(each for each in workload.stacks if each.keys is not None and each.keys.attention == attention)
    layer = _Layer(stack, machine, "transformers")
    (simd,) = (unit for unit in layer.costs.compute if unit not in layer.costs.arrays)
    cycles = sum(
        layer.costs.cost(each.name, simd, 1, 1).useful_cycles
        for each in stack.graph.operations
        if layer.costs.analysis.kind(each.name) == "vector" and not each.final
    )
    assert stack.keys is not None and machine.simd is not None, "a GPU has lanes"
    cut = stack.keys.cut
    return cycles * machine.simd.lanes / (cut.groups * attention.queries * cut.queries * cut.block)


def attention_layers(workload: Workload, attention: Attention) -> int:
    """How many layers have *attention*."""
    assert workload.model is not None, "it has attention"
    return sum(part == attention for layer in workload.model.layers for part in layer)


def _copies(workload: Workload, attention: Attention) -> Kernel:
    """Keys and values repeated for every query head, where several share them, and the result put together."""
    a, layers = attention, attention_layers(workload, attention)
    repeated = (a.heads + a.groups) * (a.key_size + a.value_size) if a.queries > 1 else 0
    elements = repeated + 2 * a.heads * a.value_size
    width = workload.stacks[0].element_bytes
    return Kernel("copies", "memory", bytes=layers * workload.tokens * elements * width)


class _Layer:
    """The kernels of one stack of layers."""

    def __init__(self, stack: Stack, machine: MachineSpec, software: Software) -> None:
        self._stack, self._software, self._graph = stack, software, stack.graph
        self.costs: CostModel = cost_model(stack, machine)
        self._facts = facts_of(stack, self.costs.analysis)
        self._chunked = self._graph.token_index is not None
        self._kernel = {each.name: kernel_of(each.name, software, self._chunked) for each in self._graph.operations}
        self._gated_norm = {name for name in self._kernel if placed(name).head == "gate_norm"}

    def kernels(self) -> Iterator[Kernel]:
        """All of them, in the order of the layer."""
        for name in dict.fromkeys(each for each in self._kernel.values() if each is not None):
            operations = [each for each, kernel in self._kernel.items() if kernel == name]
            yield Kernel(
                name,
                paper_class_of(self._facts[operations[0]]),
                sum(self._macs(each) for each in operations),
                sum(self._lane_cycles(each) for each in operations),
                self._bytes(operations),
            )

    def _in_products(self, operation: str) -> bool:
        """Whether tensor cores do it: all products but those of a scan, which goes on in registers."""
        return self.costs.analysis.kind(operation) != "vector" and (
            self._chunked or self.costs.analysis.kind(operation) == "projection"
        )

    def _macs(self, operation: str) -> int:
        return self._stack.total(self._counts(operation)) if self._in_products(operation) else 0

    def _counts(self, operation: str) -> int:
        return self._graph.operation_counts(self.costs.analysis.operations[operation]).macs

    def _lane_cycles(self, operation: str) -> float:
        if self._in_products(operation) or not self.costs.analysis.passes(operation, 1):
            return 0.0
        (simd,) = (unit for unit in self.costs.compute if unit not in self.costs.arrays)
        cycles = self.costs.cost(operation, simd, 1, 1).useful_cycles
        assert self.costs.machine.simd is not None, "a GPU has lanes"
        return self._stack.total(cycles) * self.costs.machine.simd.lanes

    def _bytes(self, operations: Sequence[str]) -> float:
        if (eager := self._eager(operations)) is not None:
            return self._stack.total(eager)
        made = {self.costs.analysis.operations[each].tensor for each in operations}
        read = dict.fromkeys(tensor for each in operations for tensor in self._read(each) if tensor not in made)
        others = [name for name in self._kernel if name not in operations]
        taken = {tensor for name in others for tensor in self._read(name)} | set(self._graph.outputs)
        moved = [*read, *(tensor for tensor in made if tensor in taken)]
        parameters = [each for each in moved if each in self._graph.parameters]
        passing = [tensor for tensor in moved if tensor not in parameters]
        each_step = sum(self._graph.elements(tensor) * self._width(tensor) for tensor in passing)
        once = sum(self._stack.parameter_bytes(tensor) for tensor in parameters)
        return self._stack.total(each_step) + once * self._stack.all_layers

    def _read(self, operation: str) -> Iterator[str]:
        """The tensors that it reads, and in the place of those that are recomputed what these are made from."""
        yield from self.costs.analysis.weights[operation]
        for edge in self._graph.reads[operation]:
            if edge.source in self._kernel and self._kernel[edge.source] is None:
                yield from self._read(edge.source)
            else:
                yield edge.tensor

    def _width(self, tensor: str) -> int:
        graph = self._graph
        if self._software == "mamba_ssm" and tensor in (graph.input_tensor, graph.output_tensor):
            return RESIDUAL_BYTES
        return self.costs.width(tensor)

    def _eager(self, operations: Sequence[str]) -> int | None:
        """What PyTorch's operators move for it in a timestep, where that is more than operands and result."""
        if self._software != "transformers" or len(operations) > 1:
            return None
        (operation,) = operations
        fact, word = self._facts[operation], placed(operation).name.rpartition(".")[2]
        elements = self._graph.elements(self.costs.analysis.operations[operation].tensor)
        if fact.kind == "norm":
            gated = operation in self._gated_norm
            return elements * (EAGER_GATED_NORM_BYTES if gated else EAGER_NORM_BYTES) if word not in NORM[:2] else 0
        if word == "gate" and fact.kind == "gate" and self._gated_norm:
            return 0  # it is in the norm
        if fact.kind == "rotation":
            return elements * EAGER_BYTES["rotation"]
        if fact.kind == "mlp" and word == "square":
            return 0  # it is in the activation
        return elements * EAGER_BYTES[word] if word in EAGER_BYTES and fact.kind in ("mlp", "gate") else None
