"""Workloads: a description (model, dimensions, phase, lengths, mapping wishes), and the stacks of layers that it means.

A stack is a number of layers that are alike, with the graph of one timestep; layers of different stacks may differ.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Annotated, Any, Literal

from pydantic import Field, StringConstraints, model_validator

from workloads.contractions import matrices
from workloads.graph import Operation, OperationCounts, TimestepGraph
from workloads.models.attention import Attention, KeyBlocks, KeyRun
from workloads.models.blocks import head
from workloads.models.equations_spec import EquationsSpec, Index
from workloads.models.generator import SEQUENTIAL
from workloads.models.layers.layered import LayeredModel
from workloads.precision import OrScalar, Precision, PrecisionSpec, WeightFormat, bits
from workloads.spec import VISIBLE, Description, Name, Spec, contradiction

Phase = Literal["prefill", "decode", "generate"]
Formulation = Literal["sequential", "chunked", "blelloch", "kogge_stone"]
UnitName = Annotated[str, StringConstraints(min_length=1, max_length=40)]
SpareSram = Literal["evenly", "weights"]
Objective = Literal["time", "energy", "edp"]
ChunkTokens = Annotated[int, Field(ge=1, le=65_536, json_schema_extra={"unit": "tokens"})]
CHUNKS = (4, 8, 16, 32, 64, 128, 256)  # tokens, of which the best is chosen where that is wished


class MappingSpec(Spec):
    """How the workload is to be laid onto a machine; whatever is left out is chosen by lowered cost and capacity."""

    placement: UnitName = Field(
        default="auto",
        description="Where operations run that several units can do: auto, or the name of a unit of the machine.",
    )
    place: dict[Annotated[str, Field(max_length=200)], UnitName] = Field(
        default_factory=dict, max_length=1000, description="The unit of single operations, by name; before placement."
    )
    contractions: Literal["quicker", "elementwise"] = Field(
        default="quicker",
        description="Contractions of activations on an array whose PEs also do elementwise work: as matrix products or "
        "elementwise, whichever is quicker, or always elementwise.",
    )
    token_tile: int | None = Field(
        default=None, ge=1, le=2**30, json_schema_extra={"unit": "tokens"},
        description="Tokens that share one pass over the weights; a multiple of the chunk.",
    )  # fmt: skip
    parallel: Index | None = Field(
        default=None,
        description="The index along which the layer is cut into blocks and lanes: the first of its largest state, "
        "such as heads, or another one where these parts are large and that is quicker, unless given.",
    )
    query_tile: int | None = Field(
        default=None, ge=1, le=2**30, json_schema_extra={"unit": "tokens"},
        description="Tokens whose queries meet the keys of attention together in prefill.",
    )  # fmt: skip
    key_block: int | None = Field(
        default=None, ge=1, le=2**30, json_schema_extra={"unit": "tokens"},
        description="Keys of attention that queries meet together, or of a part of these.",
    )  # fmt: skip
    key_parts: int | None = Field(
        default=None, ge=1, le=65_536, json_schema_extra={"unit": "parts"},
        description="Parts of a block of keys with a softmax of their own, which are merged at the end.",
    )  # fmt: skip
    blocks: int | None = Field(
        default=None, ge=1, le=65_536, json_schema_extra={"unit": "blocks"},
        description="Parts of the heads (or channels) whose tiles are buffered and freed on their own.",
    )  # fmt: skip
    lanes: int | None = Field(
        default=None, ge=1, le=65_536, json_schema_extra={"unit": "lanes"},
        description="Parts of a block whose recurrences are interleaved step by step.",
    )  # fmt: skip
    weight_slot_kib: int | None = Field(
        default=None, ge=1, le=1_048_576, json_schema_extra={"unit": "KiB"},
        description="Size of the largest tile of weights that one transfer brings.",
    )  # fmt: skip
    spill: bool | None = Field(
        default=None, description="Whether the state is kept in DRAM between tiles and loaded block by block."
    )
    sram_kib: int | None = Field(
        default=None, ge=1, le=2**40, json_schema_extra={"unit": "KiB"},
        description="How much of the SRAM is used at most; all of it or a part of it, as is best, unless given.",
    )  # fmt: skip
    spare_sram: SpareSram | None = Field(
        default=None,
        description="Where SRAM that is left goes: to more slots of all buffers in turn, or of weights first.",
    )
    head_first: bool | None = Field(
        default=None,
        description="Whether what a layer begins with (loading the input, the norm) goes one tile ahead of all else.",
    )
    steps_first: bool | None = Field(
        default=None,
        description="Whether a unit takes what runs step by step before anything else of the same tile, not in order.",
    )
    share_projections: bool | None = Field(
        default=None,
        description="Whether equal arrays share each projection, tile by tile of its weights, or one does all of it; "
        "without equal arrays there is nothing to share.",
    )
    step_elements: int | None = Field(
        default=None, ge=1, le=2**40, json_schema_extra={"unit": "elements"},
        description="Neighbours of a recurrence run step by step with it if a step has so many elements of a sequence; "
        "as many as fill the lanes' pipeline, or a part of that, as is best, unless given.",
    )  # fmt: skip
    objective: Objective = Field(
        default="time", description="What is least in the mapping that is chosen: time, energy, or their product."
    )


class WorkloadSpec(Spec):
    """A model with its sizes, what it does, and how it is to be laid onto a machine."""

    name: Name = Field(description="What reports call the workload.")
    description: Description = Field(default="", description="A line about it.")
    model: Annotated[str, StringConstraints(min_length=1, max_length=1000, pattern=VISIBLE)] = Field(
        description="The kind of block that every layer is: a model's name; `equations`, which stand below; or a YAML "
        "file of equations, beside this one, or a shipped one's name."
    )
    dimensions: dict[str, Any] = Field(
        default_factory=dict, max_length=100, description="Sizes of a block; which there are depends on the model."
    )
    equations: EquationsSpec | None = Field(
        default=None, description="The equations of a layer, or what is to be different in those of the model."
    )
    formulation: Formulation = Field(
        default="sequential",
        description="How prefill computes the recurrence: token by token, or chunk by chunk in matrix products or "
        "parallel scans. Decode is one token, for which all are the same.",
    )
    chunk: ChunkTokens | Literal["best"] | None = Field(
        default=None,
        description="Tokens of a chunk, if the formulation is not sequential: the model's default unless given; `best` "
        "is the one that is quickest.",
    )
    layers: int = Field(ge=1, le=10_000, json_schema_extra={"unit": "layers"}, description="Layers of the model.")
    vocabulary: int | None = Field(
        default=None, ge=1, le=2**24, json_schema_extra={"unit": "tokens"},
        description="Tokens that the model knows; embedding and LM head count as parameters if it is given.",
    )  # fmt: skip
    tied_embeddings: bool = Field(default=True, description="Whether the LM head has the weights of the embedding.")
    head: bool = Field(
        default=False,
        description="Whether the run ends with final norm and LM head, for the last token of each sequence.",
    )
    phase: Phase = Field(
        default="prefill",
        description="What the model does: read a prompt; produce the next token after it; or generate, that is, read "
        "the prompt and produce an answer.",
    )
    sequence_length: int = Field(
        ge=1, le=2**30, json_schema_extra={"unit": "tokens"}, description="Tokens of the prompt."
    )
    generate: int | None = Field(
        default=None, ge=1, le=2**20, json_schema_extra={"unit": "tokens"},
        description="Tokens of the answer, if the phase is generate; the prompt gives the first of them.",
    )  # fmt: skip
    batch: int = Field(
        default=1, ge=1, le=65_536, json_schema_extra={"unit": "sequences"}, description="Sequences side by side."
    )
    precision: Annotated[Precision | PrecisionSpec, OrScalar()] = Field(
        default="16bit",
        description="Width of weights and activations, 8bit, 16bit or 32bit; or a mapping, of each class of tensor.",
    )
    state_precision: Precision | None = Field(
        default=None, description="Width of what belongs to a recurrence; as activations unless given."
    )
    mapping: MappingSpec = Field(
        default_factory=MappingSpec,  # to make one now would build its schema at import
        description="How the workload is to be laid onto a machine; what is left out is chosen.",
    )

    @model_validator(mode="after")
    def _generates_tokens(self) -> WorkloadSpec:
        if (self.phase == "generate") != (self.generate is not None):
            missing = "is missing" if self.generate is None else f"found {self.generate}, expected it for that alone"
            raise contradiction(f"tokens of the answer of the phase generate: {missing}", "generate", "phase")
        return self

    def of_phase(self, phase: Phase) -> WorkloadSpec:
        """The same where it does that alone."""
        return self if phase == self.phase else self.model_copy(update={"phase": phase, "generate": None})

    @model_validator(mode="after")
    def _one_width_of_states(self) -> WorkloadSpec:
        if self.state_precision is not None and self.widths.state is not None:
            message = "states have their width from both state_precision and precision.state, expected one of them"
            raise contradiction(message, "state_precision", "precision.state")
        return self

    @property
    def widths(self) -> PrecisionSpec:
        """The precision of each class of tensor; of states that which ``precision`` says."""
        if isinstance(self.precision, PrecisionSpec):
            return self.precision
        return PrecisionSpec(weights=self.precision, activations=self.precision)


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
