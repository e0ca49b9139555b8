"""The accounts of a run, cut by layer and by class of operation; cut either way they sum to those of the whole.

A stream's cycles are those of its requests and of the idle time before them, so they belong to the layer of those
requests. Of fused operations each has the share of the work that its cost alone would have; the request waited for the
operands of the first, which has the stalls. What a unit waits when nothing is left belongs to no layer.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from fractions import Fraction
from math import inf

from hw.accounts import Accounts
from hw.energy.actions import DEQUANTISATION
from hw.integers import apportion
from hw.reasons import Reason
from sim.accounting.critical_path import PathTracker
from sim.accounting.result import PathPart, UnitAccount
from sim.accounting.scaling import PathKey, Spent
from sim.execution.run import Execution
from sim.lowering.program import Program, StreamPlan
from sim.lowering.section import Section

Runs = Sequence[tuple[Section, Spent]]
_Parts = dict[str, list[tuple[Accounts, int, int]]]
"""By unit: accounts, with their useful, and their fill and drain cycles."""


def account(accounts: Accounts, useful: int, fill_drain: int) -> UnitAccount:
    """*accounts* of a compute unit, of whose busy cycles so many are useful and so many fill or drain."""
    return UnitAccount(
        busy_cycles=accounts.busy,
        useful_cycles=useful,
        fill_drain_cycles=fill_drain,
        edge_cycles=accounts.busy - useful - fill_drain,
        stalls=dict(sorted(accounts.stalls.items(), key=lambda item: (-item[1], item[0]))),
    )


def work(program: Program, stream: StreamPlan, layers: int | None = None) -> tuple[int, int]:
    """(useful, fill and drain) cycles of a compute stream in *layers* of the program, or in all."""
    useful = fill = 0
    every = program.layers * program.times
    share = Fraction(every if layers is None else layers, every)
    for count, cost in zip(program.counts(stream), stream.costs, strict=True):
        useful += count * cost.useful_cycles
        fill += count * cost.fill_drain_cycles
    return int(useful * share), int(fill * share)


def by_layer(runs: Runs) -> list[dict[str, UnitAccount]]:
    """The accounts of every unit in each layer of the model, of all its parts; the head comes last."""
    found: dict[float, _Parts] = {}
    for section, spent in runs:
        for number, parts in enumerate(_layers(section.program, spent)):
            layer = inf if section.stack.head else section.layer_of(number)
            for unit, shares in parts.items():
                found.setdefault(layer, {}).setdefault(unit, []).extend(shares)
    return [{unit: _sum(each) for unit, each in sorted(found[layer].items())} for layer in sorted(found)]


def _layers(program: Program, spent: Spent) -> Iterator[_Parts]:
    """What each layer of all runs of *program* has of each unit."""
    splits = [work(program, run.plan, 1) if run.plan.costs else None for run in spent.streams]
    for number in range(program.layers * program.times):
        parts: _Parts = {}
        for run, split in zip(spent.streams, splits, strict=True):
            accounts = run.layers[number]
            parts.setdefault(run.plan.unit, []).append((accounts, *(split or (accounts.busy, 0))))
        yield parts


def by_class(runs: Runs) -> dict[str, dict[str, UnitAccount]]:
    """The accounts of every unit by class: an operation's kind, or for transfers what they move."""
    parts: dict[str, dict[str, list[tuple[Accounts, int, int]]]] = {}
    for section, spent in runs:
        for run in spent.streams:
            for kind, *share in _shares(section, run.plan, Accounts.total(run.layers)):
                parts.setdefault(kind, {}).setdefault(run.plan.unit, []).append(tuple(share))  # type: ignore[arg-type]
    return {kind: {u: _sum(each) for u, each in sorted(units.items())} for kind, units in sorted(parts.items())}


def _sum(parts: list[tuple[Accounts, int, int]]) -> UnitAccount:
    return account(Accounts.total(part for part, _, _ in parts), sum(p[1] for p in parts), sum(p[2] for p in parts))


def class_weights(section: Section, plan: StreamPlan) -> dict[str, int]:
    """The classes that requests of *plan* belong to, each with the cycles that its operations would take alone."""
    if plan.moves is not None:
        return {plan.moves.kind: 1}
    if plan.converts:
        return {DEQUANTISATION: 1}
    return operation_weights(section, plan.unit, plan.operations)


def operation_weights(section: Section, unit: str, operations: Iterable[str]) -> dict[str, int]:
    """The classes of *operations* that *unit* does in one request, each with the cycles that they would take alone."""
    weights: dict[str, int] = {}
    for name, cycles in operation_cycles(section, unit, operations).items():
        kind = section.kind(name)
        weights[kind] = weights.get(kind, 0) + cycles
    return weights


def operation_cycles(section: Section, unit: str, operations: Iterable[str]) -> dict[str, int]:
    """The cycles that each of *operations* would take alone for a tile on *unit*."""
    steps = section.mapping.tile_steps
    return {name: section.costs.cost(name, unit, steps, 1).cycles for name in operations}


def _shares(section: Section, plan: StreamPlan, total: Accounts) -> Iterator[tuple[str, Accounts, int, int]]:
    """(class, accounts, useful, fill and drain) of each class that *plan* has operations of."""
    weights = class_weights(section, plan)
    useful, fill = work(section.program, plan) if plan.costs else (total.busy, 0)
    conflicts = total.stalls.get(Reason.BANK_CONFLICT, 0)
    figures = (total.busy - useful - fill, useful, fill, conflicts)
    edge, useful_of, fill_of, conflict_of = (apportion(figure, weights) for figure in figures)
    for number, kind in enumerate(weights):
        accounts = Accounts()
        accounts.busy = edge[kind] + useful_of[kind] + fill_of[kind]
        accounts.stall(Reason.BANK_CONFLICT, conflict_of[kind])
        for reason, cycles in total.stalls.items() if number == 0 else ():
            if reason != Reason.BANK_CONFLICT:
                accounts.stall(reason, cycles)
        yield kind, accounts, useful_of[kind], fill_of[kind]


def path_of(section: Section, execution: Execution, tracker: PathTracker) -> Counter[PathKey]:
    """The cycles of the critical path of one section; they sum to its makespan."""
    parts: Counter[PathKey] = Counter()
    for (rank, what, reason), total in tracker.spent(execution.makespan).items():
        plan = section.program.streams[rank]
        for kind, cycles in apportion(total, class_weights(section, plan)).items():
            parts[plan.unit, kind, what, reason] += cycles
    return parts


def critical_path(paths: Sequence[Mapping[PathKey, int]]) -> list[PathPart]:
    """The critical paths of all sections, the longest part first; they sum to the makespan."""
    parts: Counter[PathKey] = Counter()
    for path in paths:
        parts.update(path)
    ordered = sorted(parts.items(), key=lambda part: (-part[1], part[0]))
    return [
        PathPart(unit=unit, operation_class=kind, spent_on=what, because=reason, cycles=cycles)
        for (unit, kind, what, reason), cycles in ordered
        if cycles
    ]
