"""From a workload's description to its stacks of layers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from pydantic import BaseModel

from workloads.graph import TimestepGraph
from workloads.models import equations
from workloads.models.attention import Attention, KeyBlocks, KeyRun, attention_graph, query_tiles
from workloads.models.generator import SEQUENTIAL, Generator
from workloads.models.layers.kinds import Part
from workloads.models.layers.layered import LayeredModel, layered, longest_chunk
from workloads.models.layers.spec import LayersSpec
from workloads.models.registry import known_generator
from workloads.stack import Stack
from workloads.workload import Workload
from workloads.workload_spec import CHUNKS, Phase, WorkloadSpec

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
    phases: list[Phase] = [spec.phase]
    if spec.phase == "generate":
        phases = ["prefill", "decode"] if spec.generate != 1 else ["prefill"]
    if spec.phase == "generate" and spec.vocabulary and "head" not in spec.model_fields_set:
        spec = spec.model_copy(update={"head": True})  # a token needs one
    specs = [spec.of_phase(phase) for phase in phases]
    if isinstance(dimensions, LayersSpec):
        given = chunk or (None if spec.chunk == "best" else spec.chunk)
        models = [(each, layered(each, dimensions, given)) for each in specs]
        found = [_Stacks(each, model, _answers(spec, each)).all() for each, model in models]
        return Workload(spec, tuple(stack for stacks in found for stack in stacks), model=models[0][1])
    stacks: list[Stack] = []
    for each in specs:
        alike = Workload.alike(each, timestep_graph(each, dimensions, chunk)).stacks
        stacks += alike if spec is each else [replace(s, places=(0,), answers=_answers(spec, each)) for s in alike]
    return Workload(spec, tuple(stacks))


def _answers(whole: WorkloadSpec, spec: WorkloadSpec) -> range:
    """The tokens of the answer that the phase of *spec* produces; of several the prompt's phase gives the first."""
    return range(1) if spec is whole or spec.phase == "prefill" else range(1, whole.generate or 1)


def recut(workload: Workload, cuts: Cuts) -> Workload:
    """*workload* with its attention cut into these tiles of queries and blocks of keys."""
    stacks: list[Stack] = []
    done: set[tuple[Phase, Attention]] = set()
    for stack in workload.stacks:
        key = None if stack.keys is None else (stack.spec.phase, stack.keys.attention)
        if key is None or key not in cuts:
            stacks.append(stack)
        elif key not in done:
            done.add(key)
            stacks += cut_into(stack, cuts[key])
    return replace(workload, stacks=tuple(stacks))


def cut_into(stack: Stack, cut: KeyBlocks) -> list[Stack]:
    """All of the attention of which *stack* is a part, *cut* in another way."""
    assert stack.keys is not None
    attention, positions = stack.keys.attention, stack.keys.positions
    if stack.spec.phase == "decode":
        tiles = [query_tiles(attention, cut, position, 1)[0] for position in positions]
    else:
        tiles = list(query_tiles(attention, cut, positions.start, len(positions)))
    runs: dict[tuple[int, int], Stack] = {}
    for number, tile in enumerate(tiles):
        graph = attention_graph(attention, cut, tile.sinks)
        key = id(graph), tile.steps  # tiles in the middle of a window all meet as many keys
        keys = replace(stack.keys, cut=cut, tile=tile)
        own = replace(stack, graph=graph, layers=attention.groups // cut.groups, keys=keys)
        known = runs.get(key)
        if stack.spec.phase == "decode":
            answer = stack.keys.first_answer + number
            first = answer if known is None else known.answers.start
            runs[key] = replace(known or own, answers=range(first, answer + 1))
        else:
            runs[key] = own if known is None else replace(known, layers=known.layers + own.layers)
    return list(runs.values())


class _Stacks:
    """The stacks of one phase of a *model*, the head last; those that are alike are one."""

    def __init__(self, spec: WorkloadSpec, model: LayeredModel, answers: range) -> None:
        self._spec, self._model, self._answers = spec, model, answers
        self._decodes = spec.phase == "decode"
        tokens = spec.sequence_length + model.prefix_tokens
        self._positions = range(tokens, tokens + len(answers)) if self._decodes else range(tokens)

    def all(self) -> list[Stack]:
        """All of them, attention in tiles and blocks of a usual size."""
        found: dict[object, Stack] = {}
        for first, layers, parts in _alike(self._model):
            for number, part in enumerate(parts):
                for stack in self._of_part(part):
                    own = replace(stack, opens=not number, places=(first,))
                    if len(parts) == 1:
                        own = replace(own, layers=layers, part="")
                    key = id(own.graph), own.keys, own.layers
                    known = found.get(key)
                    found[key] = own if known is None else replace(known, places=(*(known.places or ()), first))
        if self._model.head is not None:
            found["head"] = Stack(self._spec, self._model.head, 1, head=True, answers=self._answers)
        return list(found.values())

    def _of_part(self, part: Part) -> Iterator[Stack]:
        """The stacks of one *part*: attention has one for each tile of queries."""
        if isinstance(part, TimestepGraph):
            longer = self._model.prefix_tokens and not self._decodes
            length = -(-len(self._positions) // part.tokens) if longer else None
            name = part.name.rpartition(".")[2]
            yield Stack(self._spec, part, 1, part=name, length=length, answers=self._answers)
            return
        cut = self._usual(part)
        tile = query_tiles(part, cut, self._positions.start, 1)[0]
        keys = KeyRun(part, cut, tile, self._positions, self._answers.start)
        yield from cut_into(Stack(self._spec, attention_graph(part, cut), 1, part="attention", keys=keys), cut)

    def _usual(self, attention: Attention) -> KeyBlocks:
        """One group of heads at a time, all of them for a single token."""
        if self._decodes:
            return KeyBlocks(1, USUAL_KEYS, attention.groups)
        return KeyBlocks(min(USUAL_QUERIES, len(self._positions)), USUAL_KEYS, 1)


def _alike(model: LayeredModel) -> Iterator[tuple[int, int, tuple[Part, ...]]]:
    """(first layer, how many, their parts) of layers in a row that are alike and have one part; of others each."""
    first = 0
    for number, layer in enumerate(model.layers):
        after = model.layers[number + 1] if number + 1 < len(model.layers) else ()
        if len(layer) == 1 and len(after) == 1 and after[0] is layer[0]:
            continue
        yield first, number + 1 - first, layer
        first = number + 1
