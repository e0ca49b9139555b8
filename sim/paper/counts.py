"""Counts of a workload with the paper's beside them: by its convention (convention.py), as Table 1 has them."""

from __future__ import annotations

from collections.abc import Mapping
from math import gcd

from sim.accounting.shown import ShownAsText
from sim.paper.convention import PEAK_OPS_PER_SECOND, LayerCounts, count_as_paper
from workloads import counts as own
from workloads.workload import Workload

GIGA = 10**9


class KindCounts(own.KindCounts):
    """All operations of one kind, a token; ``paper_ops`` is what the paper's convention counts for them."""

    paper_ops: float


class PaperColumns(own.CountsModel):
    """The columns of Table 1 of arXiv 2604.07935, by its convention.

    The intensity is that of the state operations, None where no layer has a recurrence; the roofline is None where the
    convention counts no operation.
    """

    ops_gop_per_token: float
    state_gop_per_token: float
    oi_op_per_byte: float | None
    roofline_tok_per_s: float | None


class Counts(ShownAsText, own.Counts):
    """Our counts, and the paper's; it has no convention for layers of several parts, nor for two phases at once."""

    kinds: Mapping[str, KindCounts]
    paper: PaperColumns | None

    def __str__(self) -> str:
        from sim.paper.count_table import as_text

        return as_text(self)

    def _repr_html_(self) -> str:
        from sim.paper.count_table import as_html

        return as_html(self)


def count(workload: Workload) -> Counts:
    """Count *workload*, both ways."""
    told = workload.model is None and workload.spec.phase != "generate"
    ours, layers = own.count(workload), _layers(workload) if told else []
    kinds = {
        kind: KindCounts(**dict(each), paper_ops=sum(times * layer.ops.get(kind, 0.0) for times, layer in layers))
        for kind, each in ours.kinds.items()
    }
    return Counts(**{**dict(ours), "kinds": kinds}, paper=_columns(layers) if told else None)


def paper_columns(workload: Workload) -> PaperColumns:
    """The columns of Table 1 for *workload*."""
    return _columns(_layers(workload))


def _layers(workload: Workload) -> list[tuple[int, LayerCounts]]:
    """How many layers there are of each kind, and what the convention counts of one; it leaves out the head."""
    length = workload.spec.sequence_length
    return [(stack.layers, count_as_paper(stack.graph, length)) for stack in workload.body]


def _columns(layers: list[tuple[int, LayerCounts]]) -> PaperColumns:
    ops = sum(times * layer.total_ops for times, layer in layers)
    every = gcd(*(times for times, _ in layers))  # in proportion: for layers that are alike it is one layer's
    state_ops = sum(times // every * layer.state_ops for times, layer in layers)
    traffic_bytes = sum(times // every * layer.traffic_bytes for times, layer in layers)
    return PaperColumns(
        ops_gop_per_token=ops / GIGA,
        state_gop_per_token=sum(times * layer.state_ops for times, layer in layers) / GIGA,
        oi_op_per_byte=state_ops / traffic_bytes if traffic_bytes else None,
        roofline_tok_per_s=PEAK_OPS_PER_SECOND / ops if ops else None,
    )
