"""Attention with a mask told and with a mask read, and whether that is SSM-Scope's step at 32,768 tokens.

Its Qwen2.5-0.5B takes three times the energy at 32,768 tokens that it takes at 24,576 (sim/paper/ssm_scope). A pass has
a part that grows as its tokens do, and attention. If the mask is what begins at the longer prompt, attention alone must
grow by at least as much as the pass; by how much says what share of the shorter pass it would be.
"""

from __future__ import annotations

from collections.abc import Mapping

from sim.files.numbers import scaled
from sim.paper.gpu.measurements import AttentionRate, GpuMeasurements, Measured
from sim.paper.pages import NOT_MEASURED, link
from sim.paper.runs import Runs
from sim.paper.ssm_scope.measured import SOURCE, found
from sim.presentation.markdown import table

SHORT, LONG = 24_576, 32_768  # tokens, before and after the step
MODEL = "qwen2.5-0.5b"

Shape = tuple[int, int, int]
Lengths = Mapping[int, Mapping[str, AttentionRate]]
"""tokens -> how causality is told -> what was measured."""


def attention_section(gpu: Measured, runs: Runs) -> str:
    """Each length with and without a mask, and what that says of the step."""
    rows, verdicts = [], []
    for file, card in gpu.items():
        for shape, lengths in _by_shape(card).items():
            rows += [[link(file), *_row(shape, tokens, both)] for tokens, both in lengths.items()]
            verdicts.append(f"- {link(file)}: {_step(lengths)}.")
    if not rows:
        return NOT_MEASURED.capitalize() + "."
    header = ["measured in", "tokens", "heads", "of keys", "dimensions", "is_causal", "explicit mask", "times as long"]
    return "\n\n".join(
        [
            "Scaled-dot-product attention of one layer, one sequence, 16 bit: causality told (*is_causal*), or read "
            "from a mask of L x L elements (*explicit*).",
            table(header, rows),
            f"**Does a mask explain SSM-Scope's step?** Its {MODEL} ({SOURCE}) takes {_measured_step():.2f} times the "
            f"energy at {LONG:,} tokens that it takes at {SHORT:,}; what grows as tokens do takes {LONG / SHORT:.2f} "
            "times as long, and attention:",
            "\n".join(verdicts),
        ]
    )


def _by_shape(card: GpuMeasurements) -> dict[Shape, dict[int, dict[str, AttentionRate]]]:
    shapes: dict[Shape, dict[int, dict[str, AttentionRate]]] = {}
    for each in sorted(card.attention, key=lambda rate: rate.tokens):
        lengths = shapes.setdefault((each.heads, each.key_heads, each.head_dim), {})
        lengths.setdefault(each.tokens, {})[each.mask] = each
    return shapes


def _row(shape: Shape, tokens: int, both: Mapping[str, AttentionRate]) -> list[str]:
    told, read = both.get("is_causal"), both.get("explicit")
    times = f"{read.timed.seconds / told.timed.seconds:.1f}" if told and read else ""
    return [f"{tokens:,}", *map(str, shape), *(_seconds(each) for each in (told, read)), times]


def _seconds(rate: AttentionRate | None) -> str:
    return NOT_MEASURED if rate is None else scaled(rate.timed.seconds, "s")


def _measured_step() -> float:
    """How much more energy the pass takes after the step than before."""
    long, short = (found("energy_prefill", "energy_j", MODEL, tokens) for tokens in (LONG, SHORT))
    return long / short


def _step(lengths: Lengths) -> str:
    """What a card's attention says."""
    before = lengths.get(SHORT, {}).get("is_causal")
    told, read = (lengths.get(LONG, {}).get(mask) for mask in ("is_causal", "explicit"))
    if before is None or told is None or read is None:
        return NOT_MEASURED
    grown = {mask: after.timed.seconds / before.timed.seconds for mask, after in (("told", told), ("read", read))}
    numbers = f"{grown['told']:.2f} times as long where causality is told, {grown['read']:.2f} where a mask is read"
    step, linear = _measured_step(), LONG / SHORT
    if grown["told"] >= step:
        return f"{numbers}: the step needs no mask"
    if grown["read"] < step:
        return f"{numbers}: a mask does not explain the step"
    share = (step - linear) / (grown["read"] - linear)
    return f"{numbers}: a mask explains the step, if attention is {share:.0%} of the pass of {SHORT:,} tokens"
