"""A run by the classes of a whole model (operation_classes.py), and by those of SSM-Scope: cycles, work and traffic.

Everything sums to the run's. Busy cycles of a compute unit are cut as in breakdown.py: of fused operations each has the
share that it would take alone. Those of the DMA engine, and bytes, belong to who needs what is moved: weights and
parameters to the operations that read them, a state to the first one that reads it of an earlier timestep, the
residual stream that a layer takes and hands on to ``residual``; what parts of a layer hand on belongs to attention, or
if a mixer beside it has made it, to ``ssm``. Weights are dequantised for the projections that multiply by them.

The share of the time. Classes run beside each other, so no cut of the makespan is theirs alone. What a class takes is
told as what it would take if the others waited: the busy cycles of its busiest unit, the DMA engine among them
(``alone_cycles``). Shares are of the sum of these. That is also how a GPU's profile is made, where one kernel runs
after the other, each bound by what it needs most; so both can be compared. The sum over the makespan says how well the
classes overlap.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from hw.accounts import Accounts
from hw.integers import apportion
from sim.accounting.breakdown import Runs, operation_cycles
from sim.accounting.operation_classes import (
    CLASSES,
    PAPER_CLASSES,
    Facts,
    class_of,
    facts_of,
    paper_class_of,
)
from sim.accounting.result import Breakdown, ClassShare
from sim.lowering.program import StreamPlan, Transfers
from sim.lowering.section import Section
from sim.lowering.transfers import load_of, store_of
from workloads.models.layers.kinds import BESIDE


@dataclass
class _Share:
    """What a class has of a run."""

    busy: Counter[str] = field(default_factory=Counter)
    macs: int = 0
    ops: int = 0
    dram_bytes: int = 0


def whole_model(runs: Runs) -> Breakdown:
    """The classes of *runs*, those of SSM-Scope as well."""
    parts: dict[Facts, _Share] = {}
    for section, spent in runs:
        facts = facts_of(section.stack, section.analysis)
        _count_operations(section, facts, parts)
        for run in spent.streams:
            weights = _owners(section, run.plan, facts)
            for owner, cycles in apportion(Accounts.total(run.layers).busy, weights).items():
                parts.setdefault(owner, _Share()).busy[run.plan.unit] += cycles
            if isinstance(run.plan.requests, Transfers):
                for owner, size in apportion(section.program.bytes_moved(run.plan), weights).items():
                    parts.setdefault(owner, _Share()).dram_bytes += size
    return Breakdown(
        classes=_shares(parts, class_of, CLASSES), ssm_scope=_shares(parts, paper_class_of, PAPER_CLASSES)
    )  # fmt: skip


def _count_operations(section: Section, facts: Mapping[str, Facts], parts: dict[Facts, _Share]) -> None:
    graph, stack = section.stack.graph, section.stack
    for operation in graph.operations:
        counts, share = stack.counts_of(operation), parts.setdefault(facts[operation.name], _Share())
        share.macs += counts.macs
        share.ops += counts.ops


def _shares(
    parts: Mapping[Facts, _Share], belongs: Callable[[Facts], str], order: tuple[str, ...]
) -> dict[str, ClassShare]:  # fmt: skip
    """By class, in *order*: those that the run has something of."""
    sums: dict[str, _Share] = {}
    for facts, part in parts.items():
        share = sums.setdefault(belongs(facts), _Share())
        share.busy.update(part.busy)
        share.macs, share.ops = share.macs + part.macs, share.ops + part.ops
        share.dram_bytes += part.dram_bytes
    alone = {name: max(share.busy.values(), default=0) for name, share in sums.items()}
    whole = sum(alone.values())
    return {
        name: ClassShare(
            busy_cycles={unit: cycles for unit, cycles in sorted(sums[name].busy.items()) if cycles},
            alone_cycles=alone[name],
            time_share=alone[name] / whole if whole else 0.0,
            macs=sums[name].macs,
            ops=sums[name].ops,
            dram_bytes=sums[name].dram_bytes,
        )
        for name in order
        if name in sums
    }


def _owners(section: Section, plan: StreamPlan, facts: Mapping[str, Facts]) -> dict[Facts, int]:
    """To whom the requests of *plan* belong, each with its weight."""
    owners: dict[Facts, int] = {}
    for name, weight in _users(section, plan).items():
        owners[facts[name]] = owners.get(facts[name], 0) + weight
    return owners or {_handed_over(section, plan, facts): 1}


def _users(section: Section, plan: StreamPlan) -> dict[str, int]:
    """The operations that *plan* does, or moves something for, each with its weight; none between layers."""
    if plan.converts:
        return _weight_bytes(section, plan.converts)
    if plan.moves is None:
        return operation_cycles(section, plan.unit, plan.operations)
    if plan.moves.kind == "weights":
        return _weight_bytes(section, plan.moves.user, plan.moves.unit)
    if plan.moves.kind == "parameters":
        return _parameter_bytes(section, plan.moves.user)
    return _state_bytes(section, plan) if plan.moves.kind == "state" else {}


def _weight_bytes(section: Section, user: str, unit: str = "") -> dict[str, int]:
    """Bytes of the weights of each projection of the stream of *user*, of its share for *unit* if it has one."""
    draft = section.inventory.drafts[section.inventory.home[user]]
    weights = next((each.weights for each in draft.shares if each.unit == unit), draft.weights)
    assert weights is not None, "who has weights is a stream of projections"
    found: dict[str, int] = {}
    start = 0
    for segment in weights.segments:
        size = int(weights.sizes[start : start + segment.items].sum())
        found[segment.part] = found.get(segment.part, 0) + size
        start += segment.items
    return found


def _parameter_bytes(section: Section, user: str) -> dict[str, int]:
    """Bytes of the parameters of each operation of the stream of *user*; what several read is the first one's."""
    inventory, found, known = section.inventory, dict[str, int](), set[str]()
    for name in inventory.drafts[inventory.home[user]].operations:
        own = [tensor for tensor in section.analysis.weights[name] if tensor not in known]
        known.update(own)
        found[name] = sum(map(section.stack.parameter_bytes, own))
    return found


def _state_bytes(section: Section, plan: StreamPlan) -> dict[str, int]:
    """Bytes of each state that *plan* moves, by the first operation that reads it of an earlier timestep."""
    graph, inventory, found = section.stack.graph, section.inventory, dict[str, int]()
    spilled = plan.name.endswith(".spilled")
    for tensor, rows in graph.carried.items():
        if (tensor in inventory.spilled) == spilled:
            reader = next(edge.reader for edge in graph.edges if edge.tensor == tensor and edge.distance)
            size = rows * graph.row_elements(tensor) * inventory.width(tensor)
            found[reader] = found.get(reader, 0) + size
    return found


def _handed_over(section: Section, plan: StreamPlan, facts: Mapping[str, Facts]) -> Facts:
    """What layers and their parts take and hand on: the residual stream, a mixer's result, or attention's tensors."""
    graph, place = section.stack.graph, next(iter(facts.values())).place
    if place == "head":
        return Facts("projection", "", place)
    names = {load_of(graph, tensor): tensor for tensor in (*graph.inputs, *graph.held)}
    names |= {store_of(graph, tensor): tensor for tensor in graph.outputs}
    moved = names[plan.name]
    if moved.endswith(f"_{BESIDE}"):
        return Facts("state", "", "recurrent")
    of_attention = section.stack.part and graph.indices[moved] != graph.indices[graph.input_tensor]
    if place == "attention" or of_attention:
        return Facts("", "", "attention")
    return Facts("residual", "", place)
