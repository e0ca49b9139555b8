"""What a workload costs on any machine, counted from its graphs: operations, parameters, state, least DRAM traffic."""

from __future__ import annotations

from collections.abc import Iterator

from pydantic import BaseModel, ConfigDict

from sim.paper.convention import PEAK_OPS_PER_SECOND, count_as_paper
from workloads.graph import OperationCounts
from workloads.models.registry import SEQUENTIAL
from workloads.workload import Workload, head_workload

GIGA = 10**9


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class KindCounts(_Part):
    """All operations of one kind, a token; ``paper_ops`` is what the paper's convention counts for them."""

    macs: float
    ops: float
    transcendentals: float
    paper_ops: float


class PaperColumns(_Part):
    """The columns of Table 1 of arXiv 2604.07935, by its convention (sim/paper/convention.py)."""

    ops_gop_per_token: float
    state_gop_per_token: float
    oi_op_per_byte: float
    roofline_tok_per_s: float


class Counts(_Part):
    """Counts of a whole run divided by its tokens, so padding and the head have their share; a MAC is two ops.

    ``state_bytes`` is what all layers hand from token to token, over the batch. ``dram_minimum_bytes`` is the least
    traffic of a run: every weight once, the model's input and output, in decode the state in and out, in prefill out.
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
    dram_minimum_bytes: int
    dram_minimum_bytes_per_token: float
    kinds: dict[str, KindCounts]
    paper: PaperColumns

    def to_json(self) -> str:
        """As JSON text: sorted as declared, two spaces, one newline at the end."""
        return self.model_dump_json(indent=2) + "\n"


def count(workload: Workload) -> Counts:
    """Count *workload*."""
    spec, tokens = workload.spec, workload.tokens
    paper = count_as_paper(workload.graph, spec.sequence_length)
    totals: dict[str, OperationCounts] = {}
    for kind, counts in _operations(workload):
        totals[kind] = totals.get(kind, OperationCounts(0, 0, 0)) + counts
    kinds = {
        kind: KindCounts(
            macs=total.macs / tokens,
            ops=total.ops / tokens,
            transcendentals=total.transcendentals / tokens,
            paper_ops=spec.layers * paper.ops.get(kind, 0.0),
        )
        for kind, total in totals.items()
    }
    state_bytes = spec.layers * spec.batch * workload.carried_bytes
    least = _least_traffic(workload, state_bytes)
    return Counts(
        workload=spec.name,
        model=spec.model,
        formulation=spec.formulation if workload.chunk else SEQUENTIAL,
        chunk=workload.chunk,
        phase=spec.phase,
        layers=spec.layers,
        sequence_length=spec.sequence_length,
        batch=spec.batch,
        tokens=tokens,
        parameters=workload.parameters,
        layer_parameters=workload.graph.parameter_count,
        macs_per_token=sum(each.macs for each in kinds.values()),
        ops_per_token=sum(each.ops for each in kinds.values()),
        transcendentals_per_token=sum(each.transcendentals for each in kinds.values()),
        state_bytes=state_bytes,
        dram_minimum_bytes=least,
        dram_minimum_bytes_per_token=least / tokens,
        kinds=kinds,
        paper=PaperColumns(
            ops_gop_per_token=spec.layers * paper.total_ops / GIGA,
            state_gop_per_token=spec.layers * paper.state_ops / GIGA,
            oi_op_per_byte=paper.intensity,
            roofline_tok_per_s=PEAK_OPS_PER_SECOND / (spec.layers * paper.total_ops),
        ),
    )


def _operations(workload: Workload) -> Iterator[tuple[str, OperationCounts]]:
    """(kind, counts over the run) of every operation of the layers and the head."""
    for part in filter(None, (workload, head_workload(workload))):
        times = part.spec.layers * part.steps * part.spec.batch
        for operation in part.graph.operations:
            counts = part.graph.operation_counts(operation)
            yield (
                operation.kind if part is workload else f"head.{operation.kind}",
                OperationCounts(counts.macs * times, counts.ops * times, counts.transcendentals * times),
            )


def _least_traffic(workload: Workload, state_bytes: int) -> int:
    spec, graph, head = workload.spec, workload.graph, workload.head
    weights = spec.layers * graph.parameter_count + (head.parameter_count if head else 0)
    d_model = graph.row_elements(graph.input_tensor)
    results = head.elements(head.output_tensor) * spec.batch if head else d_model * workload.tokens
    elements = weights + d_model * workload.tokens + results
    return elements * workload.element_bytes + state_bytes * (2 if spec.phase == "decode" else 1)
