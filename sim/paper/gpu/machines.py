"""Measured GPUs held against the machines that are described like them, and what such a picture can and cannot say.

A section of a page. What is compared, and how: compared.py.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from statistics import median
from typing import Final

from sim.files.numbers import seconds
from sim.paper.gpu.compared import MANY, Compared, Comparison, Step, compared
from sim.paper.gpu.kernels import Copy, Product, Update
from sim.paper.gpu.measurements import Measured
from sim.paper.pages import NOT_MEASURED, link, signed
from sim.paper.runs import Runs
from sim.presentation.escaping import for_markdown
from sim.presentation.markdown import table

GIVEN: Final = "given"
CANNOT: Final = "cannot"
GOOD, FAIR = 10, 30  # percent, of the worst error of a class
CLASSES: Final = {
    "copy": "nothing of it: bytes over bandwidth, with refreshes and turnarounds",
    "GEMM": "tiles of single SMs and their last wave; a clock that falls with power",
    "GEMV": "a kernel's start and end; loads that too few warps have in flight; sums that several SMs share",
    "scan": "warps that wait for one another, lanes without work; special functions beside other arithmetic",
    "chunk": "kernels that follow one another, with the states of chunks in DRAM between them",
    "sequential": "a launch, or a wait for all lanes, at every token",
    "decode, B = 1": "kernels that follow one another: here the next weights stream in meanwhile",
    f"decode, B < {MANY}": "the same",
    f"decode, B >= {MANY}": "the same; states that a cache holds",
}
"""Classes of what is measured, and what of them the picture leaves out."""


def machines_section(gpu: Measured, runs: Runs) -> str:
    """Every card of which there is a machine: what it took, and what the machine takes."""
    parts = []
    for name, each in gpu.items():
        if each.machine is None:
            parts.append(f"No machine is shipped that is such a card: {for_markdown(each.card.name)} ({link(name)}).")
        else:
            parts += _of_card(name, compared(each, each.machine, runs))
    return "\n\n".join(parts)


def _of_card(name: str, found: Comparison) -> list[str]:
    """What there is to say of the card in the file *name*."""
    return [
        f"### {for_markdown(found.card)} and hw/{found.machine}.yaml",
        f"Measured: {link(name)}. {_introduced(found)}",
        *_rows("Copies and products", found.of(Copy, Product), ("what", "size"), _rate_cells),
        *_rows(
            "State updates: all layers, from the scan's inputs to the gated outputs",
            found.of(Update),
            ("row", "code", "launched", "tokens", "launches take"),
            _update_cells,
        ),
        *_rows("Steps of decode: all layers", found.of(Step), ("workload", "code", "launched", "B"), _step_cells),
        f"### What a one-array picture of {for_markdown(found.card)} can and cannot say",
        _judgement(found),
        _summed(found),
    ]


def _introduced(found: Comparison) -> str:
    said = (
        "Errors are of the time, predicted over measured: below zero the machine is too fast. *By the data sheet* is "
        "the machine as shipped, of which no figure is fitted. "
    )
    if not found.settings:
        return said + f"Without a copy or a product there is no scaled one: {NOT_MEASURED}."
    settings = " ".join(f"--set {each}" for each in found.settings)
    by = [
        f"the {clock} clock {each[1]:.3f} times as fast, by the largest {each[0].work.kind} ({each[0].work.title})"
        for clock, each in (("DRAM's", found.scale.copy), ("chip's", found.scale.product))
        if each is not None
    ]
    return (
        f"{said}*Scaled* (`{settings}`) has {' and '.join(by)}; what it is scaled by is *given*, not predicted. The "
        "chip's clock is that of array, lanes and SRAM. A kernel is simulated by itself, from DRAM to DRAM, with the "
        "quickest mapping that a search finds; layers follow one another."
    )


Cells = Callable[[Compared], list[str]]


def _rows(title: str, rows: Sequence[Compared], header: Sequence[str], cells: Cells) -> list[str]:
    """A table of *rows*, whose first columns are *cells* of each."""
    if not rows:
        return [f"**{title}**: {NOT_MEASURED}."]
    whole = [*header, "measured", "by the data sheet", "error", "scaled", "error"]
    lines = [
        [
            *cells(row), seconds(row.item.measured), seconds(row.sheet), signed(row.error),
            NOT_MEASURED if row.scaled is None else seconds(row.scaled),
            GIVEN if row.given else signed(row.scaled_error),
        ]
        for row in rows
    ]  # fmt: skip
    return [f"**{title}**", table(whole, lines, left=min(3, len(header)))]


def _rate_cells(row: Compared) -> list[str]:
    return [row.item.work.kind, row.item.work.title]


def _update_cells(row: Compared) -> list[str]:
    update = row.item.work
    assert isinstance(update, Update), "these rows are state updates"
    launching = "" if row.launching is None else seconds(row.launching)
    return [f"{for_markdown(row.item.work.title)} ({update.kind})", *_how(row), f"{update.tokens:,}", launching]


def _step_cells(row: Compared) -> list[str]:
    step = row.item.work
    assert isinstance(step, Step), "these rows are steps of decode"
    return [for_markdown(row.item.work.title), *_how(row), f"{step.batch}"]


def _how(row: Compared) -> list[str]:
    """The code, bold where the machine is judged by it, and how it was launched."""
    code = for_markdown(row.item.code)
    return [f"**{code}**" if row.judged else code, row.item.launch]


def _judgement(found: Comparison) -> str:
    """The table of classes."""
    header = ["class", "left out", "of", "median", "worst", "verdict", "scaled: median", "worst", "verdict"]
    lines = []
    for kind, left_out in CLASSES.items():
        rows = found.judged(kind)
        sheet = [row.error for row in rows]
        scaled = [row.scaled_error for row in rows if row.scaled_error is not None]
        given = bool(rows) and all(row.given for row in rows)
        lines.append(
            [kind, f"{left_out}{_launches(rows)}", str(len(rows) or ""), *_errors(sheet), *_errors(scaled, given)]
        )
    return table(header, lines, left=2)


def _errors(errors: Sequence[float], given: bool = False) -> list[str]:
    """Median of the sizes of *errors*, the largest, and the verdict."""
    if not errors:
        return ["", "", GIVEN if given else NOT_MEASURED]
    worst = max(errors, key=abs)
    return [f"{median(map(abs, errors)):.1f} %", signed(worst), verdict(errors)]


def verdict(errors: Sequence[float]) -> str:
    """What *errors* in percent say of a class: the worst of them decides."""
    worst = max(map(abs, errors))
    return next((f"within {limit} %" for limit in (GOOD, FAIR) if worst <= limit), CANNOT)


def _launches(rows: Sequence[Compared]) -> str:
    """How much of what the machine is too fast by are launches, over the rows that say."""
    known = [(row.launching, row.lacking) for row in rows if row.launching is not None and row.lacking > 0]
    if not known:
        return ""
    share = sum(taken for taken, _ in known) / sum(lacking for _, lacking in known)
    return f"; launches are {'all' if share >= 1 else f'{100 * share:.0f} %'} of what it is too fast by"


def _summed(found: Comparison) -> str:
    """What the table comes to: which classes each of the two machines says how well."""
    by_sheet = {kind: [row.error for row in found.judged(kind)] for kind in CLASSES}
    scaled = {
        kind: [row.scaled_error for row in found.judged(kind) if row.scaled_error is not None] for kind in CLASSES
    }
    said = (
        f"The verdict is that of the worst error of a class, over the quickest code (bold above) of each thing: within "
        f"{GOOD} %, within {FAIR} %, or it {CANNOT} say. Launches take their number times what an empty kernel takes "
        "in a row of them."
    )
    return f"{said}\n\n- By the data sheet: {_grouped(by_sheet)}.\n- Scaled: {_grouped(scaled)}."


def _grouped(errors: Mapping[str, Sequence[float]]) -> str:
    """The classes that were measured, by verdict, the best first."""
    groups: dict[str, list[str]] = {f"within {GOOD} %": [], f"within {FAIR} %": [], f"{CANNOT} say": []}
    for kind, known in errors.items():
        if known:
            found = verdict(known)
            groups[f"{found} say" if found == CANNOT else found].append(f"*{kind}*")
    return "; ".join(f"{name}: {', '.join(kinds)}" for name, kinds in groups.items() if kinds) or NOT_MEASURED
