"""Workloads: a description (model, dimensions, phase, lengths, mapping wishes), and the stacks of layers that it means.

A stack is a number of layers that are alike, with the graph of one timestep; layers of different stacks may differ.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

from pydantic import BaseModel, Field, PositiveInt

from workloads.graph import TimestepGraph
from workloads.models.blocks import head
from workloads.models.registry import GENERATORS, SEQUENTIAL, Generator
from workloads.spec import Spec

Formulation = Literal["sequential", "chunked", "blelloch", "kogge_stone"]
Placement = Literal["auto", "mac_array", "simd"]
Precision = Literal["8bit", "16bit", "32bit"]
PRECISION_BYTES: dict[Precision, int] = {"8bit": 1, "16bit": 2, "32bit": 4}


class MappingSpec(Spec):
    """How the workload is to be laid onto a machine; whatever is left out is chosen by lowered cost and capacity.

    ``placement`` is where operations run that both the MAC array and the SIMD unit can do; ``place`` overrides it by
    operation name. ``token_tile`` tokens share one pass over the weights. ``blocks`` cut the heads (or channels) into
    parts whose tiles are buffered and freed on their own; ``lanes`` cut a block into parts whose recurrences are
    interleaved step by step. ``contractions`` of activations are done as matrix products or elementwise on an array
    whose PEs can do both, whichever is quicker, or always elementwise. ``weight_slot_kib`` bounds the tile of weights
    that one transfer brings. ``spill`` keeps the state in DRAM between tiles and loads it block by block.
    """

    placement: Placement = "auto"
    place: dict[str, Literal["mac_array", "simd"]] = Field(default_factory=dict)
    contractions: Literal["quicker", "elementwise"] = "quicker"
    token_tile: PositiveInt | None = None
    blocks: PositiveInt | None = None
    lanes: PositiveInt | None = None
    weight_slot_kib: PositiveInt | None = None
    spill: bool | None = None


class WorkloadSpec(Spec):
    """One workload file. ``dimensions`` belong to the ``model`` (see its Dimensions class).

    ``formulation`` is how prefill computes the recurrence; those that are not sequential work on ``chunk`` tokens at a
    time (the model's default unless given). Decode is one token, for which every formulation is the recurrence itself.
    ``vocabulary`` says how many tokens the model knows; with ``head`` the run ends with final norm and LM head for the
    last token of each sequence.
    """

    name: str
    description: str = ""
    model: Literal[tuple(GENERATORS)]  # type: ignore[valid-type]
    dimensions: dict[str, Any]
    formulation: Formulation = "sequential"
    chunk: PositiveInt | None = None
    layers: PositiveInt
    vocabulary: PositiveInt | None = None
    tied_embeddings: bool = True
    head: bool = False
    phase: Literal["prefill", "decode"] = "prefill"
    sequence_length: PositiveInt
    batch: PositiveInt = 1
    precision: Precision = "16bit"
    state_precision: Precision | None = None
    mapping: MappingSpec = Field(default_factory=MappingSpec)  # to make one now would build its schema at import


@dataclass(frozen=True)
class Stack:
    """``layers`` layers that are alike, one after the other: each has the *graph* for a timestep. Or the ``head``.

    The head is final norm and LM head, a layer by itself: one timestep, for the last token of each sequence, with a
    mapping that is always chosen.
    """

    spec: WorkloadSpec
    graph: TimestepGraph
    layers: int
    head: bool = False

    @property
    def steps(self) -> int:
        """Timesteps that a run makes: the prompt's tokens or chunks in prefill (the last may be padded), else one."""
        if self.head or self.spec.phase == "decode":
            return 1
        return -(-self.spec.sequence_length // self.graph.tokens)

    @property
    def resumes(self) -> bool:
        """Whether a run begins with the state that an earlier one has left, as decode does."""
        return self.spec.phase == "decode" and not self.head

    @cached_property
    def wishes(self) -> MappingSpec:
        """How it is to be laid onto a machine."""
        return MappingSpec() if self.head else self.spec.mapping

    @cached_property
    def element_bytes(self) -> int:
        """Bytes of a weight or an activation."""
        return PRECISION_BYTES[self.spec.precision]

    @cached_property
    def state_bytes(self) -> int:
        """Bytes of an element of a tensor that is part of a recurrence."""
        return PRECISION_BYTES[self.spec.state_precision or self.spec.precision]

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
        return count * self.steps * self.layers * self.spec.batch


@dataclass(frozen=True)
class Workload:
    """A checked workload: its description, and its layers as stacks in their order, the head last if it is to be run.

    Raises ValueError if the stacks do not have as many layers as the description says.
    """

    spec: WorkloadSpec
    stacks: tuple[Stack, ...]

    def __post_init__(self) -> None:
        layers = sum(stack.layers for stack in self.body)
        if layers != self.spec.layers:
            raise ValueError(f"the stacks have {layers} layers, the description says {self.spec.layers}")

    @classmethod
    def alike(cls, spec: WorkloadSpec, graph: TimestepGraph) -> Workload:
        """The workload whose layers all have the same *graph*, and the head if *spec* says so."""
        layers = Stack(spec, graph, spec.layers)
        if not (spec.head and spec.vocabulary):
            return cls(spec, (layers,))
        return cls(spec, (layers, Stack(spec, head(graph.sizes["d"], spec.vocabulary), 1, head=True)))

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

    @property
    def tokens(self) -> int:
        """Tokens that a run produces or reads, over the whole batch."""
        return (self.spec.sequence_length if self.spec.phase == "prefill" else 1) * self.spec.batch

    @property
    def chunk(self) -> int | None:
        """Tokens of a timestep that is a chunk, in the first layer that has chunks; None where it is one token."""
        return next((stack.graph.tokens for stack in self.body if stack.graph.token_index), None)

    @property
    def formulation(self) -> str:
        """How the recurrence is computed: as described where there are chunks, else step by step."""
        return self.spec.formulation if self.chunk else SEQUENTIAL

    @property
    def parameters(self) -> int:
        """Learned parameters: all layers and, if the vocabulary is known, final norm, embedding and LM head."""
        layers = sum(stack.layers * stack.graph.parameter_count for stack in self.body)
        if self.spec.vocabulary is None:
            return layers
        d_model = self.graph.sizes["d"]
        return layers + d_model + self.spec.vocabulary * d_model * (1 if self.spec.tied_embeddings else 2)


def timestep_graph(spec: WorkloadSpec, dimensions: BaseModel) -> TimestepGraph:
    """The graph of one timestep of one layer of the model; raises ValueError for a chunk that it cannot have."""
    generator: Generator = GENERATORS[spec.model]
    if spec.formulation == SEQUENTIAL or spec.phase == "decode":
        return generator.sequential(dimensions)
    return generator.chunked[spec.formulation](dimensions, spec.chunk or generator.chunk(dimensions))
