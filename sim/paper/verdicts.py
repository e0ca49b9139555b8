"""Verdicts on the paper's claims: computed from the numbers that stand beside them, not written.

A claim *holds*, *holds only if ...*, or *does not hold*.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from math import ceil

from sim.explanation.near import ROBUST
from sim.paper.facts import CHUNKED, MACHINES, SMALL, Facts
from sim.paper.gpu.decode import BATCHES, simulated_races
from sim.paper.pages import excess, signed
from sim.paper.published import PENALTY_LARGE, PENALTY_SMALL, STREAM_MAPPING, table1

PAPER_ORDER = ("mamba2", "mamba1", "mamba3_mimo")
NAMES = {"mamba1": "Mamba-1", "mamba2": "Mamba-2", "mamba3_mimo": "Mamba-3"}
NEAR = 5.0  # percentage points: a penalty as near as that to the claimed one is the claimed one


def penalty(speeds: dict[str, float]) -> float:
    """How much longer a token takes Mamba-3 than Mamba-2, in percent."""
    return excess(speeds["mamba2"], speeds["mamba3_mimo"])


def order(speeds: dict[str, float]) -> tuple[str, ...]:
    """The models, the fastest first."""
    return tuple(sorted(speeds, key=lambda name: -speeds[name]))


@dataclass(frozen=True)
class Verdict:
    """A claim, whether it holds, the numbers, the command that shows them, and whether a schedule may turn it."""

    claim: str
    verdict: str
    numbers: str
    command: str
    schedule: str = ""


def verdicts(facts: Facts) -> list[Verdict]:
    """Every claim, judged: by the best mappings, and with one run at a time by another near its best."""
    judges: tuple[Callable[[Facts], Verdict], ...] = (
        _judge_order, _judge_large_penalty, _judge_small_penalty, _judge_mamba2,
        _judge_chunked, _judge_energy, _judge_mimo,
    )  # fmt: skip
    varied = list(facts.varied())
    return [_with_schedule(judge(facts), [judge(each) for each in varied]) for judge in judges]


def _with_schedule(found: Verdict, others: Sequence[Verdict]) -> Verdict:
    """*found* with what other schedules make of it."""
    turned = list(dict.fromkeys(each.verdict for each in others if each.verdict != found.verdict))
    schedule = f"depends on the schedule: {'; '.join(turned)}" if turned else f"for every mapping within {ROBUST:.0%}"
    return replace(found, schedule=schedule)


def _judge_order(facts: Facts) -> Verdict:
    kept = [machine for machine in MACHINES if order(facts.shipped(machine)) == PAPER_ORDER]
    stream = {name: run.tokens_per_second for name, run in facts.stream.items()}
    if len(kept) == len(MACHINES):
        verdict = "holds"
    elif kept or order(stream) == PAPER_ORDER:
        verdict = "holds only if PEs do elementwise operations"
    else:
        verdict = "does not hold"
    numbers = "; ".join(f"{machine}: {_ranked(facts.shipped(machine))}" for machine in MACHINES)
    return Verdict(
        "On the edge Mamba-2 is fastest, then Mamba-1, then Mamba-3 (Table 1: 319.2, 292.1, 247.4 tok/s)",
        verdict,
        f"{numbers}; {STREAM_MAPPING}: {_ranked(stream)}",
        "python -m sim compare mamba2 mamba1 mamba3_mimo --hw edge --hw edge_flexpe",
    )


def _judge_large_penalty(facts: Facts) -> Verdict:
    paper = table1()
    roofline = excess(paper["mamba2"].roofline_tok_per_s, paper["mamba3_mimo"].roofline_tok_per_s)
    best = {machine: penalty(facts.shipped(machine)) for machine in MACHINES}
    stream = penalty({name: run.tokens_per_second for name, run in facts.stream.items()})
    chunked = {
        machine: excess(*(facts.parallel[name, machine].tokens_per_second for name in ("mamba2", "mamba3_mimo")))
        for machine in MACHINES
    }
    near = [machine for machine, percent in best.items() if abs(percent - PENALTY_LARGE.percent) <= NEAR]
    if len(near) == len(MACHINES):
        verdict = "holds"
    elif near or abs(stream - PENALTY_LARGE.percent) <= 2 * NEAR:
        verdict = "holds only if every operator runs on the array, one after the other, and only nearly"
    else:
        verdict = "does not hold"
    numbers = [
        f"{machine} {signed(percent)}, in chunks {signed(chunked[machine])}" for machine, percent in best.items()
    ]
    numbers += [f"{STREAM_MAPPING} {signed(stream)}", f"the paper's roofline {signed(roofline)}"]
    return Verdict(
        f"Mamba-3 takes 28 % longer than Mamba-2 at 880 M parameters ({PENALTY_LARGE.method})",
        verdict,
        "; ".join(numbers),
        "python -m sim reproduce figure2",
    )


def _judge_small_penalty(facts: Facts) -> Verdict:
    found = {m: excess(*(facts.small[name, m].tokens_per_second for name in SMALL)) for m in MACHINES}
    large = {machine: penalty(facts.shipped(machine)) for machine in MACHINES}
    near = [machine for machine, percent in found.items() if abs(percent - PENALTY_SMALL.percent) <= NEAR]
    grows = [machine for machine in MACHINES if found[machine] > large[machine]]
    verdict = "holds" if len(near) == len(MACHINES) else "holds only by the roofline"
    if near and len(near) < len(MACHINES):
        verdict = f"holds only on {near[0]}"
    if len(grows) == len(MACHINES):
        verdict += "; that the penalty grows as models shrink holds"
    elif grows:
        verdict += f"; that the penalty grows as models shrink holds on {grows[0]}"
    numbers = "; ".join(f"{m}: {signed(large[m])} at 880 M, {signed(found[m])} at 15 M" for m in MACHINES)
    return Verdict(
        f"The penalty is 48 % at 15 M parameters ({PENALTY_SMALL.method}: another method than the 28 %)",
        verdict,
        numbers,
        "python -m sim compare mamba2-d96 mamba3_mimo-d48 --hw edge --hw edge_flexpe",
    )


def _judge_mamba2(facts: Facts) -> Verdict:
    gains = {m: excess(facts.shipped(m)["mamba2"], facts.shipped(m)["mamba1"]) for m in MACHINES}
    modest = [machine for machine, gain in gains.items() if 0 < gain < 20]
    return Verdict(
        "From Mamba-1 to Mamba-2 the edge gains little (Table 1: 9.3 %)",
        "holds" if len(modest) == 2 else f"holds only on {modest[0]}" if modest else "does not hold",
        "; ".join(f"{machine} {signed(gain)}" for machine, gain in gains.items())
        + "; Mamba-1's exponentials keep 32 lanes busy, PEs that do them do not mind",
        "python -m sim explain mamba1 --hw edge",
    )


def _judge_chunked(facts: Facts) -> Verdict:
    gains = {
        (name, m): excess(facts.parallel[name, m].tokens_per_second, facts.shipped(m)[name])
        for m in MACHINES
        for name in ("mamba2", "mamba3_mimo")
    }
    scan = {m: excess(facts.parallel["mamba1", m].tokens_per_second, facts.shipped(m)["mamba1"]) for m in MACHINES}
    numbers = [f"{CHUNKED[name]} on {machine} {signed(gain)}" for (name, machine), gain in gains.items()]
    numbers += [f"mamba1_pscan on {machine} {signed(gain)}" for machine, gain in scan.items()]
    better = [key for key, gain in gains.items() if gain > 1]
    return Verdict(
        "Parallel forms of the recurrence are for GPUs (N/A on the edge in Table 1)",
        "does not hold for chunks; holds for the parallel scan" if better and max(scan.values()) < 0 else "holds",
        "against the sequential form: " + "; ".join(numbers),
        "python -m sim reproduce table1",
    )


def _judge_energy(facts: Facts) -> Verdict:
    paper = table1()
    numbers, off = [], []
    for name, run in facts.stream.items():
        percent = excess(run.energy_mj_per_token, paper[name].stream_mj_per_token or 0.0)
        tile = run.result.mapping.token_tile
        numbers.append(f"{NAMES[name]} {run.energy_mj_per_token:.2f} mJ at {tile} tokens ({signed(percent)})")
        if abs(percent) > 5:
            off.append(name)
    only = f"holds only if {', '.join(NAMES[name] for name in off)} may use more than 2 MiB for its tile of tokens"
    return Verdict(
        "4.48, 8.09 and 9.15 mJ a token for Mamba-1, 2 and 3",
        only if off else "holds",
        "; ".join(numbers),
        "python -m sim reproduce table1",
    )


def _judge_mimo(facts: Facts) -> Verdict:
    simulated, bound = (race.crossing for race in simulated_races(facts.decode))
    pays = simulated is not None and simulated <= BATCHES[-1]
    numbers = "never ahead" if simulated is None or bound is None else (
        f"ahead from {ceil(simulated)} sequences on, simulated, and from {ceil(bound)} by the resource bound"
    )  # fmt: skip
    return Verdict(
        "Mamba-3's changes pay on datacentre GPUs, where many sequences are decoded together",
        "holds" if pays else "does not hold",
        f"{numbers}; because its state is half as large, which is what large batches read and write",
        "python -m sim reproduce figure1",
    )


def _ranked(speeds: dict[str, float]) -> str:
    return " > ".join(f"{NAMES[name]} {speeds[name]:.1f}" for name in order(speeds))
