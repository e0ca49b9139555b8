"""The GPU's part of Table 1: the paper's A100 beside each card that was measured, by code and launch."""

from __future__ import annotations

from collections.abc import Iterator

from sim.files.numbers import number, scaled
from sim.files.resolve import resolve_workload
from sim.paper.gpu.launches import SEQUENTIAL, pace_ratio, paper_launches, paper_ratio
from sim.paper.gpu.measurements import FOLDER, TORCH, GpuMeasurements, Measured, StateUpdate, fullest
from sim.paper.pages import NOT_AVAILABLE, NOT_MEASURED, OURS, link
from sim.paper.published import table1
from sim.paper.table1_cells import MEASURED, Cell
from sim.presentation.escaping import code_for_markdown, for_markdown
from sim.presentation.markdown import table

THROUGHPUT, POWER = "state update, throughput", "state update, power"


def measured(gpu: Measured) -> Iterator[Cell]:
    """A cell for each figure of the paper's A100 and of ours; where there are none of ours, the paper's alone."""
    for name, paper in table1().items():
        found = list(_updates(gpu, name))
        for quantity, unit, theirs in (
            (THROUGHPUT, "tok/s", paper.a100_tok_per_s),
            (POWER, "W", paper.a100_w),
        ):
            for file, card, update in found:
                ours = update.tokens_per_second if quantity == THROUGHPUT else update.timed.watts
                setting = f"{card.card.name} ({file}), {update.code}, {update.launch}"
                yield Cell(name, quantity, unit, setting, theirs, ours, command=card.command)
            if not found:
                yield Cell(name, quantity, unit, MEASURED, theirs, None)


def _updates(gpu: Measured, row: str) -> Iterator[tuple[str, GpuMeasurements, StateUpdate]]:
    for file, card in gpu.items():
        for update in card.state_updates:
            if update.row == row:
                yield file, card, update


def gpu_section(files: Measured) -> list[str]:
    """What the page says of GPUs, a paragraph or table each; of each model of card its fullest file."""
    gpu = fullest(files)
    said = f"Ours: {NOT_MEASURED} (files of `{FOLDER}/` beside this page are read when there are any)."
    if gpu:
        said = (
            "*Plain* launches kernel by kernel, *graph* is one CUDA graph. What else was measured, and how far cards "
            "of one model are apart: [gpu.md](gpu.md). Ours are of the fullest file of each model of card:"
        )
    header = ["row", "measured in", "code", "launch", "tok/s: paper's A100", "ours", "W: paper's A100", "ours"]
    rows = [line for name in table1() for line in _lines(gpu, name)]
    return [f"The state update alone, all layers. {said}", *_cards(gpu), table(header, rows, left=4), *_launches(gpu)]


def _cards(gpu: Measured) -> list[str]:
    lines = [
        f"- {link(file)}: {for_markdown(card.card.name)}, {for_markdown(card.date)}, {code_for_markdown(card.command)}"
        for file, card in gpu.items()
    ]
    return ["\n".join(lines)] if lines else []


def _lines(gpu: Measured, row: str) -> Iterator[list[str]]:
    paper = table1()[row]
    found = False
    for file, _, update in _updates(gpu, row):
        found = True
        pace = _beside(paper.a100_tok_per_s, update.tokens_per_second, 0)
        power = _beside(paper.a100_w, update.timed.watts, 1)
        yield [row, link(file), for_markdown(update.code), update.launch, *pace, *power]
    if not found:
        yield [row, "", "", "", *_beside(paper.a100_tok_per_s, None, 0), *_beside(paper.a100_w, None, 1)]


def _beside(paper: float | None, ours: float | None, digits: int) -> tuple[str, str]:
    """The paper's figure and ours, with a dagger if the paper has none."""
    beyond = f" {OURS}" if paper is None else ""
    return (
        NOT_AVAILABLE if paper is None else f"{paper:,.{digits}f}",
        NOT_MEASURED if ours is None else f"{ours:,.1f}{beyond}",
    )


def _launches(gpu: Measured) -> list[str]:
    """What plain launches and graphs make of the ratio of the sequential rows, and how many launches the A100's are."""
    if not gpu:
        return []
    lines = [sentence for file, card in gpu.items() if (sentence := _paper_launches(file, card))]
    return ["Tokens a second of mamba1 over those of mamba2, both sequential:", _ratios(gpu), *lines]


def _ratios(gpu: Measured) -> str:
    ways = dict.fromkeys((each.code, each.launch) for card in gpu.values() for each in card.state_updates)
    found = {way: {file: pace_ratio(card, *way) for file, card in gpu.items()} for way in ways}
    shown = {way: ratios for way, ratios in found.items() if any(ratios.values())}
    rows = [["the paper's A100", *[f"{paper_ratio():.3f}"] * len(gpu)]]
    rows += [
        [
            f"{for_markdown(code)}, {launch}",
            *(NOT_MEASURED if each is None else f"{each:.3f}" for each in ratios.values()),
        ]
        for (code, launch), ratios in shown.items()
    ]
    return table(["", *map(link, gpu)], rows)


def _paper_launches(file: str, card: GpuMeasurements) -> str:
    """How many launches the A100's figures are; nothing where none was timed."""
    each = card.launch_seconds("plain")
    if each is None:
        return ""
    parts = []
    for row in SEQUENTIAL:
        ours = card.update(row, TORCH, "plain")
        counted = f" ({TORCH} of ours: {number(ours.launches / ours.tokens)})" if ours and ours.launches else ""
        parts.append(f"{row} {number(paper_launches(row, resolve_workload(row).spec.layers, each))}{counted}")
    return (
        f"If a launch took the A100 the {scaled(each, 's')} that it takes in {link(file)}, its sequential figures "
        f"would be those of so many launches a layer and token: {', '.join(parts)}."
    )
