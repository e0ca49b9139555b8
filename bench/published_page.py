"""The page results/published.md: tables and sentences out of what has been predicted, and nothing else."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

from bench.binding import binding
from bench.published import Prediction, Published, WhatIf
from sim import __version__
from sim.presentation.titles import unit_title

NEAR = 0.1  # a prediction within that share of the published speed is no miss
Explained = Sequence[tuple[str, WhatIf, Prediction]]


def page(numbers: Sequence[Published], predictions: Mapping[str, Prediction], explained: Explained) -> str:
    """The page as Markdown: what was found, the table, each miss, and where the numbers are from."""
    misses = [number for number in numbers if not near(predictions[number.name].speed)]
    parts = [
        "# Published accelerators",
        f"Written by `python -m bench.published`, stallscope {__version__}. Machines: `hw/published/`, each figure "
        'with its source or "assumed"; numbers and what could explain a miss: `bench/data/`. *Speed* is the predicted '
        "over the published one, so above 1 the prediction is too optimistic. No figure of a machine was chosen so "
        "that its number comes out, but for one that says so (the U280's MACs). What binds is what is busy the most.",
        finding(numbers, predictions),
        "\n".join(_table(numbers, predictions)),
        "## Misses",
        f"All that is off by more than {NEAR:.0%}. A what-if changes what it says and searches for a new mapping.",
        *(_miss(number, predictions[number.name], explained) for number in misses),
        "## Sources",
        "\n".join(_sources(numbers, misses)),
    ]
    return "\n\n".join(parts) + "\n"


def near(speed: float) -> bool:
    """Whether a predicted speed over the published one is no miss."""
    return abs(speed - 1) <= NEAR


def finding(numbers: Sequence[Published], predictions: Mapping[str, Prediction]) -> str:
    """How far predictions are off, and in which direction: of all numbers, and of each kind that there is."""
    speeds = [predictions[number.name].speed for number in numbers]
    high, low = sum(speed > 1 + NEAR for speed in speeds), sum(speed < 1 - NEAR for speed in speeds)
    lines = [
        f"**Finding.** Of {len(speeds)} predictions {len(speeds) - high - low} are within {NEAR:.0%}, {high} too high "
        f"and {low} too low. Predicted over published speed, by what it is of and how the published number came to be:",
        "",
    ]
    for (what, kind), found in _groups(numbers, predictions).items():
        least, most = f"{min(found):.2f}", f"{max(found):.2f}"
        lines.append(f"- {what}, {kind}: {least if least == most else f'{least} to {most}'} ({len(found)})")
    return "\n".join(lines)


def _groups(numbers: Sequence[Published], predictions: Mapping[str, Prediction]) -> dict[tuple[str, str], list[float]]:
    """Speeds by what the number is of and how it came to be."""
    found: dict[tuple[str, str], list[float]] = {}
    for number in numbers:
        found.setdefault((subject(number), number.kind), []).append(predictions[number.name].speed)
    return found


def subject(number: Published) -> str:
    """What a number is of, in words that group it with others."""
    if number.unit == "tok/J":
        return "energy"
    if number.unit == "times":
        return "two machines compared"
    return "decode" if "phase=decode" in number.settings else "prompts"


def _table(numbers: Sequence[Published], predictions: Mapping[str, Prediction]) -> Iterator[str]:
    yield "| | machine | work | published | predicted | speed | what binds | DRAM at the published speed |"
    yield "|---|---|---|--:|--:|--:|---|--:|"
    for number in numbers:
        found = predictions[number.name]
        unit, share = binding(found.shares)
        dram = f"{found.shares['dram'] / found.speed:.0%}" if _is_speed(number) else ""
        machine = number.machine + (f" over {number.over}" if number.over else "")
        yield (
            f"| {number.name} | {machine} | {_work(number)} | {number.value:.4g} {number.unit} | "
            f"{found.value:.4g} {number.unit} | {found.speed:.2f} | {unit_title(unit)}, {share:.0%} | "
            f"{dram} |"
        )


def _work(number: Published) -> str:
    """The model and what it does: settings that are not about the machine or the way it is mapped."""
    said = [each for each in number.settings if each != "phase=decode" and not each.endswith("=null")]
    said = [re.sub(r"^sequence_length=(\d+)", r"\1 tokens", each.replace("formulation=", "")) for each in said]
    text = f"{number.workload}, {'decode' if 'phase=decode' in number.settings else 'prompt'}"
    return ", ".join([text, *said, *(["logits of all tokens"] if number.all_logits else [])])


def _miss(number: Published, found: Prediction, explained: Explained) -> str:
    """A published number's miss in words, and what the what-ifs of it give."""
    tried = [(what_if, then) for name, what_if, then in explained if name == number.name]
    direction = "too high" if found.speed > 1 else "too low"
    lines = [f"### {number.name}", ""]
    lines.append(f"Predicted {direction}, by a factor of {_factor(found.speed):.2f}.{_fullness(number, found)}")
    if number.note:
        lines.append(f"Known: {number.note}.")
    if tried:
        lines.append(_best([(what_if.label, then.speed) for what_if, then in tried], found.speed))
        lines += ["", "| what if | predicted | speed | on what basis |", "|---|--:|--:|---|"]
        lines += [
            f"| {each.label} | {then.value:.4g} {number.unit} | {then.speed:.2f} | {each.basis} |"
            for each, then in tried
        ]
    return "\n".join(lines)


def _best(tried: Sequence[tuple[str, float]], plain: float) -> str:
    """Which of the what-ifs, each with its speed, comes closest, and what is left of the miss then."""
    label, speed = min(tried, key=lambda each: _factor(each[1]))
    if _factor(speed) >= _factor(plain):
        return "None of what was tried comes closer."
    if near(speed):
        return f'It would be explained by "{label}" ({speed:.2f}).'
    if (speed > 1) != (plain > 1):
        return f'The published speed lies between this and "{label}" ({plain:.2f} and {speed:.2f}).'
    return f'Closest is "{label}" ({speed:.2f}); nothing here explains the rest.'


def _factor(speed: float) -> float:
    """By how much a predicted speed over the published one is off, up or down."""
    return max(speed, 1 / speed)


def _is_speed(number: Published) -> bool:
    """Whether units would be busy for so much more or less at the published number."""
    return number.unit not in ("tok/J", "times")


def _fullness(number: Published, found: Prediction) -> str:
    """How busy units would be at the published speed, and with what; nothing where no speed was published."""
    if not _is_speed(number):
        return ""
    parts = [f"{unit_title(unit)} {share / found.speed:.0%}" for unit, share in found.shares.items()]
    without = " (LM head not counted)" if number.all_logits else ""
    text = f" At the published speed units would be busy{without}: {', '.join(parts)}."
    if number.unit != "ms":
        return text
    work = sorted(found.work_ms.items(), key=lambda each: -each[1])
    return f"{text} Predicted work, in ms: {', '.join(f'{of_class} {spent:.1f}' for of_class, spent in work)}."


def _sources(numbers: Sequence[Published], misses: Sequence[Published]) -> Iterator[str]:
    yield "| | how it came to be | read | source | what to know, if not said above |"
    yield "|---|---|---|---|---|"
    for number in numbers:
        hand = {"first": "at its source", "second": "second-hand"}[number.hand]
        note = "" if number in misses else number.note
        yield f"| {number.name} | {number.kind} | {hand} | {number.source} | {note} |"
