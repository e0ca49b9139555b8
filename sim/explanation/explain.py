"""Why a run takes the time it takes: the ladder from the roofline, what-ifs, the critical path, and a verdict in words.

The ladder starts from the paper's roofline (all operations at the MAC array's peak). Its first rung is a run in which
every effect is ideal and each unit works at its full rate beside the others; then one effect after the other is
switched on, in the order of :data:`~.experiments.LADDER`, and the same schedule is run again. So what a rung adds
depends on those below it; what an effect costs alone is in the what-ifs.
"""

from __future__ import annotations

import shlex
from collections.abc import Callable, Sequence

from sim.accounting.result import Result, ResultModel
from sim.explanation.experiments import LADDER, Change, Laboratory, changes, ladder
from sim.files.numbers import percent
from sim.files.progress import ProgressCallback

WORTH_NAMING = 0.01  # of the time


class Rung(ResultModel):
    """One effect switched on: the makespan with it and all before it, and what it added."""

    effect: str
    description: str
    assignment: str
    cycles: int
    added_cycles: int


class WhatIf(ResultModel):
    """What a change of the machine buys: makespan now over makespan then; None where the schedule does not fit."""

    name: str
    assignments: list[str]
    same_schedule: float | None
    new_schedule: float | None

    @property
    def best(self) -> float:
        """The greater of the two."""
        return max(self.same_schedule or 0.0, self.new_schedule or 0.0)

    @property
    def options(self) -> str:
        """What repeats it, behind ``run`` and the like, quoted for a shell."""
        return shlex.join([word for each in self.assignments for word in ("--set", each)])


class Explanation(ResultModel):
    """All of it; ``result`` is the run that is explained."""

    command: str
    cycles_per_token_layer: float
    result: Result
    rungs: list[Rung]
    what_ifs: list[WhatIf]
    words: str

    def to_json(self) -> str:
        """As JSON text: sorted as declared, two spaces, one newline at the end."""
        return self.model_dump_json(indent=2) + "\n"


def explain(laboratory: Laboratory, command: str = "", progress: ProgressCallback | None = None) -> Explanation:
    """Run every experiment on the workload and machine of *laboratory*."""
    wanted = changes(laboratory.machine)
    total = len(LADDER) + 2 + sum(1 + change.new_schedule for change in wanted)
    done = 0

    def advance() -> None:
        nonlocal done
        done += 1
        if progress is not None:
            progress(done, total)

    base = laboratory.same_schedule(explained=True)
    assert base is not None, "the schedule was made for this machine"
    advance()
    rungs = _ladder(laboratory, base, advance)
    what_ifs = [_what_if(laboratory, change, base.makespan_cycles, advance) for change in wanted]
    what_ifs.sort(key=lambda what_if: -what_if.best)
    explanation = Explanation(
        command=command,
        cycles_per_token_layer=base.makespan_cycles / base.layers / base.tokens,
        result=base,
        rungs=rungs,
        what_ifs=what_ifs,
        words="",
    )
    return explanation.model_copy(update={"words": _words(explanation)})


def _ladder(laboratory: Laboratory, base: Result, advance: Callable[[], None]) -> list[Rung]:
    roofline = base.bounds.paper_roofline_cycles
    rungs = [_rung("roofline", "the paper's roofline: all operations at the MAC array's peak", "", roofline, roofline)]
    for effect, assignments in ladder(laboratory):
        found = laboratory.same_schedule(assignments)
        assert found is not None, "what is ideal needs no room"
        advance()
        cycles, before = found.makespan_cycles, rungs[-1].cycles
        description = (
            LADDER[effect].description if effect else "each unit does its own work at its full rate, beside the others"
        )
        rungs.append(_rung(effect or "placement", description, assignments[0], cycles, cycles - before))
    return rungs


def _rung(effect: str, description: str, assignment: str, cycles: int, added: int) -> Rung:
    return Rung(effect=effect, description=description, assignment=assignment, cycles=cycles, added_cycles=added)


def _what_if(laboratory: Laboratory, change: Change, makespan: int, advance: Callable[[], None]) -> WhatIf:
    same, new = laboratory.same_schedule(change.assignments), None
    advance()
    if change.new_schedule:
        new = laboratory.new_schedule(change.assignments)
        advance()
    return WhatIf(
        name=change.name,
        assignments=list(change.assignments),
        same_schedule=None if same is None else makespan / same.makespan_cycles,
        new_schedule=None if new is None else makespan / new.makespan_cycles,
    )


def _words(found: Explanation) -> str:
    """The paragraph for a reader in a hurry: how far from the roofline, through what, and what would help."""
    result, total = found.result, found.result.makespan_cycles
    roofline = result.bounds.paper_roofline_cycles
    sentences = [
        f"{result.workload} on {result.machine} takes {found.cycles_per_token_layer:,.0f} cycles a token and layer, "
        f"{total / roofline:.2f} times the paper's roofline{_certified(result)}."
    ]
    steps = [rung for rung in found.rungs[1:] if abs(rung.added_cycles) >= WORTH_NAMING * total]
    steps.sort(key=lambda rung: -abs(rung.added_cycles))
    if steps:
        named = [f"{rung.description} ({rung.added_cycles / total:+.1%} of the time)" for rung in steps]
        sentences.append(f"From there to here: {_listed(named)}.")
    shares = [(key, cycles / total) for key, cycles in result.path_shares.items() if cycles >= 0.03 * total]
    named = [f"{kind} on {unit} {share:.0%}" for (unit, kind), share in shares]
    sentences.append(f"The critical path is {_listed(named)}.")
    gains = [what_if for what_if in found.what_ifs if what_if.best >= 1 + WORTH_NAMING]
    if gains:
        named = [f"{what_if.name} ({what_if.best:.2f}x)" for what_if in gains[:4]]
        sentences.append(f"What would help most: {_listed(named)}.")
    useless = [what_if.name for what_if in found.what_ifs if what_if.best < 1 + WORTH_NAMING]
    if useless:
        sentences.append(f"No gain of a percent: {_listed(useless)}.")
    return " ".join(sentences)


def _certified(result: Result) -> str:
    above = result.above_any_mapping
    return "" if above is None else f", within {percent(above)} of the least that any mapping of it takes"


def _listed(items: Sequence[str]) -> str:
    return ", ".join(items[:-1]) + " and " + items[-1] if len(items) > 1 else "".join(items)
