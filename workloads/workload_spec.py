"""The description of a workload: model, dimensions, phase, lengths, and wishes for its mapping; every key of it."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field, StringConstraints, model_validator

from workloads.models.equations_spec import EquationsSpec, Index
from workloads.precision import OrScalar, Precision, PrecisionSpec
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
