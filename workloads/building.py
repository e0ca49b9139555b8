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
from workloads.workload import CHUNKS, Stack, Workload, WorkloadSpec

USUAL_QUERIES, USUAL_KEYS = 128, 128  # of a tile and a block, until a machine is known

def generator_of(spec: WorkloadSpec) -> Generator:
    """What makes the graphs of the workload's model; raises ValueError if there is no such model."""
    found = known_generator(spec.model) if spec.equations is None else equations.generator(spec.equations, spec.model)
    if found is None:
        raise ValueError(f"there is no model {spec.model!r}")
    return found


def timestep_graph(spec: WorkloadSpec, dimensions: BaseModel) -> TimestepGraph:
    """The graph of one timestep of one layer of the model; raises ValueError for a chunk that it cannot have."""
    generator = generator_of(spec)
    if spec.formulation == SEQUENTIAL or spec.phase == "decode":
        return generator.sequential(dimensions)
    given = None if spec.chunk == "best" else spec.chunk
    return generator.chunked[spec.formulation](dimensions, given or generator.chunk(dimensions))


def built(spec: WorkloadSpec, dimensions: BaseModel) -> Workload:
    """The workload whose layers are as *spec* and *dimensions* say; raises ValueError for a chunk that is none."""
    if isinstance(dimensions, LayersSpec):
        return _built_of_layers(spec, dimensions)
    workload = Workload.alike(spec, timestep_graph(spec, dimensions))
    if spec.chunk != "best" or workload.chunk is None:
        return workload
    generator = generator_of(spec)
    sizes = [tokens for tokens in CHUNKS if tokens < 2 * spec.sequence_length and tokens <= generator.longest]
    chunked = generator.chunked[spec.formulation]
    return replace(workload, chunkings=tuple(Workload.alike(spec, chunked(dimensions, tokens)) for tokens in sizes))


def _built_of_layers(spec: WorkloadSpec, dimensions: LayersSpec) -> Workload:
    given = None if spec.chunk == "best" else spec.chunk
    workload = layered_workload(spec, layered(spec, dimensions, given))
    if spec.chunk != "best" or workload.chunk is None:
        return workload
    sizes = [tokens for tokens in CHUNKS if tokens < 2 * spec.sequence_length and tokens <= longest_chunk(dimensions)]
    chunkings = (layered_workload(spec, layered(spec, dimensions, tokens)) for tokens in sizes)
    return replace(workload, chunkings=tuple(chunkings))


def layered_workload(spec: WorkloadSpec, model: LayeredModel) -> Workload:
    """The workload whose layers are those of *model*, with tiles of queries and blocks of keys of a usual size."""
    attentions = dict.fromkeys(part for layer in model.layers for part in layer if isinstance(part, Attention))
    cuts = {attention: usual_cut(spec, attention) for attention in attentions}
    return Workload(spec, _stacks(spec, model, cuts), model=model)


def recut(workload: Workload, cuts: Mapping[Attention, KeyBlocks]) -> Workload:
    """*workload* with its attention cut into these tiles of queries and blocks of keys."""
    if workload.model is None or not cuts:
        return workload
    return replace(workload, stacks=_stacks(workload.spec, workload.model, cuts))


def usual_cut(spec: WorkloadSpec, attention: Attention) -> KeyBlocks:
    """Tiles and blocks of a usual size; one group of heads at a time, all of them for a single token."""
    if spec.phase == "decode":
        return KeyBlocks(1, USUAL_KEYS, attention.groups)
    return KeyBlocks(min(USUAL_QUERIES, spec.sequence_length), USUAL_KEYS, 1)


def _stacks(spec: WorkloadSpec, model: LayeredModel, cuts: Mapping[Attention, KeyBlocks]) -> tuple[Stack, ...]:
    """The stacks of all layers, those that are alike once, and the head."""
    found: dict[object, Stack] = {}
    for first, layers, parts in _alike(model):
        for number, part in enumerate(parts):
            for stack in _of_part(spec, model, part, cuts):
                whole = len(parts) == 1
                own = replace(
                    stack,
                    layers=layers if whole else stack.layers,
                    part="" if whole else stack.part,
                    opens=not number,
                    places=(first,),
                )
                key = id(own.graph), own.keys, own.layers
                known = found.get(key)
                found[key] = own if known is None else replace(known, places=(*known.places, first))
    head = () if model.head is None else (Stack(spec, model.head, 1, head=True),)
    return *found.values(), *head


def _alike(model: LayeredModel) -> Iterator[tuple[int, int, tuple[Part, ...]]]:
    """(first layer, how many, their parts) of layers in a row that are alike and have one part; of others each."""
    first = 0
    for number, layer in enumerate(model.layers):
        after = model.layers[number + 1] if number + 1 < len(model.layers) else ()
        if len(layer) == 1 and len(after) == 1 and after[0] is layer[0]:
            continue
        yield first, number + 1 - first, layer
        first = number + 1


def _of_part(
    spec: WorkloadSpec, model: LayeredModel, part: Part, cuts: Mapping[Attention, KeyBlocks]
) -> Iterator[Stack]:
    """The stacks of one *part*: attention has one for each tile of queries."""
    decodes, tokens = spec.phase == "decode", spec.sequence_length + model.prefix_tokens
    if isinstance(part, TimestepGraph):
        length = None if decodes or not model.prefix_tokens else -(-tokens // part.tokens)
        yield Stack(spec, part, 1, part=part.name.rpartition(".")[2], length=length)
        return
    cut = cuts[part]
    runs: dict[tuple[int, int], Stack] = {}
    for tile in query_tiles(part, cut, tokens if decodes else 0, 1 if decodes else tokens):
        graph = attention_graph(part, cut, tile.sinks)
        key = id(graph), tile.steps  # tiles in the middle of a window all meet as many keys
        known = runs.get(key)
        layers = part.groups // cut.groups + (known.layers if known is not None else 0)
        runs[key] = Stack(spec, graph, layers, part="attention", keys=KeyRun(part, cut, tile))
    yield from runs.values()
