"""Where experiments are made: a workload, a machine, and schedules that are kept while the machine is changed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import cached_property
from math import comb
from typing import NamedTuple

from hw.machine import MachineSpec
from sim.accounting.certificate import any_mapping_cycles
from sim.accounting.result import Result
from sim.execution.estimate import Estimate
from sim.explanation.experiments import LADDER, PAIRED, Change, changes
from sim.explanation.findings import WORTH_NAMING
from sim.explanation.near import ROBUST, Schedule, near, settled
from sim.files.documents import Document
from sim.files.limits import LIMITS, Limits, Search
from sim.files.resolve import model_layers, placing
from sim.lowering.costs import CostModel
from sim.lowering.mapping import Mapping
from sim.lowering.section import Section, cost_model
from sim.search.choose import best_cut, busy_cycles, keep, laid, lay_anew
from sim.simulation import Job, makespan_cycles, planned, run
from workloads.workload import Workload
from workloads.workload_spec import MappingSpec

CHANGED_SEARCH: Search = "short"  # on a changed machine, besides what is known
MANY_TILES = 16  # of a layer


class Mapped(NamedTuple):
    """A mapping of a section, and the same with as much of the SRAM as there was."""

    mapping: Mapping
    settled: Mapping


class Found(NamedTuple):
    """The schedule of a change: its makespan, told by few layers, its mappings, and the wishes that repeat it."""

    change: Change
    cycles: int
    mappings: list[Mapped]
    wishes: list[MappingSpec]


def wishes(schedule: Schedule) -> list[MappingSpec]:
    """The mappings of *schedule*, one for each kind of layer."""
    kinds = {id(section.stack.graph): section.as_wishes for section in schedule}
    return list(kinds.values())


def _mapped(schedule: Schedule) -> list[Mapped]:
    return [Mapped(section.mapping, settled(section)) for section in schedule]


class Laboratory:
    """A workload, a machine, the schedule that is explained, and others up to a share *robust* slower.

    *simulate_layers* are simulated, all unless given; of what-ifs one, where a layer has many tiles. Raises InputError
    if the experiments would take more than the *limits*.
    """

    def __init__(
        self,
        workload: Workload,
        machine: Document,
        wishes: Document,
        simulate_layers: int | None = None,
        limits: Limits = LIMITS,
        robust: float = ROBUST,
    ) -> None:
        self.simulate_layers = simulate_layers
        self.machine = machine.check(MachineSpec)
        self._document = machine
        self._wishes = wishes
        self.limits = limits
        self._model_layers = model_layers(wishes)
        with placing(wishes, machine):
            self.workload = best_cut(workload, self.machine, limits)
            self.sections = laid(self.workload, self.machine, limits)
            self.near = near(self.sections, robust, limits)
        self._own = _mapped(self.sections)
        pairs = zip(self._own, self.near.known, strict=True)
        self._offered = [[own.settled, *mappings] for own, mappings in pairs]  # to searches, for each section
        self._machines: dict[tuple[str, ...], MachineSpec] = {}
        self._costs: dict[tuple[int, str], CostModel] = {}
        self._done: dict[tuple[object, ...], int] = {}
        self.work = self._planned()
        self.work.check(limits)

    @property
    def changes(self) -> list[Change]:
        """The what-ifs that apply: none that makes one array of several of which the workload wishes for one."""
        wishes = [stack.wishes for stack in self.workload.stacks]
        wished = {unit for each in wishes for unit in (each.placement, *each.place.values())}
        return [change for change in changes(self.machine) if not wished & {*change.joins[1:]}]

    def _planned(self) -> Estimate:
        """What all of it takes, one after the other."""
        wanted = len(self.changes)
        work = planned(self.job, self.simulate_layers).times(len(LADDER) + 2 * wanted + comb(PAIRED, 2))
        for schedule in self.near.schedules:
            each = planned(self._job(schedule), self._few(schedule))
            work = work.together(each.times(len(LADDER) + wanted))
        return work

    @property
    def job(self) -> Job:
        """The run that is explained."""
        return self._job(self.sections)

    @cached_property
    def explained(self) -> Result:
        """The run that is explained, with its critical path, and how far it can be from the best mapping."""
        return self._result(self.sections, self.simulate_layers, explained=True)

    def rung_cycles(self, assignments: Sequence[str]) -> int:
        """The makespan of the schedule explained with *assignments* made, of what is ideal alone."""
        kept = self._kept(assignments, self.sections)
        assert kept is not None, "what is ideal needs no room"
        return self._cycles(kept, self.simulate_layers)

    def kept_cycles(self, assignments: Sequence[str] = (), schedule: Schedule | None = None) -> int | None:
        """The makespan with *assignments* made, told by few layers; None if the schedule does not fit that machine.

        The schedule is the one explained unless another is given.
        """
        kept = self._kept(assignments, schedule or self.sections)
        return None if kept is None else self._cycles(kept, self._few(kept))

    def same_schedule(
        self, assignments: Sequence[str] = (), schedule: Schedule | None = None, explained: bool = False
    ) -> Result | None:
        """The run whose makespan :meth:`kept_cycles` says; if *explained* with what :attr:`explained` has."""
        kept = self._kept(assignments, schedule or self.sections)
        return None if kept is None else self._result(kept, self._few(kept), explained)

    def least_cycles(self, schedule: Schedule, assignments: Sequence[str]) -> float | None:
        """What *schedule* with *assignments* made takes at least; None if it does not fit that machine."""
        machine = self._changed(assignments)
        each = [busy_cycles(section, self._costs_on(machine, section)) for section in schedule]
        return None if None in each else sum(filter(None, each))

    def new_schedules(self, changes: Sequence[Change]) -> list[Found]:
        """:meth:`new_schedule` for each of *changes*, with what was found for those before it."""
        found: list[Found] = []
        for change in changes:
            found.append(self.new_schedule(change, found))
        return found

    def new_schedule(self, change: Change, known: Sequence[Found] = ()) -> Found:
        """The quickest schedule that is found with a *change* made; with what is *known* of other changes.

        That is the one explained, or one that is known for a part of the change, with as much SRAM as it had or with
        all that there is; or what a search finds that is offered all of them and all near them. So more hardware is not
        slower because of a worse search. There is none where no mapping could gain what is worth naming.
        """
        changed = self._document.changed(change.assignments)
        machine = self._changed(change.assignments)
        parts = [self._own, *(found.mappings for found in known if found.change.paths <= change.paths)]
        schedules = [schedule for mappings in parts for schedule in self._laid(machine, mappings)]
        if not schedules or self._may_gain(machine):
            limits = self.limits._replace(search=self.limits.search or CHANGED_SEARCH)
            offered = [
                [*near, *(found.mappings[number].settled for found in known)]
                for number, near in enumerate(self._offered)
            ]
            with placing(self._wishes, changed):
                found_anew = laid(self.workload, machine, limits, offered)
            schedules.append(found_anew)
        cycles, best = self._quickest(schedules)
        return Found(change, cycles, _mapped(best), wishes(best))

    def idle_at_edges(self, found: Found) -> tuple[float, float]:
        """Shares of the time in which a PE has no work at edges: in the run that is explained, and with the change."""
        machine = self._changed(found.change.assignments)
        pairs = zip(self.sections, found.mappings, strict=True)
        laid = [lay_anew(section, self._costs_on(machine, section), each.mapping) for section, each in pairs]
        then = tuple(filter(None, laid))
        assert len(then) == len(laid), "the schedule was made for this machine"
        result = self._result(then, self._few(then), explained=False)
        return _idle_at_edges(self.explained, self.machine), _idle_at_edges(result, machine)

    def _laid(self, machine: MachineSpec, mapped: Sequence[Mapped]) -> Iterator[Schedule]:
        """The layers by mappings found elsewhere: with all of the SRAM if they had all, and with what they had."""
        before = [each.settled for each in mapped]
        every = [replace(mapping, sram_bytes=None) for mapping in before]
        had_all = all(each.mapping.sram_bytes is None for each in mapped)
        for mappings in (every, before) if had_all else (before,):
            pairs = zip(self.sections, mappings, strict=True)
            laid = [lay_anew(section, self._costs_on(machine, section), mapping) for section, mapping in pairs]
            if None not in laid:
                yield tuple(filter(None, laid))

    def _may_gain(self, machine: MachineSpec) -> bool:
        """Whether the bound over every mapping leaves the run something to gain on *machine*, which is no worse."""
        most = self._cycles(self.sections, self._few(self.sections)) / (1 + WORTH_NAMING)
        return self._any_mapping_cycles < most or self._any_mapping_cycles_on(machine) < most

    @cached_property
    def _any_mapping_cycles(self) -> int:
        return self._any_mapping_cycles_on(self.machine)

    def _any_mapping_cycles_on(self, machine: MachineSpec) -> int:
        return any_mapping_cycles((each.stack, self._costs_on(machine, each)) for each in self.sections)

    def _quickest(self, schedules: Sequence[Schedule]) -> tuple[int, Schedule]:
        """Of *schedules* on one machine, the first of the quickest; what cannot win is not run."""
        found: list[tuple[int, Schedule]] = []
        for schedule in schedules:
            least = sum(filter(None, (busy_cycles(section, section.costs) for section in schedule)))
            if not found or least < min(cycles for cycles, _ in found):
                found.append((self._cycles(schedule, self._few(schedule)), schedule))
        return min(found, key=lambda each: each[0])

    def _changed(self, assignments: Sequence[str]) -> MachineSpec:
        key = tuple(assignments)
        if key not in self._machines:
            self._machines[key] = self._document.changed(assignments).check(MachineSpec)
        return self._machines[key]

    def _costs_on(self, machine: MachineSpec, section: Section) -> CostModel:
        """What the operations of *section* cost on *machine*, the same for all schedules."""
        key = id(section.stack.graph), machine.model_dump_json()
        if key not in self._costs:
            self._costs[key] = cost_model(section.stack, machine)
        return self._costs[key]

    def _kept(self, assignments: Sequence[str], schedule: Schedule) -> Schedule | None:
        machine = self._changed(assignments)
        kept = [keep(section, self._costs_on(machine, section)) for section in schedule]
        return None if None in kept else tuple(filter(None, kept))

    def _few(self, schedule: Schedule) -> int | None:
        """Layers that tell how long all take: one of many tiles does."""
        most = self.simulate_layers
        return 1 if most is not None and schedule[0].program.tiles_per_layer >= MANY_TILES else most

    def _job(self, schedule: Schedule) -> Job:
        return Job(schedule[0].costs.machine, schedule, self._model_layers, self.workload.spec)

    def _result(self, schedule: Schedule, layers: int | None, explained: bool) -> Result:
        return run(
            self._job(schedule),
            critical_path=explained,
            certificate=explained,
            simulate_layers=layers,
            stride="tile",
            limits=self.limits,
        )

    def _cycles(self, schedule: Schedule, layers: int | None) -> int:
        """The makespan of *schedule*; what is run twice is run once."""
        key = str(layers), *(each for section in schedule for each in _facts(section))
        if key not in self._done:
            self._done[key] = makespan_cycles(self._job(schedule), layers)
        return self._done[key]


def _idle_at_edges(result: Result, machine: MachineSpec) -> float:
    idle = sum(result.units[name].edge_cycles * array.macs_per_cycle for name, array in machine.arrays.items())
    return idle / machine.macs_per_cycle / result.makespan_cycles


def _facts(section: Section) -> tuple[object, ...]:
    """All that the run of *section* depends on: the SRAM's capacity as far as buffers get other slots or banks."""
    machine, buffers = section.costs.machine, [storage.buffer for storage in section.inventory.storages()]
    apart = {"sram": {"capacity"}} if machine.sram.clusters == 1 else {}
    schedule = section.as_wishes.model_dump_json(exclude={"sram_kib", "spare_sram"})
    slots = tuple((buffer.start, buffer.slot_bytes, buffer.slots) for buffer in buffers)
    return machine.model_dump_json(exclude=apart), schedule, slots, *sorted(section.mapping.stepped)
