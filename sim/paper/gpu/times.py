"""Seconds that were measured: state updates of prompts, their kernels, and steps of decode."""

from __future__ import annotations

from sim.files.numbers import number, scaled
from sim.paper.gpu.chunks import MAMBA3, SSD, shortened
from sim.paper.gpu.decode import DECODERS, measured_race
from sim.paper.gpu.measurements import GpuMeasurements, Launch, Measured, StateUpdate
from sim.paper.pages import NOT_MEASURED, link
from sim.paper.runs import Runs
from sim.presentation.escaping import code_for_markdown, for_markdown
from sim.presentation.markdown import table

SHOWN_KERNELS = 5  # of a layer, the longest
NOTHING = NOT_MEASURED.capitalize() + "."


def updates_section(gpu: Measured, runs: Runs) -> str:
    """Every state update of each card."""
    rows = [[link(file), *_update(each)] for file, card in gpu.items() for each in card.state_updates]
    if not rows:
        return NOTHING
    header = ["measured in", "row", "code", "launch", "layers", "tokens", "seconds", "10th to 90th", "tok/s"]
    return (
        "The state update of all layers for a prompt, B = 1, from the scan's inputs to the gated output. Seconds are "
        "the median of several runs, with the tenth and the ninetieth percentile; launches are those of a layer, for "
        "all tokens.\n\n" + table([*header, "a layer and token", "watts", "launches"], rows, left=4)
    )


def _update(each: StateUpdate) -> list[str]:
    return [
        each.row,
        for_markdown(each.code),
        each.launch,
        str(each.layers),
        f"{each.tokens:,}",
        scaled(each.timed.seconds, "s"),
        f"{scaled(each.timed.least, 's')} to {scaled(each.timed.most, 's')}",
        number(each.tokens_per_second),
        scaled(each.timed.seconds / each.layers / each.tokens, "s"),
        "" if each.timed.watts is None else number(each.timed.watts),
        "" if each.launches is None else f"{each.launches:,}",
    ]


def kernels_section(gpu: Measured, runs: Runs) -> str:
    """The longest kernels of each state update of which there is a profile."""
    rows = [
        [link(file), each.row, for_markdown(each.code), *cells]
        for file, card in gpu.items()
        for each in card.state_updates
        if each.launch == "plain"  # a graph has the same
        for cells in _kernels(each)
    ]
    header = ["measured in", "row", "code", "kernel", "runs", "µs", "of all kernels"]
    if not rows:
        return NOTHING
    return f"Of a layer, the {SHOWN_KERNELS} longest.\n\n" + table(header, rows, left=4)


def _kernels(update: StateUpdate) -> list[list[str]]:
    longest = sorted(update.kernels, key=lambda each: -each.microseconds)
    total = sum(each.microseconds for each in longest)
    return [
        [
            code_for_markdown(shortened(each.name)),
            f"{each.runs:,}",
            number(each.microseconds),
            f"{each.microseconds / total:.0%}",
        ]
        for each in longest[:SHOWN_KERNELS]
    ]


def decode_section(gpu: Measured, runs: Runs) -> str:
    """A table of each card by batch, and where one model passes another."""
    tables = [part for file, card in gpu.items() if card.decode for part in _decode(file, card)]
    if not tables:
        return NOTHING
    return "\n\n".join(["Tokens a second of a step through all layers, without LM head.", *tables])


def _decode(file: str, card: GpuMeasurements) -> list[str]:
    ways = dict.fromkeys((each.workload, each.launch) for each in card.decode)
    curves = {way: card.curve(*way) for way in ways}
    batches = sorted({batch for curve in curves.values() for batch in curve})
    rows = [
        [str(batch), *(f"{curve[batch]:,.0f}" if batch in curve else NOT_MEASURED for curve in curves.values())]
        for batch in batches
    ]
    codes = {each.workload: each.code for each in card.decode}
    said = ", ".join(f"{name} {for_markdown(code)}" for name, code in codes.items())
    parts = [
        f"{link(file)}; code: {said}.",
        table(["B", *(f"{name}, {launch}" for name, launch in ways)], rows),
    ]
    crossings = _crossings(card)
    return [*parts, crossings] if crossings else parts


def _crossings(card: GpuMeasurements) -> str:
    """Where one model passes another, for those of which there are both."""
    siso, mimo = MAMBA3
    pairs = [tuple(DECODERS), (SSD, siso), (SSD, mimo), (siso, mimo)]
    launches: tuple[Launch, ...] = ("graph", "plain")
    races = [(a, b, launch, measured_race(card, launch, a, b)) for a, b in pairs for launch in launches]
    rows = [[f"{b} against {a}", launch, race.said, race.ends] for a, b, launch, race in races if race.known]
    return table(["", "launch", "faster from B", "how much"], rows, left=2) if rows else ""


def checks_section(gpu: Measured, runs: Runs) -> str:
    """How far what each code computes is from the equations."""
    rows = [
        [link(file), for_markdown(each.code), f"{each.error:.1e}"] for file, card in gpu.items() for each in card.checks
    ]
    if not rows:
        return NOTHING
    return "The largest difference to the same equations in float64, over their largest value.\n\n" + table(
        ["measured in", "code", "error"], rows, left=2
    )


def missing_section(gpu: Measured, runs: Runs) -> str:
    """What was not measured, and why."""
    lines = [
        f"- {for_markdown(what)}: {for_markdown(why)} ({link(file)})"
        for file, card in gpu.items()
        for what, why in card.missing.items()
    ]
    return "\n".join(lines) or "Nothing."
