"""What measurements on GPUs say of the paper's claims: judged from the numbers of each card, never written.

A card that does not have what a verdict needs is left out; where none has it the verdict is *not measured*.
"""

from __future__ import annotations

from collections.abc import Callable
from math import log2

from sim.files.numbers import number, scaled
from sim.paper.gpu.chunks import MAMBA3, SSD, Chunked, chunked, shortened
from sim.paper.gpu.decode import DECODERS, Decoded, Race, measured_race, simulated_races
from sim.paper.gpu.launches import BOUND, SEQUENTIAL, Launched, launched, pace_ratio, paper_ratio
from sim.paper.gpu.measurements import TORCH, GpuMeasurements, Measured
from sim.paper.pages import NOT_MEASURED, link
from sim.paper.verdicts import Verdict
from sim.presentation.escaping import code_for_markdown

NEAR = 2.0  # crossings are at the same batch if they are no further apart than two batches measured
FACTOR = 2.0  # so many times as long as its bytes and MACs take is something else
COMMAND = "python -m sim reproduce gpu"

Judge = Callable[[GpuMeasurements], tuple[str, str] | None]
"""A card -> (verdict, numbers); None if it does not have what that needs."""


def gpu_verdicts(gpu: Measured, decode: Decoded, machine: str) -> list[Verdict]:
    """Every finding, judged; *decode* is simulated on *machine*."""
    simulated = simulated_races(decode)
    return [
        _over(
            gpu,
            "On a GPU the sequential recurrence is slow (Table 1: 585 and 735 tok/s on an A100)",
            _judge_launches,
        ),
        _over(
            gpu,
            "MIMO pays in decode from the batch that its bytes predict",
            lambda card: _judge_batch(card, *simulated, machine),
        ),
        _over(gpu, "Mamba-3's chunk kernel is slower than SSD at B = 1", _judge_chunks),
    ]


def _over(gpu: Measured, claim: str, judge: Judge) -> Verdict:
    """The verdict of all cards, if it is the same; otherwise that of each."""
    found = {file: judged for file, card in gpu.items() if (judged := judge(card)) is not None}
    if not found:
        return Verdict(claim, NOT_MEASURED, "", COMMAND)
    kinds = list(dict.fromkeys(verdict for verdict, _ in found.values()))
    each = "; ".join(f"{verdict} ({link(file)})" for file, (verdict, _) in found.items())
    numbers = "<br>".join(f"{link(file)}: {numbers}" for file, (_, numbers) in found.items())
    return Verdict(claim, kinds[0] if len(kinds) == 1 else each, numbers, COMMAND)


def _judge_launches(card: GpuMeasurements) -> tuple[str, str] | None:
    rows = [row for name in SEQUENTIAL if (row := launched(card, name)) is not None and row.bound is not None]
    if not rows:
        return None
    words = {row.row: _slow_by(row) for row in rows}
    kinds = list(dict.fromkeys(words.values()))
    verdict = kinds[0] if len(kinds) == 1 else "; ".join(f"{word} ({row})" for row, word in words.items())
    ratios = {launch: pace_ratio(card, TORCH, launch) for launch in ("plain", "graph")}
    told = [f"{launch} {ratio:.3f}" for launch, ratio in ratios.items() if ratio is not None]
    ending = f"; Mamba-1's pace over Mamba-2's: A100 {paper_ratio():.3f}, {', '.join(told)}" if told else ""
    return verdict, "; ".join(map(_launched_numbers, rows)) + ending


def _slow_by(row: Launched) -> str:
    if row.bound:
        return "does not hold: such rows are launch-bound"
    if row.fused is not None and row.plain >= FACTOR * row.fused:
        return "does not hold: what is slow is operations that are not fused"
    return "holds"


def _launched_numbers(row: Launched) -> str:
    parts = [f"{row.row} as {TORCH} {number(row.tokens / row.plain)} tok/s"]
    if row.graph is not None:
        parts.append(f"in a graph {number(row.tokens / row.graph)} ({row.plain / row.graph:.1f}x)")
    if row.told is not None:
        parts.append(f"{row.launches} launches a layer and token are {row.told:.0%} of the plain time")
    if row.fused is not None:
        parts.append(f"fused {number(row.tokens / row.fused)} ({row.plain / row.fused:.1f}x)")
    return ", ".join(parts)


def _judge_batch(card: GpuMeasurements, simulated: Race, bound: Race, machine: str) -> tuple[str, str] | None:
    race = measured_race(card, "graph", *DECODERS)
    if not race.known:
        return None
    told = [
        f"the paper's Mamba-3 passes Mamba-2 {_at(race)} as measured ({race.ends}), {_at(bound)} by bytes, "
        f"{_at(simulated)} as simulated on {machine}",
        *_official(card),
    ]
    return _where_it_pays(race, bound), "; ".join(told)


def _at(race: Race) -> str:
    return "never" if race.crossing is None else f"at B = {race.said}"


def _where_it_pays(race: Race, bound: Race) -> str:
    if race.crossing is None or bound.crossing is None:
        same = race.crossing is bound.crossing
        return "holds: never" if same else f"does not hold: {_at(race)}, by bytes {_at(bound)}"
    if abs(log2(race.crossing / bound.crossing)) <= log2(NEAR):
        return "holds"
    return f"does not hold: at B = {race.said}, not {bound.said}"


def _official(card: GpuMeasurements) -> list[str]:
    """The official MIMO against the official SISO and Mamba-2."""
    siso, mimo = MAMBA3
    races = {other: measured_race(card, "graph", other, mimo) for other in (siso, SSD)}
    return [f"{mimo} passes {other} {_at(race)} ({race.ends})" for other, race in races.items() if race.known]


def _judge_chunks(card: GpuMeasurements) -> tuple[str, str] | None:
    ssd = chunked(card, SSD)
    found = {name: each for row, name in MAMBA3.items() if (each := chunked(card, row)) is not None}
    if ssd is None or not found:
        return None
    slower = [name for name, each in found.items() if each.seconds_per_token > ssd.seconds_per_token]
    verdict = "holds" if len(slower) == len(found) else f"holds for {slower[0]} only" if slower else "does not hold"
    if slower:
        verdict += f": {'; '.join(f'{name}, {_why(card, found[name])}' for name in slower)}"
    told = [_chunk_numbers("SSD", ssd, ssd), *(_chunk_numbers(name, each, ssd) for name, each in found.items())]
    return verdict, "; ".join(told)


def _why(card: GpuMeasurements, each: Chunked) -> str:
    """What decides its time: launches, bytes, MACs, or how few blocks do its longest kernel."""
    if each.kernels and each.in_kernels < BOUND * each.seconds:
        return "its launches"
    if each.least is None:
        return "why was not measured"
    if each.seconds < FACTOR * each.least:
        return "its bytes" if each.copying == each.least else "its MACs"
    many = card.card.multiprocessors
    blocks = f", on {each.heads} of {many} multiprocessors" if each.heads < many else ""
    kernel = f", most in {code_for_markdown(shortened(each.kernels[0].name))}" if each.kernels else ""
    return f"{each.seconds / each.least:.1f}x what its bytes and MACs take{blocks}{kernel}"


def _chunk_numbers(name: str, each: Chunked, ssd: Chunked) -> str:
    times = each.seconds_per_token / ssd.seconds_per_token
    times_mac = each.seconds_per_mac / ssd.seconds_per_mac
    against = "" if each is ssd else f", {times:.2f}x SSD's, a MAC {times_mac:.2f}x"
    parts = [
        f"{name} ({each.launch}) {scaled(each.seconds_per_token, 's')} a layer and token, "
        f"{number(1e15 * each.seconds_per_mac)} fs a MAC{against}"
    ]
    if each.kernels:
        longest = each.kernels[0]
        share = longest.microseconds / 1e6 / each.in_kernels
        parts.append(
            f"{each.runs} launches a layer, {scaled(each.in_kernels, 's')} in kernels, "
            f"{share:.0%} of it in {code_for_markdown(shortened(longest.name))}"
        )
    if each.copying is not None:
        parts.append(f"its bytes take {scaled(each.copying, 's')} at the copy's rate")
    if each.multiplying is not None:
        parts.append(f"its MACs {scaled(each.multiplying, 's')} at the product's")
    return ", ".join(parts)
