"""What a workload costs on any machine, counted from its graphs: operations, parameters, state, least DRAM traffic."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from pydantic import BaseModel, ConfigDict

from workloads.graph import OperationCounts
from workloads.stack import Stack
from workloads.workload import Workload, width


class CountsModel(BaseModel):
    """The base of what is counted: frozen, and JSON in the order of declaration."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class KindCounts(CountsModel):
    """All operations of one kind, a token."""

    macs: float
    ops: float
    transcendentals: float


class Counts(CountsModel):
    """Counts of a whole run divided by its tokens, so padding and the head have their share; a MAC is two ops.

    ``layer_parameters`` are those of the first layer. ``state_bytes`` is what all layers hand from token to token, over
    the batch, and ``cache_bytes`` are the keys and values of all tokens at the end. ``dram_minimum_bytes`` is the least
    traffic of a run: every weight once a phase, or token of an answer; the model's input and output; the state out, in
    decode in as well; keys and values once when they are made, and of each token before by each that is decoded.
    """

    workload: str
    model: str
    formulation: str
    chunk: int | None
    phase: str
    layers: int
    sequence_length: int
    batch: int
    tokens: int
    parameters: int
    layer_parameters: int
    macs_per_token: float
    ops_per_token: float
    transcendentals_per_token: float
    state_bytes: int
    cache_bytes: int
    dram_minimum_bytes: int
    dram_minimum_bytes_per_token: float
    kinds: Mapping[str, KindCounts]

    def to_json(self) -> str:
        """As JSON text: sorted as declared, two spaces, one newline at the end."""
        return self.model_dump_json(indent=2) + "\n"


def count(workload: Workload) -> Counts:
    """Count *workload*."""
    spec, tokens = workload.spec, workload.tokens
    totals: dict[str, OperationCounts] = {}
    for kind, counts in _operations(workload):
        totals[kind] = totals.get(kind, OperationCounts(0, 0, 0)) + counts
    kinds = {
        kind: KindCounts(
            macs=total.macs / tokens, ops=total.ops / tokens, transcendentals=total.transcendentals / tokens
        )
        for kind, total in totals.items()
    }
    least = _least_traffic(workload)
    return Counts(
        workload=spec.name,
        model=spec.model,
        formulation=workload.formulation,
        chunk=workload.chunk,
        phase=spec.phase,
        layers=spec.layers,
        sequence_length=spec.sequence_length,
        batch=spec.batch,
        tokens=tokens,
        parameters=workload.parameters,
        layer_parameters=workload.layer_parameters,
        macs_per_token=sum(each.macs for each in kinds.values()),
        ops_per_token=sum(each.ops for each in kinds.values()),
        transcendentals_per_token=sum(each.transcendentals for each in kinds.values()),
        state_bytes=workload.state_bytes,
        cache_bytes=workload.cache_bytes,
        dram_minimum_bytes=least,
        dram_minimum_bytes_per_token=least / tokens,
        kinds=kinds,
    )


def _operations(workload: Workload) -> Iterator[tuple[str, OperationCounts]]:
    """(kind, counts over the run) of every operation of the layers and the head."""
    for stack in workload.stacks:
        for operation in stack.graph.operations:
            yield f"head.{operation.kind}" if stack.head else operation.kind, stack.counts_of(operation)


def _least_traffic(workload: Workload) -> int:
    """Bytes of all stacks at least, and what the model is given and gives."""
    head, d_model = workload.head, width(workload.graph)
    results = head.graph.elements(head.graph.output_tensor) * head.times * head.spec.batch if head else 0
    read = workload.tokens if workload.spec.phase != "generate" else workload.spec.sequence_length * workload.spec.batch
    ends = (d_model * read + (results or d_model * workload.tokens)) * workload.stacks[0].element_bytes
    return ends + sum(map(_least_traffic_of, workload.stacks))


def _least_traffic_of(stack: Stack) -> int:
    """Weights, state, keys and values of *stack*."""
    if stack.keys is not None:
        keys = stack.keys
        made = keys.tile.queries * keys.attention.own_cache
        met = keys.attention.kept(keys.tile.first) if stack.spec.phase == "decode" else 0
        tokens = (made + met) * stack.times * stack.layers * keys.cut.groups
        elements = tokens * keys.attention.cached_elements // keys.attention.groups
        return elements * stack.spec.batch * stack.element_bytes
    weights = sum(map(stack.parameter_bytes, stack.graph.parameters))
    state = stack.carried_bytes * stack.spec.batch * (stack.keeps_state + stack.resumes)
    return stack.all_layers * (weights + state)
