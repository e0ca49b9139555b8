"""Why a run takes the time it takes: the ladder from the roofline, what-ifs, the critical path, and a verdict in words.

The ladder starts from the paper's roofline (all operations at the MAC array's peak). Its first rung is a run in which
every effect is ideal and each unit works at its full rate beside the others; then one effect after the other is
switched on, in the order of :data:`~.experiments.LADDER`, and the same schedule is run again. So what a rung adds
depends on those below it; what an effect costs alone is in the what-ifs. All of it is looked at with other schedules
as well that are nearly as good, so that what is told of the machine is not one schedule's.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from itertools import combinations
from typing import TypeVar

from sim.accounting.result import Result
from sim.explanation.assistants import Assistants, assistants
from sim.explanation.experiments import LADDER, PAIRED, Change, ladder, related
from sim.explanation.findings import WORTH_NAMING, Explanation, NearSchedule, Pair, Rung, WhatIf
from sim.explanation.laboratory import Found, Laboratory, wishes
from sim.explanation.near import Schedule
from sim.explanation.robust import Seen, look
from sim.explanation.words import words
from sim.files.progress import ProgressCallback

Told = TypeVar("Told")


def explain(
    laboratory: Laboratory, command: str = "", progress: ProgressCallback | None = None, workers: int = 0
) -> Explanation:
    """Run every experiment on the workload and machine of *laboratory*.

    New schedules are found, and other ones looked at, by so many *workers* meanwhile, processes of their own; by this
    one if there are none, with the same result.
    """
    wanted, near = laboratory.changes, laboratory.near
    groups = related([change for change in wanted if change.new_schedule])
    steps = len(LADDER) + 3 + len(wanted) + sum(map(len, groups)) + len(near.schedules)
    advance = _counted(progress, steps)
    with assistants(laboratory, min(workers, _most_workers(laboratory, len(groups) + len(near.schedules)))) as others:
        searches = others.each(Laboratory.new_schedules, groups)
        looks = others.each(look, range(len(near.schedules)))
        base = laboratory.explained
        advance()
        rungs = _ladder(laboratory, base, advance)
        cycles = laboratory.kept_cycles()
        assert cycles is not None, "the schedule was made for this machine"
        kept = {change: laboratory.kept_cycles(change.assignments) for change in _told(wanted, advance)}
        new = {found.change: found for group in searches for found in _told(group, advance)}
        pairs = _pairs(others, [new[change] for change in wanted if change in new], cycles)
        advance()
        seen = list(_told(looks, advance))
    own = wishes(laboratory.sections)
    what_ifs = [_what_if(laboratory, change, cycles, kept[change], new.get(change)) for change in wanted]
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
        mappings=own,
        near=[_near(one, schedule, cycles) for one, schedule in zip(seen, near.schedules, strict=True)],
        pairs=pairs,
    )
    return explanation.model_copy(update={"words": words(explanation)})


def _most_workers(laboratory: Laboratory, tasks: int) -> int:
    """No more than have something to do, nor than there is memory for beside this process."""
    return min(tasks, laboratory.limits.memory_bytes // laboratory.work.memory_bytes - 1)


def _counted(progress: ProgressCallback | None, total: int) -> Callable[[], None]:
    done = 0

    def advance() -> None:
        nonlocal done
        done += 1
        if progress is not None:
            progress(done, total)

    return advance


def _told(each: Iterable[Told], advance: Callable[[], None]) -> Iterator[Told]:
    """*each*, and that there is one more."""
    for one in each:
        yield one
        advance()


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


def _what_if(laboratory: Laboratory, change: Change, makespan: int, kept: int | None, new: Found | None) -> WhatIf:
    return WhatIf(
        name=change.name,
        assignments=list(change.assignments),
        same_schedule=None if kept is None else makespan / kept,
        new_schedule=None if new is None else makespan / new.cycles,
        mappings=wishes(laboratory.sections) if new is None else new.wishes,
        joins=list(change.joins),
        idle_at_edges=laboratory.idle_at_edges(new) if new is not None and change.joins else None,
    )


def _pairs(others: Assistants, found: list[Found], makespan: int) -> list[Pair]:
    """Two at a time of the changes that buy most with a new schedule; of those that set the same only the best."""
    worth = [each for each in found if makespan / each.cycles >= 1 + WORTH_NAMING]
    best: list[Found] = []
    for each in sorted(worth, key=lambda each: each.cycles):
        if len(best) < PAIRED and all(each.change.together(other.change) for other in best):
            best.append(each)
    chosen = list(combinations(best, 2))
    both = filter(None, (one.change.together(other.change) for one, other in chosen))
    together = others.each(partial(Laboratory.new_schedule, known=found), both)
    return [_pair(one, other, each, makespan) for (one, other), each in zip(chosen, together, strict=True)]


def _pair(one: Found, other: Found, both: Found, makespan: int) -> Pair:
    return Pair(
        names=[one.change.name, other.change.name],
        assignments=list(both.change.assignments),
        new_schedule=makespan / both.cycles,
        product=makespan / one.cycles * (makespan / other.cycles),
        mappings=both.wishes,
    )


def _near(seen: Seen, schedule: Schedule, explained: int) -> NearSchedule:
    return NearSchedule(
        of_explained=seen.result.makespan_cycles / explained,
        busy=seen.result.busy,
        mappings=wishes(schedule),
    )
