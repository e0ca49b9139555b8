"""The answer to a goal: the best points, how sure that is, and what binds there; as JSON, as a page, as a table."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any, Final

from sim.files.numbers import plural
from sim.studies.best_first import Found, Made
from sim.studies.candidates import Candidate, Grid
from sim.studies.figures import USUAL, Figure
from sim.studies.goal import Goal
from sim.studies.knowledge import MARGIN
from sim.studies.repeat import repeating
from sim.studies.table import ERROR, Table
from sim.version import __version__

BINDS: Final = ("busiest_unit", "busiest_share", "largest_stall", "above_any_mapping")
MEETS, BEST = "meets", "best"
Outcomes = dict[int, dict[str, Made]]
"""By the number of a point in the grid, and by run."""


def outcomes(found: Found) -> Outcomes:
    """What was run, in the order of the grid."""
    by_number: Outcomes = {}
    for made in sorted(found.made, key=lambda each: each.candidate.number):
        by_number.setdefault(made.candidate.number, {})[made.run] = made
    return by_number


def status(found: Found) -> str:
    """``proven``, ``assumed`` where the proof leans on an assumption, ``open`` if the search gave up before."""
    return "open" if found.open else "assumed" if found.assumed else "proven"


def answer(goal: Goal, grid: Grid, found: Found) -> dict[str, Any]:
    """All of it, for scripts; nothing in it tells when or how fast it was found."""
    made = outcomes(found)
    return {
        "version": __version__,
        "goal": goal.spec.name,
        "minimise": goal.spec.minimise,
        "maximise": goal.spec.maximise,
        "constraints": goal.spec.constraints,
        "within": goal.spec.within,
        "status": status(found),
        "points": {
            "grid": grid.size,
            "left_out_by_inputs": grid.left_out,
            "wrong": len(grid.wrong),
            "run": found.run,
            "excluded_for_certain": found.excluded,
            "excluded_by_assumption": found.assumed,
            "open": found.open,
            "could_win_by_a_better_mapping": found.hidden,
        },
        "runs": len(found.made),
        "runs_to_best": found.runs_to_best,
        "certificates": found.certified,
        "more_is_not_slower": goal.spec.more_is_not_slower,
        "margin": MARGIN if goal.spec.more_is_not_slower else None,
        "best": [
            _best(goal, grid.candidates[at], made[grid.candidates[at].number])
            | {"meets_constraints_with_any_mapping": at not in found.frail}
            for at in found.best
        ],
    }


def _best(goal: Goal, candidate: Candidate, made: dict[str, Made]) -> dict[str, Any]:
    return {
        "number": candidate.number,
        "keys": candidate.coordinates,
        "objectives": {each.wanted.text: _value(goal, each.wanted.text, candidate, made) for each in goal.objectives},
        "constraints": {
            text: _value(goal, text, candidate, made)
            for _, of in goal.conditions
            for text in (wanted.text for wanted in of.values())
        },
        "runs": {
            run: {name: each.outcome.figures.get(name) for name in _told(each)} for run, each in made.items()
        },
        "commands": {run: repeating(each.candidate.sides[run].point) for run, each in made.items()},
    }  # fmt: skip


def _told(made: Made) -> Iterator[str]:
    return (name for name in dict.fromkeys((*USUAL, *BINDS)) if made.outcome.figures.get(name) is not None)


def _value(goal: Goal, text: str, candidate: Candidate, made: dict[str, Made]) -> Figure:
    """What a name comes to."""
    if text in candidate.values:
        return candidate.values[text]
    wanted = goal.all_wanted[text]
    return made[wanted.run].outcome.figures.get(wanted.key) if wanted.run in made else None


def as_json(found: dict[str, Any]) -> str:
    """An :func:`answer` as text."""
    return json.dumps(found, indent=1, ensure_ascii=False) + "\n"


def as_page(goal: Goal, found: dict[str, Any], command: str) -> str:
    """An :func:`answer` as Markdown; *command* made it."""
    spec = goal.spec
    lines = [f"# {spec.name}", "", f"Written by `{command}`, stallscope {found['version']}."]
    lines += ["", f"{spec.description[0].upper()}{spec.description[1:]}."] if spec.description else []
    wishes = [f"least {text}" for text in spec.minimise] + [f"most {text}" for text in spec.maximise]
    lines += [
        "",
        f"Wanted: {', '.join(wishes)}" + (f", with {'; '.join(spec.constraints)}." if spec.constraints else "."),
    ]
    lines += ["", _proof(found)]
    for number, best in enumerate(found["best"], 1):
        lines += ["", *_about(best, f"The best {number}" if len(found["best"]) > 1 else "The best")]
    return "\n".join(lines) + "\n"


def _about(best: dict[str, Any], title: str) -> Iterator[str]:
    yield f"## {title}"
    yield ""
    yield ", ".join(f"`{key}={value}`" for key, value in best["keys"].items())
    yield ""
    yield "| | " + " | ".join(best["runs"]) + " |"
    yield "| --- |" + " --: |" * len(best["runs"])
    for name in dict.fromkeys(name for run in best["runs"].values() for name in run):
        yield f"| {name} | " + " | ".join(_shown(run.get(name)) for run in best["runs"].values()) + " |"
    yield ""
    if not best["meets_constraints_with_any_mapping"]:
        yield "With a better mapping of one of its runs it may miss a constraint, as far as bounds tell."
        yield ""
    for run, told in best["runs"].items():
        stall = told.get("largest_stall")
        waits = f", longest stall {stall.replace('_', ' ')}" if stall else ""
        yield f"What binds {run}: {told['busiest_unit']}, busy {told['busiest_share']:.1%} of the time{waits}."
    yield ""
    yield from (f"    {command}" for command in best["commands"].values())


def _shown(value: Figure) -> str:
    return f"{value:,.4g}" if isinstance(value, float) else "" if value is None else str(value)


def _proof(found: dict[str, Any]) -> str:
    """How sure it is, in words."""
    points = found["points"]
    told = {
        "proven": "No other point of the grid is better: all were run, or are excluded for certain",
        "assumed": "No other point of the grid is better, if more of "
        f"{', '.join(found['more_is_not_slower'])} makes no run slower by more than {MARGIN:.0%}",
        "open": f"The search gave up: {plural(points['open'], 'point')} may be better",
    }[found["status"]]
    if found["within"]:
        told = told.replace("is better", f"is better by more than {found['within']:.2%}", 1)
        told = told.replace("may be better", f"may be better by more than {found['within']:.2%}", 1)
    if not found["best"]:
        told = "No point meets the constraints" + told[told.index(":" if ":" in told else ",") :]
    counted = (
        f"{points['grid']:,} points in the grid; {points['left_out_by_inputs']:,} break a constraint by their inputs, "
        f"{points['wrong']:,} have inputs that do not go together. Of the others {points['run']:,} were run "
        f"({plural(found['runs'], 'run')}, the best after {found['runs_to_best']:,}), "
        f"{points['excluded_for_certain']:,} are excluded by bounds over every mapping, "
        f"{points['excluded_by_assumption']:,} by the assumption, {points['open']:,} are open."
    )
    hidden = points["could_win_by_a_better_mapping"]
    caveat = (
        f" A run is made by the mapping that was found: {plural(hidden, 'point')} of those that were run could win by "
        "a better one, as far as bounds tell."
    )
    return f"{told}. {counted}{caveat if hidden else ''}"


def results(goal: Goal, grid: Grid, found: Found) -> Table:
    """A row for each point of which a run was made: keys, names of the goal, usual figures of each run."""
    made, best = outcomes(found), {grid.candidates[at].number for at in found.best}
    names = [text for text in goal.all_wanted if text not in goal.columns]
    several = len(goal.spec.runs) > 1
    figures = [
        (f"{run}.{name}" if several else name, run, name)
        for run in goal.spec.runs
        for name in dict.fromkeys((*USUAL, *BINDS))
    ]
    figures = [each for each in figures if each[0] not in names and _any(made.values(), *each[1:])]
    columns = (*goal.columns, *names, *(title for title, *_ in figures), MEETS, BEST, ERROR)
    rows = []
    for number, runs in made.items():
        candidate = next(iter(runs.values())).candidate
        told = [runs[run].outcome.figures.get(name) if run in runs else None for _, run, name in figures]
        errors = [each.outcome.error for each in runs.values() if each.outcome.error]
        rows.append(
            (
                *candidate.coordinates.values(), *(_value(goal, text, candidate, runs) for text in names), *told,
                number in found.meets, number in best, errors[0] if errors else None,
            )
        )  # fmt: skip
    return Table(columns, len(goal.columns), tuple(rows))


def _any(rows: Iterable[dict[str, Made]], run: str, name: str) -> bool:
    return any(run in each and each[run].outcome.figures.get(name) is not None for each in rows)
