"""From a workload's description to its stacks of layers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from pydantic import BaseModel

from workloads.graph import TimestepGraph
from workloads.models import equations
from workloads.models.attention import Attention, KeyBlocks, KeyRun, QueryTile, attention_graph, query_tiles
from workloads.models.generator import SEQUENTIAL, Generator
from workloads.models.layers.kinds import Part
from workloads.models.layers.layered import LayeredModel, layered, longest_chunk
from workloads.models.layers.spec import LayersSpec
from workloads.models.registry import known_generator
from workloads.workload import CHUNKS, Phase, Stack, Workload, WorkloadSpec

USUAL_QUERIES, USUAL_KEYS = 128, 128  # of a tile and a block, until a machine is known
Cuts = Mapping[tuple[Phase, Attention], KeyBlocks]
"""How attention is cut in each phase."""


def generator_of(spec: WorkloadSpec) -> Generator:
    """What makes the graphs of the workload's model; raises ValueError if there is no such model."""
    found = known_generator(spec.model) if spec.equations is None else equations.generator(spec.equations, spec.model)
    if found is None:
        raise ValueError(f"there is no model {spec.model!r}")
    return found


def timestep_graph(spec: WorkloadSpec, dimensions: BaseModel, chunk: int | None = None) -> TimestepGraph:
    """The graph of one timestep of one layer of the model; raises ValueError for a chunk that it cannot have.

    A *chunk* goes before that of the description.
    """
    generator = generator_of(spec)
    if spec.formulation == SEQUENTIAL or spec.phase == "decode":
        return generator.sequential(dimensions)
    given = chunk or (None if spec.chunk == "best" else spec.chunk)
    return generator.chunked[spec.formulation](dimensions, given or generator.chunk(dimensions))


def built(spec: WorkloadSpec, dimensions: BaseModel) -> Workload:
    """The workload whose layers are as *spec* and *dimensions* say; raises ValueError for a chunk that is none."""
    workload = _with_chunk(spec, dimensions, None)
    if spec.chunk != "best" or workload.chunk is None:
        return workload
    longest = longest_chunk(dimensions) if isinstance(dimensions, LayersSpec) else generator_of(spec).longest
    sizes = [tokens for tokens in CHUNKS if tokens < 2 * spec.sequence_length and tokens <= longest]
    return replace(workload, chunkings=tuple(_with_chunk(spec, dimensions, tokens) for tokens in sizes))


def _with_chunk(spec: WorkloadSpec, dimensions: BaseModel, chunk: int | None) -> Workload:
    """The workload in chunks of so many tokens, those of the description unless given."""
    phases: tuple[Phase, ...] = ("prefill", "decode") if spec.phase == "generate" else (spec.phase,)
    if spec.phase == "generate" and spec.vocabulary and "head" not in spec.model_fields_set:
        spec = spec.model_copy(update={"head": True})  # a token needs one
    specs = [spec.of_phase(phase) for phase in phases]
    if isinstance(dimensions, LayersSpec):
        given = chunk or (None if spec.chunk == "best" else spec.chunk)
        models = {each.phase: layered(each, dimensions, given) for each in specs}
        workload = Workload(spec, (), models=models)
        return recut(workload, usual_cuts(workload))
    stacks: list[Stack] = []
    for each in specs:
        alike = Workload.alike(each, timestep_graph(each, dimensions, chunk))
        stacks += alike.stacks if spec.phase == each.phase else _in_phase(spec, alike.stacks)
    return Workload(spec, tuple(stacks))


def _in_phase(spec: WorkloadSpec, stacks: tuple[Stack, ...]) -> Iterator[Stack]:
    """*stacks* of one phase of generation: those of decode for every token of the answer but the first."""
    for stack in stacks:
        decodes = stack.spec.phase == "decode"
        yield replace(stack, places=stack.places or (0,), answers=_answers(spec) if decodes else stack.answers)


def _answers(spec: WorkloadSpec) -> range:
    """The tokens of an answer that a phase produces; the prompt's phase gives the first."""
    return range(1, spec.generate or 1) if spec.phase == "generate" else range(1)


def usual_cuts(workload: Workload) -> dict[tuple[Phase, Attention], KeyBlocks]:
    """Tiles and blocks of a usual size; one group of heads at a time, all of them for a single token."""
    found: dict[tuple[Phase, Attention], KeyBlocks] = {}
    for phase, model in workload.models.items():
        queries = 1 if phase == "decode" else min(USUAL_QUERIES, workload.spec.sequence_length)
        for attention in dict.fromkeys(part for layer in model.layers for part in layer if isinstance(part, Attention)):
            found[phase, attention] = KeyBlocks(queries, USUAL_KEYS, attention.groups if phase == "decode" else 1)
    return found


def recut(workload: Workload, cuts: Cuts) -> Workload:
    """*workload* with its attention cut into these tiles of queries and blocks of keys."""
    if not workload.models:
        return workload
    stacks = [
        stack
        for phase, model in workload.models.items()
        for stack in _Stacks(workload.spec, workload.spec.of_phase(phase), model, cuts).all()
    ]
    return replace(workload, stacks=tuple(stacks))


class _Stacks:
    """The stacks of one phase of a *model*, the head last; those that are alike are one."""

    def __init__(self, whole: WorkloadSpec, spec: WorkloadSpec, model: LayeredModel, cuts: Cuts) -> None:
        self._spec, self._model, self._cuts = spec, model, cuts
        self._decodes = spec.phase == "decode"
        self._answers = _answers(whole) if self._decodes else range(1)
        self._tokens = spec.sequence_length + model.prefix_tokens

    def all(self) -> list[Stack]:
        """All of them."""
        found: dict[object, Stack] = {}
        for first, layers, parts in _alike(self._model):
            for number, part in enumerate(parts):
                for stack in self._of_part(part):
                    own = replace(stack, opens=not number, places=(first,))
                    if len(parts) == 1:
                        own = replace(own, layers=layers, part="")
                    key = id(own.graph), own.keys, own.layers, own.answers
                    known = found.get(key)
                    found[key] = own if known is None else replace(known, places=(*(known.places or ()), first))
        if self._model.head is not None:
            found["head"] = Stack(self._spec, self._model.head, 1, head=True, answers=self._answers)
        return list(found.values())

    def _of_part(self, part: Part) -> Iterator[Stack]:
        """The stacks of one *part*: attention has one for each tile of queries."""
        if isinstance(part, TimestepGraph):
            length = -(-self._tokens // part.tokens) if self._model.prefix_tokens and not self._decodes else None
            name = part.name.rpartition(".")[2]
            yield Stack(self._spec, part, 1, part=name, length=length, answers=self._answers)
        elif self._decodes:
            yield from self._attention_of_tokens(part)
        else:
            yield from self._attention_of_prompt(part)

    def _attention_of_prompt(self, attention: Attention) -> Iterator[Stack]:
        cut = self._cuts["prefill", attention]
        runs: dict[tuple[int, int], Stack] = {}
        for tile in query_tiles(attention, cut, 0, self._tokens):
            stack = self._attention(attention, cut, tile)
            key = id(stack.graph), tile.steps  # tiles in the middle of a window all meet as many keys
            known = runs.get(key)
            runs[key] = stack if known is None else replace(known, layers=known.layers + stack.layers)
        yield from runs.values()

    def _attention_of_tokens(self, attention: Attention) -> Iterator[Stack]:
        """Tokens that meet as many blocks are one stack, each for each."""
        cut = self._cuts["decode", attention]
        runs: dict[tuple[int, int], Stack] = {}
        for number, answer in enumerate(self._answers):
            (tile,) = query_tiles(attention, cut, self._tokens + number, 1)
            stack = self._attention(attention, cut, tile)
            key = id(stack.graph), tile.steps
            known = runs.get(key)
            first = answer if known is None else known.answers.start
            runs[key] = replace(known or stack, answers=range(first, answer + 1))
        yield from runs.values()

    def _attention(self, attention: Attention, cut: KeyBlocks, tile: QueryTile) -> Stack:
        graph, runs = attention_graph(attention, cut, tile.sinks), attention.groups // cut.groups
        return Stack(self._spec, graph, runs, part="attention", keys=KeyRun(attention, cut, tile))


def _alike(model: LayeredModel) -> Iterator[tuple[int, int, tuple[Part, ...]]]:
    """(first layer, how many, their parts) of layers in a row that are alike and have one part; of others each."""
    first = 0
    for number, layer in enumerate(model.layers):
        after = model.layers[number + 1] if number + 1 < len(model.layers) else ()
        if len(layer) == 1 and len(after) == 1 and after[0] is layer[0]:
            continue
        yield first, number + 1 - first, layer
        first = number + 1
