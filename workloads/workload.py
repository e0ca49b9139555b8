"""Workloads: a description, and the stacks of layers that it means; layers of different stacks may differ."""

from __future__ import annotations

from dataclasses import dataclass

from workloads.graph import TimestepGraph
from workloads.models.attention import Attention, KeyBlocks
from workloads.models.blocks import head
from workloads.models.generator import SEQUENTIAL
from workloads.models.layers.layered import LayeredModel
from workloads.stack import Stack
from workloads.workload_spec import Phase, WorkloadSpec


@dataclass(frozen=True)
class Workload:
    """A checked workload: its description, and its layers as stacks in their order, the head last if it is to be run.

    Where the best chunk is to be found ``chunkings`` are the same workload in chunks of each size. Raises ValueError if
    the stacks do not have as many layers as the description says.
    """

    spec: WorkloadSpec
    stacks: tuple[Stack, ...]
    chunkings: tuple[Workload, ...] = ()
    model: LayeredModel | None = None

    def __post_init__(self) -> None:
        layers = sum(stack.model_layers // max(1, len(stack.answers)) for stack in self.stacks_of(self._first_phase))
        if self.stacks and layers != self.spec.layers:
            raise ValueError(f"the stacks have {layers} layers, the description says {self.spec.layers}")

    @property
    def cuts(self) -> dict[tuple[Phase, Attention], KeyBlocks]:
        """How each kind of attention is cut in each phase."""
        runs = ((stack.spec.phase, stack.keys) for stack in self.stacks if stack.keys is not None)
        return {(phase, keys.attention): keys.cut for phase, keys in runs}

    @property
    def _first_phase(self) -> Phase:
        return "prefill" if self.spec.phase == "generate" else self.spec.phase

    @classmethod
    def alike(cls, spec: WorkloadSpec, graph: TimestepGraph) -> Workload:
        """The workload whose layers all have the same *graph*, and the head if *spec* says so."""
        layers = Stack(spec, graph, spec.layers)
        if not (spec.head and spec.vocabulary):
            return cls(spec, (layers,))
        return cls(spec, (layers, Stack(spec, head(width(graph), spec.vocabulary), 1, head=True)))

    @property
    def body(self) -> tuple[Stack, ...]:
        """All stacks but the head."""
        return tuple(stack for stack in self.stacks if not stack.head)

    @property
    def head(self) -> Stack | None:
        """The head, if it is to be run."""
        return next((stack for stack in self.stacks if stack.head), None)

    @property
    def graph(self) -> TimestepGraph:
        """A timestep of the first layer."""
        return self.stacks[0].graph

    def stacks_of(self, phase: Phase) -> tuple[Stack, ...]:
        """The stacks that do that."""
        return tuple(stack for stack in self.stacks if stack.spec.phase == phase)

    @property
    def tokens(self) -> int:
        """Tokens that a run reads, in prefill, or produces, over the whole batch."""
        each = {"prefill": self.spec.sequence_length, "decode": 1, "generate": self.spec.generate or 0}
        return each[self.spec.phase] * self.spec.batch

    @property
    def chunk(self) -> int | None:
        """Tokens of a timestep that is a chunk, in the first layer that has chunks; None where it is one token."""
        return next((stack.graph.tokens for stack in self.body if stack.graph.token_index), None)

    @property
    def formulation(self) -> str:
        """How the recurrence is computed: as described where there are chunks, else step by step."""
        return self.spec.formulation if self.chunk else SEQUENTIAL

    @property
    def state_bytes(self) -> int:
        """Bytes that all layers hand from token to token, of all sequences."""
        stacks = (stack for stack in self.stacks_of(self._first_phase) if stack.keeps_state)
        return sum(stack.all_layers // len(stack.answers) * stack.carried_bytes for stack in stacks) * self.spec.batch

    @property
    def cache_bytes(self) -> int:
        """Bytes of the keys and values that are kept at the end of a run, of all sequences."""
        found: dict[Attention, int] = {}
        for stack in self.stacks:
            if stack.keys is not None and (attention := stack.keys.attention).own_cache:
                layers = len(stack.places or (0,))
                elements = attention.cached_elements * attention.kept(stack.keys.positions[-1] + 1)
                found[attention] = layers * elements * stack.element_bytes * self.spec.batch
        return sum(found.values())

    @property
    def layer_parameters(self) -> int:
        """Learned parameters of the first layer, of all its parts."""
        first, *others = self.stacks_of(self._first_phase)
        parts = [stack for stack in others if first.part and stack.places and not stack.places[0]]
        return sum(stack.graph.parameter_count for stack in (first, *parts))

    @property
    def parameters(self) -> int:
        """Learned parameters: all layers and, if the vocabulary is known, final norm, embedding and LM head."""
        if self.model is not None:
            return self.model.parameters
        body = (stack for stack in self.stacks_of(self._first_phase) if not stack.head)
        layers = sum(stack.layers * stack.graph.parameter_count for stack in body)
        if self.spec.vocabulary is None:
            return layers
        d_model = width(self.graph)
        return layers + d_model + self.spec.vocabulary * d_model * (1 if self.spec.tied_embeddings else 2)


def width(graph: TimestepGraph) -> int:
    """Channels of the residual stream."""
    return graph.row_elements(graph.input_tensor)
