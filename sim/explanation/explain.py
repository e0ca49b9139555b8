"""Why a run takes the time it takes: the ladder from the roofline, what-ifs, the critical path, and a verdict in words.

The ladder starts from the paper's roofline (all operations at the MAC array's peak). Its first rung is a run in which
every effect is ideal and each unit works at its full rate beside the others; then one effect after the other is
switched on, in the order of :data:`~.experiments.LADDER`, and the same schedule is run again. So what a rung adds
depends on those below it; what an effect costs alone is in the what-ifs. All of it is looked at with other schedules
as well that are nearly as good, so that what is told of the machine is not one schedule's.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import combinations

from sim.accounting.result import Result
from sim.explanation.experiments import LADDER, PAIRED, Change, changes, ladder
from sim.explanation.findings import WORTH_NAMING, Explanation, NearSchedule, Pair, Rung, WhatIf, busy
from sim.explanation.laboratory import Laboratory
from sim.explanation.near import Schedule
from sim.explanation.robust import Seen, looking
from sim.explanation.words import words
from sim.files.progress import ProgressCallback
from workloads.workload import MappingSpec


def explain(
    laboratory: Laboratory, command: str = "", progress: ProgressCallback | None = None, workers: int = 0
) -> Explanation:
    """Run every experiment on the workload and machine of *laboratory*.

    Other schedules are looked at by so many *workers* meanwhile, processes of their own; by this one if there are none.
    """
    wanted, near = changes(laboratory.machine), laboratory.near
    advance = _counted(progress, len(LADDER) + 3 + len(wanted) + len(near.schedules))
    with looking(laboratory, wanted, workers) as looks:
        base = laboratory.explained
        advance()
        rungs = _ladder(laboratory, base, advance)
        cycles = laboratory.kept_cycles()
        assert cycles is not None, "the schedule was made for this machine"
        what_ifs = [_what_if(laboratory, change, cycles, advance) for change in wanted]
        pairs = _pairs(laboratory, dict(zip(wanted, what_ifs, strict=True)), cycles)
        advance()
        seen = []
        for each in looks:
            seen.append(each)
            advance()
    beside = [
        each.model_copy(update={"near_gains": [one.gains[number] for one in seen]})
        for number, each in enumerate(what_ifs)
    ]
    explanation = Explanation(
        command=command,
        cycles_per_token_layer=base.makespan_cycles / base.layers / base.tokens,
        result=base,
        rungs=_beside(rungs, seen),
        what_ifs=sorted(beside, key=lambda what_if: -what_if.best),
        words="",
        near_share=near.share,
        near_tried=near.tried,
        mappings=_mappings(laboratory.sections),
        near=[_near(one, schedule, cycles) for one, schedule in zip(seen, near.schedules, strict=True)],
        pairs=pairs,
    )
    return explanation.model_copy(update={"words": words(explanation)})


def _counted(progress: ProgressCallback | None, total: int) -> Callable[[], None]:
    done = 0

    def advance() -> None:
        nonlocal done
        done += 1
        if progress is not None:
            progress(done, total)

    return advance


def _ladder(laboratory: Laboratory, base: Result, advance: Callable[[], None]) -> list[Rung]:
    roofline = base.bounds.paper_roofline_cycles
    rungs = [_rung("roofline", "the paper's roofline: all operations at the MAC array's peak", "", roofline, roofline)]
    for effect, assignments in ladder(laboratory.machine):
        cycles, before = laboratory.rung_cycles(assignments), rungs[-1].cycles
        advance()
        description = (
            LADDER[effect].description if effect else "each unit does its own work at its full rate, beside the others"
        )
        rungs.append(_rung(effect or "placement", description, assignments[0], cycles, cycles - before))
    return rungs


def _rung(effect: str, description: str, assignment: str, cycles: int, added: int) -> Rung:
    return Rung(effect=effect, description=description, assignment=assignment, cycles=cycles, added_cycles=added)


def _beside(rungs: list[Rung], seen: Sequence[Seen]) -> list[Rung]:
    """*rungs* after the roofline with their shares of the time with other schedules."""
    shares = [[one.shares[number] for one in seen] for number in range(len(rungs) - 1)]
    others = [rung.model_copy(update={"near_shares": near}) for rung, near in zip(rungs[1:], shares, strict=True)]
    return [rungs[0], *others]


def _what_if(laboratory: Laboratory, change: Change, makespan: int, advance: Callable[[], None]) -> WhatIf:
    same, new, schedule = laboratory.kept_cycles(change.assignments), None, laboratory.sections
    if change.new_schedule:
        new, schedule = laboratory.new_schedule(change)
    advance()
    return WhatIf(
        name=change.name,
        assignments=list(change.assignments),
        same_schedule=None if same is None else makespan / same,
        new_schedule=None if new is None else makespan / new,
        mappings=_mappings(schedule),
    )


def _pairs(laboratory: Laboratory, found: dict[Change, WhatIf], makespan: int) -> list[Pair]:
    """Two at a time of the changes that buy most with a new schedule; of those that set the same only the best."""
    worth = [change for change, what_if in found.items() if (what_if.new_schedule or 0.0) >= 1 + WORTH_NAMING]
    best: list[Change] = []
    for change in sorted(worth, key=lambda change: -found[change].best):
        if len(best) < PAIRED and all(change.together(other) for other in best):
            best.append(change)
    pairs = []
    for one, other in combinations(best, 2):
        both = one.together(other)
        assert both is not None, "the best set different keys"
        cycles, schedule = laboratory.new_schedule(both)
        pairs.append(
            Pair(
                names=[one.name, other.name],
                assignments=list(both.assignments),
                new_schedule=makespan / cycles,
                product=(found[one].new_schedule or 1.0) * (found[other].new_schedule or 1.0),
                mappings=_mappings(schedule),
            )
        )
    return pairs


def _near(seen: Seen, schedule: Schedule, explained: int) -> NearSchedule:
    return NearSchedule(
        of_explained=seen.result.makespan_cycles / explained,
        busy=busy(seen.result),
        mappings=_mappings(schedule),
    )


def _mappings(schedule: Schedule) -> list[MappingSpec]:
    """One for each kind of layer."""
    kinds = {id(section.stack.graph): section.as_wishes for section in schedule}
    return list(kinds.values())
