"""A model whose layers differ, layer by layer, and how many parameters it has.

Not in the graphs: the embedding (tokens, learned positions), which is looked up, and multipliers of it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from workloads.graph import TimestepGraph
from workloads.models.blocks import head
from workloads.models.equations_spec import ChunkedSpec
from workloads.models.generator import LONGEST_CHUNK, SEQUENTIAL
from workloads.models.layers.kinds import Form, Part, parts
from workloads.models.layers.shared import shared_parameters
from workloads.models.layers.spec import LayersSpec
from workloads.models.mamba1 import BLELLOCH, KOGGE_STONE

CHUNKED = "chunked"
CHUNK, SCANNED_CHUNK = 256, 32  # tokens, unless equations say otherwise: as of mamba2 and mamba1


class Run(Protocol):
    """What a model's graphs depend on beside its dimensions; a workload's description has it."""

    @property
    def layers(self) -> int:
        """Layers of the model."""

    @property
    def vocabulary(self) -> int | None:
        """Tokens that it knows."""

    @property
    def tied_embeddings(self) -> bool:
        """Whether the LM head has the weights of the embedding."""

    @property
    def head(self) -> bool:
        """Whether final norm and LM head are run."""

    @property
    def phase(self) -> str:
        """Prefill or decode."""

    @property
    def batch(self) -> int:
        """Sequences side by side."""

    @property
    def formulation(self) -> str:
        """How prefill computes recurrences."""


@dataclass(frozen=True)
class LayeredModel:
    """The parts of every layer in order; alike layers have the same objects.

    ``parameters`` are all that the model learns, what layers share once; embedding, head and what else depends on the
    vocabulary are among them if that is known. ``head`` is final norm and LM head for one token, if it is to be run.
    ``prefix_tokens`` stand before every prompt.
    """

    layers: tuple[tuple[Part, ...], ...]
    parameters: int
    head: TimestepGraph | None
    prefix_tokens: int = 0


def layered(run: Run, dimensions: LayersSpec, chunk: int | None = None) -> LayeredModel:
    """The model that *dimensions* describe, in chunks of so many tokens if its formulation has chunks.

    Raises ValueError for a formulation or a chunk that it cannot have.
    """
    form = Form(decoded=run.batch if run.phase == "decode" else None)
    if run.formulation != SEQUENTIAL and run.phase != "decode":
        possible = formulations(dimensions)
        if run.formulation not in possible:
            raise ValueError(f"found {run.formulation!r}, expected one of {', '.join(possible)} for these layers")
        tokens = chunk or default_chunk(dimensions)
        if tokens > longest_chunk(dimensions):
            raise ValueError(f"a chunk of {tokens} tokens: {longest_chunk(dimensions)} at most for these layers")
        form = Form(run.formulation, tokens)
    made = {name: parts(name, kind, dimensions, form) for name, kind in dimensions.kinds.items()}
    return LayeredModel(
        tuple(made[name] for name in dimensions.sequence(run.layers)),
        parameter_count(run, dimensions),
        _head(run, dimensions) if run.head and run.vocabulary else None,
        dimensions.meta_tokens,
    )


def formulations(dimensions: LayersSpec) -> tuple[str, ...]:
    """How prefill can compute the model: what all of its mixers can do, sequential first."""
    scanned = any(kind.mamba1 for kind in dimensions.kinds.values())
    chunked = any(kind.mamba2 for kind in dimensions.kinds.values())
    written = [kind.equations for kind in dimensions.kinds.values() if kind.equations]
    if scanned:
        return (SEQUENTIAL,) if chunked or written else (SEQUENTIAL, BLELLOCH, KOGGE_STONE)
    return (SEQUENTIAL, CHUNKED) if all(each.chunked for each in written) else (SEQUENTIAL,)


def default_chunk(dimensions: LayersSpec) -> int:
    """Tokens of a chunk if nothing is said."""
    scanned = any(kind.mamba1 for kind in dimensions.kinds.values())
    return min((each.tokens for each in _in_chunks(dimensions)), default=SCANNED_CHUNK if scanned else CHUNK)


def longest_chunk(dimensions: LayersSpec) -> int:
    """Tokens that a chunk may have."""
    return min((each.longest for each in _in_chunks(dimensions)), default=LONGEST_CHUNK)


def _in_chunks(dimensions: LayersSpec) -> list[ChunkedSpec]:
    written = (kind.equations for kind in dimensions.kinds.values() if kind.equations)
    return [each.chunked for each in written if each.chunked]


def parameter_count(run: Run, dimensions: LayersSpec) -> int:
    """All that the model learns."""
    order = dimensions.sequence(run.layers)
    total = 0
    for name, kind in dimensions.kinds.items():
        graphs = [part for part in parts(name, kind, dimensions, Form()) if isinstance(part, TimestepGraph)]
        shared = sum(map(shared_parameters, graphs))
        layers = order.count(name)
        total += layers * (sum(graph.parameter_count for graph in graphs) - shared)
        total += min(layers, kind.shared.sets if kind.shared else 0) * shared
    if run.vocabulary is None:
        return total
    embedding = run.vocabulary * dimensions.d_model
    ends = _head(run, dimensions).parameter_count + (0 if run.tied_embeddings else embedding)
    return total + ends + (dimensions.positions + dimensions.meta_tokens) * dimensions.d_model


def _head(run: Run, dimensions: LayersSpec) -> TimestepGraph:
    assert run.vocabulary is not None
    return head(
        dimensions.d_model, run.vocabulary, dimensions.norm, dimensions.logits_multiplier, dimensions.logits_softcap
    )
