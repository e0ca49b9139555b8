"""A model's time over the length of its prompt, or of the context before a token, from one search for mappings.

Mappings are searched for at one length, ``SEARCHED``, and kept for all that are longer: weights are streamed once a
tile of tokens, however many tiles follow. Shorter ones have those of a search at ``SEARCHED_SHORT``. How far that can
be off says the bound over every mapping, which is found for every length anew.

A tile of queries meets as many blocks of keys as it sees. Of the numbers of blocks that come up no more than
``SIMULATED`` are simulated; what lies between two of them is taken from the straight line between them, since a block
more is one more step of the same loop. Of layers that are alike two are simulated, as elsewhere.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from math import inf
from typing import Final

from hw.machine import MachineSpec
from sim.accounting.certificate import any_mapping_cycles
from sim.accounting.energy import energy_account
from sim.accounting.scaling import Spent, StreamSpent, lengths, scaled
from sim.execution.run import run_program
from sim.files.errors import InputError
from sim.files.limits import Limits
from sim.files.resolve import resolve
from sim.lowering.section import Section, cost_model
from sim.paper.runs import PREFILL_LAYERS
from sim.search.choose import lay, sections
from workloads.building import recut
from workloads.models.attention import Attention, KeyBlocks
from workloads.stack import Stack

SEARCHED: Final = 4096  # tokens
SEARCHED_SHORT: Final = 1024
SIMULATED: Final = 12  # numbers of blocks of keys
DRAM: Final = "dram"


@dataclass(frozen=True)
class Curve:
    """What to simulate: a workload on a machine, with *assignments* that do not say the length, over *lengths*.

    Of all but the lengths that are ``bounded``, if these are said, only the time is asked.
    """

    workload: str
    machine: str
    assignments: tuple[str, ...] = ()
    lengths: tuple[int, ...] = ()
    bounded: tuple[int, ...] | None = None

    def asks_for_bound(self, length: int) -> bool:
        """Whether what any mapping takes for *length* is asked for."""
        return self.bounded is None or length in self.bounded


@dataclass(frozen=True)
class Family:
    """A curve on ``variants`` of its machine, each with assignments more; on all but the first over ``others`` only."""

    curve: Curve
    variants: tuple[tuple[str, ...], ...]
    others: tuple[int, ...]


@dataclass(frozen=True)
class Timed:
    """A length: its seconds, what any mapping takes at least, for how long each unit is busy, and its energy.

    The least is 0 where it is not asked for.
    """

    length: int
    seconds: float
    least_seconds: float
    busy: Mapping[str, float]
    joules: float

    @property
    def binding(self) -> str:
        """The unit that is busy the longest: a compute unit or DRAM."""
        return max(self.busy, key=lambda unit: self.busy[unit])

    def share(self, unit: str) -> float:
        """The share of the time for which *unit* is busy."""
        return self.busy[unit] / self.seconds


class DoesNotFitError(Exception):
    """A mapping that another machine was given does not fit this one."""


def curve_of(wanted: Curve) -> list[Timed]:
    """Simulate *wanted*; raises InputError if it cannot be."""
    return _curve(wanted, None)


def curves_of(family: Family) -> list[list[Timed] | None]:
    """The curve of each variant of *family*, None where the model does not fit.

    A variant takes the mappings of the first one, or of the one before, where these are quicker than its own search's:
    so more of anything does not make a model slower.
    """
    found: list[list[Timed] | None] = []
    known: list[_Model] = []
    for variant in family.variants:
        lengths = family.others if found else family.curve.lengths
        wanted = replace(family.curve, assignments=(*family.curve.assignments, *variant), lengths=lengths)
        try:
            own = _searched(wanted, SEARCHED)
        except InputError:
            found.append(None)
            continue
        others = dict.fromkeys((own, *known[:1], *known[-1:]))
        best = min(others, key=lambda model: _seconds_searched(wanted, model))
        known.append(best)
        found.append(_curve(wanted, best))
    return found


def _curve(wanted: Curve, model: _Model | None) -> list[Timed]:
    """All lengths, those from ``SEARCHED`` on by *model* if there is one."""
    models = {} if model is None else {SEARCHED: model}
    for at in map(searched_at, wanted.lengths):
        if at not in models:
            models[at] = _searched(wanted, at)
    return [_timed(wanted, length, models[searched_at(length)]) for length in wanted.lengths]


def searched_at(length: int) -> int:
    """The length at which the mappings of *length* are searched for."""
    return SEARCHED if length >= SEARCHED else SEARCHED_SHORT


def _seconds_searched(wanted: Curve, model: _Model) -> float:
    """What the length takes at which mappings are searched for; endless where *model* does not fit."""
    try:
        return _timed(replace(wanted, bounded=()), SEARCHED, model).seconds
    except DoesNotFitError:
        return inf


def _searched(wanted: Curve, length: int) -> _Model:
    inputs = resolve(wanted.workload, wanted.machine, _settings(wanted, length))
    with inputs.placing():
        found = sections(inputs.workload, inputs.machine, Limits(search="short"))
    attention = {each.stack.keys.attention: each for each in found if each.stack.keys is not None}
    return _Model(
        {each.stack.of_part: each for each in found},
        {each: section.stack.keys.cut for each, section in attention.items() if section.stack.keys},
    )


def _settings(wanted: Curve, length: int) -> list[str]:
    return [*wanted.assignments, f"sequence_length={length}"]


@dataclass(frozen=True, eq=False)
class _Model:
    """What one search says about all lengths: the section of each kind of stack, and of each attention its cut."""

    sections: Mapping[str, Section]
    cuts: Mapping[Attention, KeyBlocks]


def _timed(wanted: Curve, length: int, model: _Model) -> Timed:
    inputs = resolve(wanted.workload, wanted.machine, _settings(wanted, length))
    cuts = {(inputs.workload.spec.phase, attention): cut for attention, cut in model.cuts.items()}
    workload, machine = recut(inputs.workload, cuts), inputs.machine
    laid = [_laid(stack, model.sections[stack.of_part], machine) for stack in workload.stacks]
    plain, attention = ([each for each in laid if (each.stack.keys is None) == of] for of in (True, False))
    runs = [*(_run(each, machine).times(each.stack.times) for each in plain), *_attention(attention, machine)]
    parts = laid if wanted.asks_for_bound(length) else []
    least = any_mapping_cycles((each.stack, each.costs) for each in parts)
    total = sum(runs, _Spent(0.0, {})).times(1 / machine.clock)
    operations = dict(sum((Counter(stack.operations) for stack in workload.stacks), Counter()))
    energy = energy_account(machine, laid, operations, round(total.seconds * machine.clock), 1)
    return Timed(length, total.seconds, least / machine.clock, total.busy, energy.mj_per_token / 1000)


def _laid(stack: Stack, like: Section, machine: MachineSpec) -> Section:
    """*stack* by the mapping of *like*, which is of the same kind and maybe of another length."""
    costs = cost_model(stack, machine)
    inventory = lay(stack, costs, like.mapping)
    if inventory is None:
        raise DoesNotFitError(stack.of_part)
    return Section.lowered(stack, machine, costs, inventory, like.choice)


@dataclass(frozen=True)
class _Spent:
    """Time, in cycles or seconds, and for how much of it each compute unit and DRAM is busy."""

    seconds: float
    busy: Mapping[str, float]

    def times(self, factor: float) -> _Spent:
        return _Spent(self.seconds * factor, {unit: busy * factor for unit, busy in self.busy.items()})

    def __add__(self, other: _Spent) -> _Spent:
        units = dict.fromkeys((*self.busy, *other.busy))
        return _Spent(self.seconds + other.seconds, {u: self.busy.get(u, 0) + other.busy.get(u, 0) for u in units})


def _run(section: Section, machine: MachineSpec) -> _Spent:
    """One run of *section*, of which two layers are simulated."""
    found: list[Spent] = []
    for layers in lengths(section.program.layers, PREFILL_LAYERS):
        execution = run_program(replace(section.program, layers=layers), machine, stride="tile")
        streams = tuple(StreamSpent(each.plan, each.layers) for each in execution.streams)
        found.append(Spent(execution.makespan, streams, execution.units, None))
    whole = scaled(found, section.program.layers)
    channels = [account.busy for unit, account in whole.units.items() if unit.startswith(DRAM)]
    busy = {unit: float(whole.units[unit].busy) for unit in machine.compute}
    return _Spent(whole.makespan, busy | {DRAM: sum(channels) / len(channels)})


def _attention(sections: Sequence[Section], machine: MachineSpec) -> Iterator[_Spent]:
    """What the tiles of queries take, by kind of attention; see the module."""
    kinds: dict[str, list[Section]] = {}
    for section in sections:
        kinds.setdefault(section.stack.of_part, []).append(section)
    for of_kind in kinds.values():
        by_steps = {section.stack.steps: section for section in of_kind}
        known = {steps: _of_a_layer(by_steps[steps], machine) for steps in chosen(sorted(by_steps))}
        for section in of_kind:
            yield between(known, section.stack.steps).times(section.stack.all_layers)


def _of_a_layer(section: Section, machine: MachineSpec) -> _Spent:
    return _run(section, machine).times(1 / section.program.layers)


def chosen(steps: Sequence[int]) -> list[int]:
    """Of *steps*, which are sorted, ``SIMULATED`` or fewer: the first and the last, and those between at equal ratios.

    >>> chosen([1, 2, 3]), chosen(range(1, 101))
    ([1, 2, 3], [1, 2, 3, 4, 5, 8, 12, 19, 28, 43, 66, 100])
    """
    if len(steps) <= SIMULATED:
        return list(steps)
    first, last = steps[0], steps[-1]
    wanted = (first * (last / first) ** (number / (SIMULATED - 1)) for number in range(SIMULATED))
    places = [bisect_left(steps, round(each)) for each in wanted]
    for number in range(1, SIMULATED):  # those that are near one another move on
        places[number] = min(max(places[number], places[number - 1] + 1), len(steps) - SIMULATED + number)
    return [steps[place] for place in places]


def between(known: Mapping[int, _Spent], steps: int) -> _Spent:
    """What so many *steps* take, from the nearest numbers of steps that are *known* on either side."""
    if steps in known:
        return known[steps]
    after = min(each for each in known if each > steps)
    before = max(each for each in known if each < steps)
    share = (steps - before) / (after - before)
    return known[before].times(1 - share) + known[after].times(share)
