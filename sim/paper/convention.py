"""How "The Hyperscale Lottery" (arXiv 2604.07935, Table 1) counts, as rules over a graph; recovered from its numbers.

*Operations* a token. A multiply-accumulate is two, nothing is counted for exp and other functions.
 - Projections in full; of the convolution its multiply-accumulates.
 - *State operations*, token by token: arithmetic of the state update, its read-out, the rotations of B and C, and the
   skip; of the discretisation what is made for every element of the state (Mamba-1's dt A). A rank-one update is
   written (dt B) x, so that dt multiplies B, not x. Mamba-3's x B^T of the token before is the one formed then, kept
   and scaled: two operations an element instead of another product.
 - A parallel scan is one work-efficient tree over the whole sequence: 2 (L - 1) combinations of 3 operations for L
   tokens, instead of the recurrence's 2 operations for each.
 - In chunked forms the matrix products alone, each formed per head (also Mamba-2's C B^T, which the heads of a group
   share); the passing of the state from chunk to chunk counts nothing. Nor do norms, gates, activations, biases,
   angles and residuals anywhere.

*Operational intensity* of the state operations, as one kernel from the scan's inputs to the gated output, at 16 bit:
every tensor that crosses its border, once; its parameters and the state (in and out) once a sequence, for a parallel
scan once in each of three passes (up, down, read-out). In chunked forms stages are kernels of their own: five times
the state for each chunk (its contribution out and in, the state in and out of the passing, and in for the output).

*Roofline*: operations at the peak of 1024 MACs at 250 MHz, with no term for memory or SIMD lanes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import prod

from workloads.expression import Reference
from workloads.graph import Operation, TimestepGraph

PEAK_OPS_PER_SECOND = 1024 * 2 * 250_000_000
ELEMENT_BYTES = 2
SCAN_PASSES = 3
STATE_TRANSFERS_PER_CHUNK = 5
OPS_PER_COMBINATION = 3
STATE_KINDS = ("discretisation", "input_scale", "state", "scan", "chunk", "rotation", "skip")
KERNEL_KINDS = frozenset(STATE_KINDS) | {"passing", "bias", "angle", "gate"}


@dataclass(frozen=True)
class LayerCounts:
    """One layer's counts by the paper's convention, for one token; ``ops`` maps the kind of operation -> operations.

    ``traffic_elements`` cross the border of the state kernel: none in a layer without a recurrence.
    """

    ops: Mapping[str, float]
    traffic_elements: float

    @property
    def state_ops(self) -> float:
        """Operations of the state update and what belongs to it."""
        return sum(count for kind, count in self.ops.items() if kind in STATE_KINDS)

    @property
    def total_ops(self) -> float:
        """All operations that the convention counts."""
        return sum(self.ops.values())

    @property
    def traffic_bytes(self) -> float:
        """Bytes that the state operations move."""
        return ELEMENT_BYTES * self.traffic_elements


def count_as_paper(graph: TimestepGraph, sequence_length: int) -> LayerCounts:
    """Count one layer for a prompt of *sequence_length* tokens."""
    rules = _Rules(graph, sequence_length)
    ops: dict[str, float] = {}
    for operation in graph.operations:
        ops[operation.kind] = ops.get(operation.kind, 0.0) + rules.operations(operation)
    return LayerCounts({kind: count for kind, count in ops.items() if count}, rules.traffic())


class _Rules:
    """The convention, applied to one graph."""

    def __init__(self, graph: TimestepGraph, sequence_length: int) -> None:
        self.graph = graph
        self.length = sequence_length
        kinds = {operation.kind for operation in graph.operations}
        self.scans, self.chunked = "scan" in kinds, "chunk" in kinds
        recurrent = [graph.operation(name).tensor for recurrence in graph.recurrences for name in recurrence]
        self.state = max(recurrent, key=graph.elements, default=None)  # the largest tensor that is carried on
        names = {operation.name for operation in graph.operations}
        self.heads = graph.operation("decay").equation.indices if "decay" in names else ()

    def operations(self, operation: Operation) -> float:
        """What *operation* counts a token."""
        kind, tokens = operation.kind, self.graph.tokens
        counts = self.graph.operation_counts(operation)
        arithmetic = counts.ops - counts.transcendentals
        if kind == "projection":
            return counts.ops / tokens
        if kind == "convolution":
            return 2 * counts.macs / tokens
        if self.state is None:
            return 0.0  # what the convention counts beside them belongs to a recurrence
        if self.chunked:
            return self._per_head(operation) * 2 / tokens if kind == "chunk" else 0.0
        if kind == "scan":
            whole_tree = OPS_PER_COMBINATION * 2 * (self.length - 1) / self.length
            return whole_tree * self.graph.elements(self.state) if operation.tensor == self.state else 0.0
        if kind == "discretisation":
            made_for_all = set(operation.equation.indices) >= set(self.graph.indices[self.state])
            return arithmetic / tokens if made_for_all else 0.0
        if kind == "state":
            return (self._with_one_product(operation, arithmetic) + self._dt_times_b(operation)) / tokens
        return arithmetic / tokens if kind in ("rotation", "skip") else 0.0

    def _per_head(self, operation: Operation) -> int:
        """Multiply-accumulates of a matrix product of two activations, formed for each head; 0 for anything else."""
        if not operation.equation.products:
            return 0
        shared = set(self.heads) - set(operation.equation.all_indices)
        return self.graph.operation_counts(operation).macs * self._points(shared)

    def _with_one_product(self, operation: Operation, arithmetic: int) -> int:
        """*arithmetic*, with a second product of the same tensors a token back replaced by scaling the first."""
        products, elements = operation.equation.products, self.graph.elements(operation.tensor)
        if len(products) < 2:
            return arithmetic
        return 2 * elements * self._points(set(products[0].summed)) + 2 * elements

    def _dt_times_b(self, operation: Operation) -> int:
        """Multiplications of dt and B where *operation* is a rank-one update (dt x) B^T."""
        products = operation.equation.products
        if len(products) != 1 or products[0].summed:
            return 0
        for scaled, other in ((products[0].left, products[0].right), (products[0].right, products[0].left)):
            scale = self._factor(scaled)
            if scale is not None:
                return self._points(set(scale.indices) | set(other.indices))
        return 0

    def _factor(self, scaled: Reference) -> Reference | None:
        """The dt in *scaled* = dt x, if that is what it is."""
        producer = self.graph.operation(self.graph.producer[scaled.tensor])
        return producer.equation.references[0] if producer.kind == "input_scale" else None

    def _points(self, indices: set[str]) -> int:
        return prod(self.graph.sizes[index] for index in indices)

    def traffic(self) -> float:
        """Elements that cross the border of the state kernel, a token."""
        graph = self.graph
        if self.state is None:
            return 0.0
        inside = {op.name for op in self.graph.operations if op.kind in KERNEL_KINDS}
        crossing = {edge.tensor for edge in graph.edges if (edge.source in inside) != (edge.reader in inside)}
        moved = sum(graph.elements(tensor) for tensor in crossing) / graph.tokens
        state = graph.elements(self.state)
        if self.chunked:
            return moved + STATE_TRANSFERS_PER_CHUNK * state / graph.tokens
        parameters = {
            reference.tensor
            for name in inside
            for reference in graph.operation(name).equation.references
            if reference.tensor in graph.parameters
        }
        a_sequence = 2 * state + sum(graph.elements(tensor) for tensor in parameters)
        return moved + (SCAN_PASSES if self.scans else 1) * a_sequence / self.length
