"""A stack: layers that are alike, or a part of them, with the graph of one timestep."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

from workloads.contractions import matrices
from workloads.graph import Operation, OperationCounts, TimestepGraph
from workloads.models.attention import KeyRun
from workloads.precision import WeightFormat, bits
from workloads.workload_spec import MappingSpec, WorkloadSpec


@dataclass(frozen=True)
class Stack:
    """``layers`` layers that are alike, one after the other: each has the *graph* for a timestep. Or the ``head``.

    The head is final norm and LM head, a layer by itself: one timestep, for the last token of each sequence, with a
    mapping that is always chosen. If the *graph* is that of the best chunk, ``chunkings`` are those of all that could
    have been.

    Where a layer has several parts, one after the other, each is a stack, whose ``part`` says which; one ``opens`` the
    layer. Attention is a part by itself: the run of a tile of queries past their ``keys``, as often as there are groups
    of heads. Stacks that are alike are one, which comes at several ``places``: from the layers with these numbers on;
    and for several tokens of an answer, ``answers``, that of the prompt being number 0.

    Where tokens choose what is read for them, and the *graph* reads what those of a tile do, ``every`` reads all that
    there is.
    """

    spec: WorkloadSpec
    graph: TimestepGraph
    layers: int
    head: bool = False
    chunkings: tuple[TimestepGraph, ...] = ()
    part: str = ""
    opens: bool = True
    keys: KeyRun | None = None
    places: tuple[int, ...] | None = None
    answers: range = range(1)
    length: int | None = None  # timesteps, if not all that there are
    mapping: MappingSpec | None = None  # if not that of the description
    every: TimestepGraph | None = None

    @property
    def of_part(self) -> str:
        """Which part of which model it is, in words that are the same whenever the part is."""
        graph, keys = self.graph, self.keys
        return repr((graph.name, sorted(graph.sizes.items()), keys and (keys.attention, keys.cut)))

    @property
    def times(self) -> int:
        """How often the model has it."""
        return (len(self.places) if self.places else 1) * len(self.answers)

    @property
    def all_layers(self) -> int:
        """Its layers wherever it comes."""
        return self.layers * self.times

    @property
    def model_layers(self) -> int:
        """How many layers of the model begin with it, as often as there are tokens."""
        return self.all_layers if self.opens and not self.head else 0

    @property
    def steps(self) -> int:
        """Timesteps that a run makes: the prompt's tokens or chunks in prefill (the last may be padded), else one."""
        if self.length is not None:
            return self.length
        if self.keys is not None:
            return self.keys.tile.steps
        if self.head or self.spec.phase == "decode":
            return 1
        return -(-self.spec.sequence_length // self.graph.tokens)

    @property
    def resumes(self) -> bool:
        """Whether a run begins with the state that an earlier one has left, as decode does."""
        return self.spec.phase == "decode" and self.keeps_state

    @property
    def keeps_state(self) -> bool:
        """Whether what it hands from timestep to timestep is the model's state, and not gone at the end of a run."""
        return self.keys is None and not self.head

    @property
    def hands_on(self) -> bool:
        """Whether its layers follow one another, each reading what the one before has written."""
        return self.keys is None

    @cached_property
    def operations(self) -> dict[str, int]:
        """Operations of a whole run by their kind; a MAC is two."""
        found: dict[str, int] = {}
        for each in self.graph.operations:
            count = self.counts_of(each).ops
            found[each.kind] = found.get(each.kind, 0) + count
        return found

    def counts_of(self, operation: Operation) -> OperationCounts:
        """Operations of a whole run for *operation*."""
        counts = self.graph.operation_counts(operation)
        return counts * (self.all_layers * self.spec.batch if operation.final else self.total(1))

    @cached_property
    def counts(self) -> OperationCounts:
        """Operations of a whole run."""
        return sum(map(self.counts_of, self.graph.operations), OperationCounts(0, 0, 0))

    def shortened(self, layers: int, steps: int) -> Stack:
        """The same with so many layers of so many timesteps only."""
        return replace(self, layers=layers, length=steps)

    @cached_property
    def wishes(self) -> MappingSpec:
        """How it is to be laid onto a machine; of operations that are placed those that it has."""
        if self.mapping is not None or not self.part:
            return self.mapping or (MappingSpec() if self.head else self.spec.mapping)
        own = {name: unit for name, unit in self.spec.mapping.place.items() if name in self.graph.reads}
        if self.keys is not None:
            return MappingSpec(placement=self.spec.mapping.placement, place=own, objective=self.spec.mapping.objective)
        return self.spec.mapping.model_copy(update={"place": own})

    def wishing(self, mapping: MappingSpec) -> Stack:
        """The same to be laid onto a machine in this way."""
        return replace(self, mapping=mapping)

    def cut_along(self, parallel: str | None) -> Stack:
        """The same with the wish to be cut along the index *parallel*."""
        if parallel == self.wishes.parallel:
            return self
        return self.wishing(self.wishes.model_copy(update={"parallel": parallel}))

    @property
    def chooses(self) -> bool:
        """Whether what is read for a tile is what its tokens choose, as experts are in prefill."""
        return self.spec.phase == "prefill" and bool(self.graph.chosen)

    def in_tiles(self, steps: int | None) -> Stack:
        """The same in tiles of so many timesteps, each of which reads anew what its tokens choose, of all sequences.

        If None, in tiles of any size that read what all tokens of the run choose.
        """
        every = self.every or self.graph
        tokens = min(steps or self.steps, self.steps) * every.tokens * self.spec.batch
        own = replace(self, graph=every.read_by(tokens, anew=steps is not None), every=every)
        if steps is None or self.wishes.token_tile is not None:
            return own
        return own.wishing(self.wishes.model_copy(update={"token_tile": steps * every.tokens}))

    @cached_property
    def element_bytes(self) -> int:
        """Bytes of an activation, or of a parameter that no projection multiplies by."""
        return bits(self.spec.widths.activations) // 8

    @cached_property
    def weights(self) -> WeightFormat:
        """How the weights of projections lie in memory."""
        widths = self.spec.widths
        return WeightFormat(bits(widths.weights), widths.group, bits(widths.scale))

    def parameter_bytes(self, tensor: str) -> int:
        """Bytes of a parameter at least: what its tiles are rounded up to, and scales that they share, not counted."""
        elements = self.graph.elements(tensor)
        return self.weights.size_bytes(elements) if tensor in self._matrices else elements * self.element_bytes

    @cached_property
    def _matrices(self) -> frozenset[str]:
        return matrices(self.graph)

    @cached_property
    def accumulator_bytes(self) -> int:
        """Bytes of a partial sum."""
        widths = self.spec.widths
        return bits(widths.accumulators or widths.activations) // 8

    @cached_property
    def state_bytes(self) -> int:
        """Bytes of an element of a tensor that is part of a recurrence."""
        widths = self.spec.widths
        return bits(self.spec.state_precision or widths.state or widths.activations) // 8

    @cached_property
    def handed_bytes(self) -> tuple[int, int]:
        """Bytes of all sequences that a layer is given and hands on: once, and for each timestep."""
        graph = self.graph
        once = {*graph.held, *graph.final.intersection(graph.outputs)}
        tensors = (*graph.inputs, *graph.held, *graph.outputs)
        sizes = {tensor: graph.elements(tensor) * self.element_bytes for tensor in tensors}
        in_all = sum(sizes[tensor] for tensor in once)
        return in_all * self.spec.batch, (sum(sizes.values()) - in_all) * self.spec.batch

    @cached_property
    def carried_bytes(self) -> int:
        """Bytes that one layer hands from token to token for one sequence: recurrences, windows, the token before."""
        total = 0
        recurrent = frozenset().union(*self.graph.recurrences)
        for tensor, rows in self.graph.carried.items():
            width = self.state_bytes if self.graph.producer[tensor] in recurrent else self.element_bytes
            total += rows * self.graph.row_elements(tensor) * width
        return total

    def total(self, count: int) -> int:
        """*count* of a timestep of a layer, over all of it; padding counts, since it is computed."""
        return count * self.steps * self.all_layers * self.spec.batch
