"""What stands above everything on a page and in a notebook: what was run, the first numbers, a verdict in words."""

from __future__ import annotations

from dataclasses import dataclass

from hw.unit_names import DMA
from sim.accounting.layers import layers_run, layers_scaled, not_the_model
from sim.accounting.result import Result
from sim.files.numbers import joules, number, percent, plural, scaled, seconds
from sim.presentation.generation import answer_words
from sim.presentation.stalls import WORTH_NAMING
from sim.presentation.titles import QUIET, shown, title, unit_title


@dataclass(frozen=True)
class HeadlineNumber:
    """A number of the headline: ``value`` is exact, ``text`` has the unit, ``note`` says of what."""

    name: str
    text: str
    note: str
    value: int | float | str


def about(result: Result) -> str:
    """What was run, in a line."""
    length = "" if result.phase == "decode" else f"L = {result.sequence_length:,}, "
    answer = f"; {answer_words(result.generation)}" if result.generation is not None else ""
    chunk = f", chunks of {plural(result.chunk, 'token')}" if result.chunk else ""
    layers = f"{layers_run(result)}{' and head' if result.head_mapping else ''}"
    scaling = layers_scaled(result)
    return (
        f"{result.phase}, {length}B = {result.batch}, {layers} "
        f"({result.model}, {result.formulation}{chunk}); {plural(result.tokens, 'token')}, "
        f"{plural(result.requests, 'request')}{'; ' if scaling else ''}{scaling}{answer}"
    )


def headline(result: Result) -> list[HeadlineNumber]:
    """The figures that everybody asks for first."""
    roofline, makespan = result.bounds.paper_roofline_cycles, result.makespan_cycles
    unit, works = limiting_unit(result), f"works {percent(result.utilisation(limiting_unit(result)))} of the time"
    time = f"{makespan:,} cycles at {result.clock_hz / 1e6:g} MHz"
    cut = f", {not_the_model(result)}" if result.model_layers else ""
    pace, energy, traffic = (
        result.tokens_per_second,
        result.energy_mj_per_token / 1000,
        result.dram_bytes / result.tokens,
    )
    return [
        HeadlineNumber("throughput", number(pace), f"tokens a second{cut}", pace),
        HeadlineNumber("energy", joules(energy), f"a token{cut}", result.energy_mj_per_token),
        HeadlineNumber("makespan", seconds(result.seconds), time, makespan),
        HeadlineNumber("speed", percent(roofline / makespan), "of the paper's roofline", roofline / makespan),
        HeadlineNumber("busiest unit", unit_title(unit), works, unit),
        HeadlineNumber("DRAM traffic", scaled(traffic, "B", 0), f"a token{cut}", result.dram_bytes),
    ]  # fmt: skip


def limiting_unit(result: Result) -> str:
    """The unit that works most."""
    return max((*result.compute_units, DMA), key=lambda unit: result.units[unit].busy_cycles)


def verdict(result: Result) -> str:
    """One sentence a unit: how much it works, and what it loses most to."""
    first = limiting_unit(result)
    units = sorted((*result.compute_units, DMA), key=lambda unit: unit != first)
    return " ".join(_sentence(result, unit) for unit in units)


def _sentence(result: Result, unit: str) -> str:
    account, makespan = result.units[unit], result.makespan_cycles
    said = f"{unit_title(unit)} works {percent(account.busy_cycles / makespan)} of the time"
    waits = {shown(unit, key): cycles for key, cycles in account.stalls.items()}
    losses = {"edge": account.edge_cycles, "fill_drain": account.fill_drain_cycles} | waits
    quiet, loud = ({key: c for key, c in losses.items() if c and (key in QUIET) == which} for which in (True, False))
    key = max(loud, key=loud.__getitem__, default="")
    if key and loud[key] >= WORTH_NAMING * makespan:
        said += f" and loses most to: {title(key)} ({percent(loud[key] / makespan)})"
    elif not quiet and not loud:
        said += ", all of it at full rate"
    named = [f"{title(key)} {percent(cycles / makespan)}" for key, cycles in quiet.items() if cycles >= makespan / 100]
    return "; ".join([said, *named]) + "."
