"""The page about what the order of the three models depends on."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

from sim.files.numbers import number, percent
from sim.files.outputs import write_text
from sim.paper.pages import Found, head, signed
from sim.paper.ranking import MODELS, WAYS, Standing, standings
from sim.paper.runs import SCALING, Runs, Simulated
from sim.presentation.markdown import table

SURE, FOUND = ">", "~"


def write_ranking(folder: Path, runs: Runs) -> Found:
    """Write ranking.md, and tell the orders."""
    found = standings(runs)
    write_text(folder / "ranking.md", page(found))
    return {"orders": [_row(way, each) for way, those in found.items() for each in those]}


def _row(way: str, standing: Standing) -> dict[str, Any]:
    least, as_found, most = standing.penalty()
    order = standing.order()
    return {
        "way": way,
        "machine": standing.variant.machine,
        "assignments": list(standing.variant.assignments),
        "order": [MODELS[number] for number in order],
        "settled": [standing.settled(faster, slower) for faster, slower in pairwise(order)],
        "penalty_percent": as_found,
        "least_percent": least,
        "most_percent": most,
    }


def page(found: dict[str, list[Standing]]) -> str:
    """A table for each way of computing, and what holds in all of it."""
    parts = [
        "\n".join(head("What the paper's ranking depends on", "ranking")),
        f"880 M parameters each, 1024 tokens or one, B = 1. {SCALING}; decode simulates all layers. A cell has tokens "
        "a second, and in brackets how far that can be from the best mapping at most: the run against a bound over "
        "every mapping of the model's way of computing on that machine (sim/accounting/certificate.py).",
        f"In an order `A {SURE} B` means that A is faster whatever the schedules of both: A's run takes less than any "
        f"mapping of B can. `A {FOUND} B` means that A's mapping was the faster one, but the bounds leave it open. "
        "The penalty is how much longer Mamba-3 takes than Mamba-2: as found, and between which values it must be "
        "for the best schedules of both.",
        "The paper's Stream runs have Mamba-2 before Mamba-1 before Mamba-3 (319.2, 292.1, 247.4 tok/s).",
    ]
    for way, those in found.items():
        parts += [f"## {way.capitalize()}", _names(way), _table(those), _words(those)]
    return "\n\n".join(parts) + "\n"


def _names(way: str) -> str:
    workloads, assignments = WAYS[way]
    settings = f", {', '.join(f'`--set {each}`' for each in assignments)}" if assignments else ""
    return f"Workloads {', '.join(workloads)}{settings}."


def _table(those: Sequence[Standing]) -> str:
    rows = []
    for each in those:
        least, as_found, most = each.penalty()
        cells = [_cell(run) for run in each.runs]
        changes = " ".join(f"`{assignment}`" for assignment in each.variant.assignments)
        rows.append(
            [each.variant.name, changes or each.variant.machine, *cells, order_of(each), signed(as_found),
             f"{signed(least)} to {signed(most)}"]
        )  # fmt: skip
    return table(["machine", "settings", *MODELS, "order", "penalty", "certainly within"], rows, left=2)


def _cell(run: Simulated) -> str:
    above = run.cycles_per_token / run.least_cycles_per_token - 1
    return f"{number(run.tokens_per_second)} ({percent(above)})"


def order_of(each: Standing) -> str:
    """The models' numbers with what stands between them."""
    order = each.order()
    words = str(order[0] + 1)
    for faster, slower in pairwise(order):
        words += f" {SURE if each.settled(faster, slower) else FOUND} {slower + 1}"
    return words


def _words(those: Sequence[Standing]) -> str:
    """Which of the pairs have one order on every machine, whatever the schedules."""
    lines = []
    for first, second in ((1, 0), (1, 2), (2, 0)):
        wins = [each.variant.name for each in those if each.settled(first, second)]
        loses = [each.variant.name for each in those if each.settled(second, first)]
        opened = len(those) - len(wins) - len(loses)
        lines.append(
            f"- {MODELS[first]} before {MODELS[second]} whatever the schedules: on {len(wins)} of {len(those)} "
            f"machines; the reverse: {', '.join(loses) or 'on none'}; open: {opened}."
        )
    return "\n".join(lines)
