"""How far cards of one model are apart: every figure that two or more of their files have, the most over the least."""

from __future__ import annotations

from collections.abc import Iterator
from statistics import median

from sim.files.numbers import percent
from sim.paper.gpu.measurements import GpuMeasurements, Measured
from sim.paper.pages import link
from sim.paper.runs import Runs
from sim.presentation.escaping import for_markdown
from sim.presentation.markdown import table

Figures = dict[tuple[str, str], float]
"""(section, what) -> its seconds, or watts."""


def spread_section(gpu: Measured, runs: Runs) -> str:
    """A table for each model of card of which there are several files."""
    models: dict[str, dict[str, GpuMeasurements]] = {}
    for file, card in gpu.items():
        models.setdefault(card.card.name, {})[file] = card
    parts = [part for name, files in models.items() if len(files) > 1 for part in _model(name, files)]
    if not parts:
        return "No two files are of one model of card."
    words = "What two or more files have: the largest over the smallest, less one. Seconds, but for watts."
    return "\n\n".join([words, *parts])


def _model(name: str, files: Measured) -> list[str]:
    cards = len({card.card.fingerprint for card in files.values()})
    told = f"{for_markdown(name)}: {len(files)} files of {cards} card{'s' if cards > 1 else ''}, "
    rows = []
    for section, apart in spreads(files).items():
        worst = max(apart, key=lambda what: apart[what])
        middle = percent(median(apart.values()))
        rows.append([section, str(len(apart)), middle, percent(apart[worst]), for_markdown(worst)])
    header = ["section", "figures", "median", "worst", "which"]
    return [told + ", ".join(map(link, files)) + ".", table(header, rows)]


def spreads(files: Measured) -> dict[str, dict[str, float]]:
    """section -> figure -> the largest over the smallest, less one, of the files that have it."""
    each = [figures(card) for card in files.values()]
    keys = dict.fromkeys(key for found in each for key in found)
    apart: dict[str, dict[str, float]] = {}
    for section, what in keys:
        values = [found[section, what] for found in each if (section, what) in found]
        if len(values) > 1:
            apart.setdefault(section, {})[what] = max(values) / min(values) - 1
    return apart


def figures(card: GpuMeasurements) -> Figures:
    """Every figure of a card's file."""
    found: Figures = {}
    for section, what, value in _figures(card):
        found.setdefault((section, what), value)
    return found


def _figures(card: GpuMeasurements) -> Iterator[tuple[str, str, float]]:
    for launch in card.launches:
        yield "launches", launch.launch, launch.seconds
    for copy in card.copies:
        yield "copies", f"{copy.bytes:,} bytes", copy.timed.seconds
    for product in card.products:
        yield "products", f"{product.m} x {product.k} x {product.n}", product.timed.seconds
    for update in card.state_updates:
        what = f"{update.row}, {update.code}"
        yield f"state updates, {update.launch}", what, update.timed.seconds
        if update.timed.watts is not None:
            yield "watts of state updates", f"{what}, {update.launch}", update.timed.watts
    for step in card.decode:
        what = f"{step.workload}, {step.code}, B = {step.batch}"
        yield f"decode, {step.launch}", what, step.timed.seconds
    for rate in card.attention:
        what = f"{rate.tokens:,} tokens, {rate.heads} heads of {rate.head_dim}, {rate.mask}"
        yield "attention", what, rate.timed.seconds
