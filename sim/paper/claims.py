"""The paper's claims, each with a verdict and its numbers, and how far they move when we assume otherwise."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from sim.files.outputs import write_text
from sim.paper.facts import ASSUMPTIONS, MACHINES, MODELS, Facts, simulate_facts
from sim.paper.gpu.decode import simulated_machine
from sim.paper.gpu.measurements import read_measurements
from sim.paper.gpu.verdicts import gpu_verdicts
from sim.paper.pages import Found, head, signed
from sim.paper.published import SOURCE
from sim.paper.runs import SCALING, Runs
from sim.paper.verdicts import NAMES, PAPER_ORDER, Verdict, order, penalty, verdicts
from sim.presentation.markdown import table


def write_claims(folder: Path, runs: Runs) -> Found:
    """Write claims.md into *folder*, and tell the claims.

    Reads gpu/*.json there, and raises InputError with mistakes in these.
    """
    gpu = read_measurements(folder)
    machine = simulated_machine(gpu)
    facts = simulate_facts(runs, machine)
    simulated, measured = verdicts(facts), gpu_verdicts(gpu, facts.decode, machine)
    write_text(folder / "claims.md", _page(facts, machine, simulated, measured))
    return {"claims": list(map(asdict, simulated)), "measured": list(map(asdict, measured))}


def _page(facts: Facts, gpu: str, simulated: Sequence[Verdict], measured: Sequence[Verdict]) -> str:
    rows = [[v.claim, f"**{v.verdict}**", v.schedule, v.numbers, f"`{v.command}`"] for v in simulated]
    lines = [
        *head("The paper's claims", "claims"),
        "",
        f"The paper: {SOURCE}. {SCALING}. Tokens a second unless another unit stands there; a penalty is how "
        "much longer a token takes Mamba-3 than Mamba-2. The paper's Mamba-3 is not the published one: "
        "[official.md](official.md) has that.",
        "",
        table(["claim", "verdict", "and with other schedules", "our numbers", "command"], rows, left=5),
        "",
        "A verdict is that of the best mapping found for each run. *For every mapping within 2%*: it stays the same "
        "whichever run takes another mapping that was tried and is as near to its best, of the ten most unlike; "
        "otherwise the other verdicts stand there.",
        "",
        "## Measured on a GPU",
        "",
        table(["claim", "verdict", "numbers", "command"], [_measured(each) for each in measured], left=4),
        "",
        "A sequential row is *launch-bound* if a graph saves half of its time, or if its launches, at the seconds of "
        "an empty kernel, are as much. Batches agree that are no further apart than a factor of two. A chunk kernel's "
        "bytes (each tensor once, the state kept on the chip) are put to the rate of the card's best copy, its MACs to "
        "that of its best product; neither explains what takes twice as long as both. Mamba-3's kernels have a thread "
        "block a head, which does one chunk after the other (mamba-ssm 2.3).",
        "",
        "## What we assume, and how much it matters",
        "",
        "One thing at a time is set otherwise than in hw/edge.yaml and hw/edge_flexpe.yaml (PEs that do elementwise "
        "operations are the difference between the two), and the mapping is chosen anew. *Order* is the paper's if "
        "Mamba-2 is before Mamba-1 before Mamba-3.",
    ]
    for machine in MACHINES:
        lines += ["", f"### {machine}", "", _sensitivity(facts, machine)]
    lines += ["", _summary(facts), "", "## What none of these runs can tell", "", *_LIMITS, _gpu_limit(gpu)]
    return "\n".join(lines) + "\n"


def _measured(verdict: Verdict) -> list[str]:
    return [verdict.claim, f"**{verdict.verdict}**", verdict.numbers, f"`{verdict.command}`"]


_LIMITS = (
    "- The MAC array is square, 32 x 32, because that is usual; what the paper used it does not say.",
    "- Special functions take the same cycles in every pipeline stage, and a reduction's tree takes one cycle a level.",
    "- SRAM energy is not counted, as in the paper: an operation has 2 pJ wherever its operands come from.",
    "- Layers run one after the other, and a layer's weights are streamed again for every tile of tokens.",
)


def _gpu_limit(machine: str) -> str:
    return f"- hw/{machine}.yaml is one array and one memory: it says where bandwidth ends and compute begins, no more."


def _sensitivity(facts: Facts, machine: str) -> str:
    rows = []
    for assumption in ASSUMPTIONS:
        speeds = facts.speeds(assumption, machine)
        kept = "the paper's" if order(speeds) == PAPER_ORDER else " > ".join(NAMES[name] for name in order(speeds))
        label = f"{assumption.name}: {assumption.value}" if assumption.value else f"**{assumption.name}**"
        rows.append([label, kept, *(f"{speeds[name]:.1f}" for name in MODELS), signed(penalty(speeds))])
    return table(["set", "order", *(NAMES[name] for name in MODELS), "penalty"], rows, left=2)


def _summary(facts: Facts) -> str:
    sentences = []
    for machine in MACHINES:
        penalties = {a: penalty(facts.speeds(a, machine)) for a in ASSUMPTIONS}
        least, most = min(penalties, key=penalties.__getitem__), max(penalties, key=penalties.__getitem__)
        kept = sum(order(facts.speeds(a, machine)) == PAPER_ORDER for a in ASSUMPTIONS)
        sentences.append(
            f"On {machine} the order is the paper's in {kept} of {len(ASSUMPTIONS)} settings, and the penalty lies "
            f"between {signed(penalties[least])} ({least.name}: {least.value or 'ours'}) and {signed(penalties[most])} "
            f"({most.name}: {most.value or 'ours'})."
        )
    return " ".join(sentences)
