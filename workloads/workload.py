"""Workload descriptions: YAML -> a model's dimensions, phase, lengths and mapping wishes -> its timestep graph."""

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
class Workload:
    """A checked workload: its description, the dependency graph of one timestep of one layer, and that of the head."""

    spec: WorkloadSpec
    graph: TimestepGraph
    head: TimestepGraph | None = None

    @property
    def steps(self) -> int:
        """Timesteps that a run makes: the prompt's tokens or chunks in prefill (the last may be padded), else one."""
        return -(-self.spec.sequence_length // self.graph.tokens) if self.spec.phase == "prefill" else 1

    @property
    def tokens(self) -> int:
        """Tokens that a run produces or reads, over the whole batch."""
        return (self.spec.sequence_length if self.spec.phase == "prefill" else 1) * self.spec.batch

    @property
    def chunk(self) -> int | None:
        """Tokens of a timestep that is a chunk; None where it is one token."""
        return self.graph.tokens if self.graph.token_index else None

    @property
    def parameters(self) -> int:
        """Learned parameters: all layers and, if the vocabulary is known, final norm, embedding and LM head."""
        layers = self.spec.layers * self.graph.parameter_count
        if self.spec.vocabulary is None:
            return layers
        d_model = self.graph.sizes["d"]
        return layers + d_model + self.spec.vocabulary * d_model * (1 if self.spec.tied_embeddings else 2)

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


def head_workload(workload: Workload) -> Workload | None:
    """The head of *workload*, if it is to be run, as a workload of its own: one timestep, the last of each sequence."""
    if workload.head is None:
        return None
    update = {"layers": 1, "phase": "decode", "mapping": MappingSpec()}
    return Workload(workload.spec.model_copy(update=update), workload.head)


def timestep_graph(spec: WorkloadSpec, dimensions: BaseModel) -> TimestepGraph:
    """The graph of one timestep of one layer of the model; raises ValueError for a chunk that it cannot have."""
    generator: Generator = GENERATORS[spec.model]
    if spec.formulation == SEQUENTIAL or spec.phase == "decode":
        return generator.sequential(dimensions)
    return generator.chunked[spec.formulation](dimensions, spec.chunk or generator.chunk(dimensions))


def head_graph(spec: WorkloadSpec, layer: TimestepGraph) -> TimestepGraph | None:
    """The graph of the head behind layers like *layer*, if it is to be run and the vocabulary is known."""
    return head(layer.sizes["d"], spec.vocabulary) if spec.head and spec.vocabulary else None
