"""Verdicts on SSM-Scope's claims: computed from the numbers that stand beside them, not written.

A ratio of two times is told as it was found, and between which values it lies whatever the mappings of both: by the
bounds over every mapping. A claimed one holds where the least of it is within ``NEAR`` of the claim.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, NamedTuple

from sim.explanation.near import ROBUST
from sim.files.numbers import number
from sim.paper.ssm_scope.curves import Timed
from sim.paper.ssm_scope.edge import AS_SHIPPED
from sim.paper.ssm_scope.facts import DEVICES, HYBRID, LONG, SHORT, SSM, TRANSFORMER, Facts, layer_parameters, memory_of
from sim.paper.ssm_scope.measured import Device, found, rows
from sim.paper.ssm_scope.software import Prompt, by_class
from sim.paper.verdicts import Verdict

NEAR: Final = 0.1  # a ratio that is at least so near to the claimed one is the claimed one
COMMAND: Final = "python -m sim reproduce ssm-scope"
BOUNDED: Final = "whatever the mappings: by the bounds over all"
CLOSED: Final = "a closed form, no schedule in it"
OF_THESE: Final = "traffic is that of the mappings found"
EDGE: Final = "edge"
MAMBA_LAYERS: Final = 48  # of Mamba2-780m
PROFILED_LAYERS: Final = 24  # of Mamba2-130m, whose host time was profiled
SSM_SHARE: Final = 0.55


class Ratio(NamedTuple):
    """How many times as long one takes as another: at least, as found, at most."""

    least: float
    found: float
    most: float

    def __str__(self) -> str:
        return f"{self.found:.2f}x ({self.least:.2f} to {self.most:.2f})"


def ratio(slower: Timed, faster: Timed) -> Ratio:
    """How many times as long *slower* takes as *faster*."""
    return Ratio(
        slower.least_seconds / faster.seconds,
        slower.seconds / faster.seconds,
        slower.seconds / faster.least_seconds,
    )


def verdicts(facts: Facts) -> list[Verdict]:
    """Every claim, judged."""
    judges = (_judge_short, _judge_long, _judge_tokens, _judge_memory, _judge_shares, _judge_energy)
    return [judge(facts) for judge in judges]


def judged(ratios: Mapping[str, Ratio], claimed: float) -> str:
    """Whether the *claimed* ratio is there on each machine, whatever the mappings."""
    sure = [name for name, each in ratios.items() if each.least >= (1 - NEAR) * claimed]
    maybe = [name for name, each in ratios.items() if each.most >= (1 - NEAR) * claimed > each.least]
    if len(sure) == len(ratios):
        return "holds"
    text = f"holds only on {' and '.join(sure)}" if sure else "does not hold"
    return f"{text}; open on {' and '.join(maybe)}" if maybe else text


def _ratios(facts: Facts, slower: str, faster: str, tokens: int) -> dict[str, Ratio]:
    """On the hardware of each device, and on the edge accelerator."""
    found = {device: ratio(*(facts.timed(device, each, tokens) for each in (slower, faster))) for device in DEVICES}
    return found | {EDGE: ratio(*(_on_the_edge(facts, each, tokens) for each in (slower, faster)))}


def _on_the_edge(facts: Facts, model: str, tokens: int) -> Timed:
    return next(each for each in facts.edge.curves[AS_SHIPPED, "prefill", model] if each.length == tokens)


def _told(ratios: Mapping[str, Ratio]) -> str:
    return ", ".join(f"{name} {each}" for name, each in ratios.items())


def _judge_short(facts: Facts) -> Verdict:
    all_ratios = [_ratios(facts, SSM, TRANSFORMER, tokens) for tokens in SHORT]
    best = {name: max((each[name] for each in all_ratios), key=lambda found: found.least) for name in all_ratios[0]}
    alike = _ratios(facts, HYBRID, TRANSFORMER, SHORT[0])
    host = found("passes", "pass_host_ms", "mamba2-130m", 256) / PROFILED_LAYERS * MAMBA_LAYERS
    tpot = 1e3 * found("ttft", "tpot_s", TRANSFORMER, 1024)
    measured = found("ttft", "ttft_s", SSM, 1024) / found("ttft", "ttft_s", TRANSFORMER, 1024)
    sizes = [layer_parameters(model) / 1e6 for model in (SSM, TRANSFORMER)]
    return Verdict(
        "At short lengths (below 8K) Transformers are up to 1.9x faster: Qwen2.5-0.5B than Mamba2-780m",
        judged(best, 1.9),
        f"at most, between 1,024 and 4,096 tokens: {_told(best)}. It compares layers of {sizes[1]:.0f} M "
        f"parameters with layers of {sizes[0]:.0f} M; Falcon-H1-0.5B takes {_told(alike)} as long at 1,024. "
        f"The measured {measured:.2f}x at 1,024 are the host's: {host:.1f} ms a pass (a layer of Mamba2-130m, "
        f"profiled, times {MAMBA_LAYERS}) over {tpot:.1f} ms (a decoded token of Qwen2.5), where the hardware takes "
        f"{_ms(facts, SSM)} and {_ms(facts, TRANSFORMER)} ms",
        COMMAND,
        BOUNDED,
    )


def _ms(facts: Facts, model: str) -> str:
    return f"{1e3 * facts.timed('rtx4090', model, SHORT[0]).seconds:.1f}"


def _judge_long(facts: Facts) -> Verdict:
    hardware = _ratios(facts, TRANSFORMER, SSM, LONG)
    qwen, mamba, falcon = (facts.steps("rtx4090", model, LONG) for model in (TRANSFORMER, SSM, HYBRID))
    masked, without = qwen.total / mamba.total, qwen.without_mask / mamba.total
    verdict = judged(hardware, 4.0)
    if masked >= (1 - NEAR) * 4.0 > hardware["rtx4090"].most and verdict.startswith("does not"):
        verdict = "holds only with the L x L mask of Qwen2.5's software"
    return Verdict(
        "At about 57K tokens SSMs are up to 4x faster: Mamba2-780m than Qwen2.5-0.5B",
        verdict,
        f"at {LONG:,} tokens, the hardware: {_told(hardware)}. With the software of the RTX 4090 {masked:.1f}x, of "
        f"which an L x L mask of Qwen2.5 from 32,768 tokens on is a part that the model does not need: without it "
        f"{without:.1f}x. Falcon-H1-0.5B there: {qwen.total / falcon.total:.1f}x with the mask, "
        f"{qwen.without_mask / falcon.total:.1f}x without",
        COMMAND,
        BOUNDED,
    )


def _judge_tokens(facts: Facts) -> Verdict:
    del facts  # a closed form
    longest = {model: {logits: peak.longest_tokens or 0 for logits, peak in memory_of(model).by_logits.items()}
               for model in (SSM, TRANSFORMER)}  # fmt: skip
    every, last = (longest[SSM][logits] / longest[TRANSFORMER][logits] for logits in ("all", "last"))
    reached = longest[SSM]["all"] >= 220_000 and every >= (1 - NEAR) * 4
    kept = last >= (1 - NEAR) * 4
    verdict = "holds" if reached and kept else "holds only for one of the two"
    if kept and not reached:
        verdict = "holds for 220K tokens, which are the logits' limit; about 4x only with logits of the last token"
    return Verdict(
        "220K tokens fit into 24 GB, about 4x more than of Transformers",
        verdict,
        f"with logits of all positions {longest[SSM]['all']:,} tokens of Mamba2-780m and "
        f"{longest[TRANSFORMER]['all']:,} of Qwen2.5-0.5B ({every:.1f}x; "
        f"{longest[TRANSFORMER]['all_without_masks']:,} without its masks); with those of the last token, which are "
        f"all that generation needs, {longest[SSM]['last']:,} and "
        f"{longest[TRANSFORMER]['last']:,} ({last:.1f}x): there the residual stream of the prompt and, of Qwen2.5, the "
        "cache are what fills the memory",
        f"python -m sim memory {SSM} --device 24GiB --logits all",
        CLOSED,
    )


def _judge_memory(facts: Facts) -> Verdict:
    del facts  # a closed form
    peaks = {model: {logits: peak.peak_bytes / 2**20 for logits, peak in memory_of(model).by_logits.items()}
             for model in (SSM, TRANSFORMER)}  # fmt: skip
    saved = {
        logits: 100 * (peaks[SSM]["all" if logits.startswith("all") else logits] / peaks[TRANSFORMER][logits] - 1)
        for logits in ("all", "all_without_masks", "last")
    }
    holds = abs(saved["last"] + 64) <= 10
    return Verdict(
        "About 64 % less memory at 57,344 tokens: Mamba2-780m than Qwen2.5-0.5B",
        "holds" if holds else "holds only with logits of all positions",
        f"with logits of all positions {saved['all']:+.0f} % ({peaks[SSM]['all']:,.0f} MiB over "
        f"{peaks[TRANSFORMER]['all']:,.0f}; measured 7,166 over 19,866), without masks "
        f"{saved['all_without_masks']:+.0f} %; with those of the last token {saved['last']:+.0f} % "
        f"({peaks[SSM]['last']:,.0f} over {peaks[TRANSFORMER]['last']:,.0f}): "
        "what differs is the vocabularies, 50,288 and 151,936 tokens",
        f"python -m sim memory {TRANSFORMER} --seq-len {LONG} --device 24GiB",
        CLOSED,
    )


def _judge_shares(facts: Facts) -> Verdict:
    device: Device = "jetson_orin_nano"
    shares = {model: ssm_share(by_class(Prompt(device, model, 16_384))) for model in ("mamba-130m", "mamba2-130m")}
    measured = {model: ssm_share(_measured_classes(device, model, 16_384)) for model in shares}
    edge: dict[str, tuple[float, float, float]] = {}
    for (model, _), run in facts.shares.items():
        results = [run.result, *run.near]
        each = [result.breakdown.ssm_scope["SSM_Scan"].time_share for result in results if result.breakdown]
        alone = run.result.breakdown
        classes = alone.classes if alone else {}
        edge[model] = min(each), max(each), sum(classes[name].time_share for name in ("ssm", "convolution"))
    counted = {f"{m} on the Jetson": share for m, share in shares.items()}
    counted |= {f"{m} on hw/edge": least for m, (least, _, _) in edge.items()}
    sure = [name for name, share in counted.items() if share >= SSM_SHARE]
    verdict = "holds" if len(sure) == len(counted) else "does not hold"
    if sure and verdict != "holds":
        verdict = f"holds only for {' and '.join(sure)}"
    if min(measured.values()) >= SSM_SHARE > min(shares.values()):
        verdict += "; on the Jetson with SSM kernels as slow as measured"
    turned = [f"{m} on hw/edge" for m, (least, most, _) in edge.items() if least < SSM_SHARE <= most]
    return Verdict(
        "On edge platforms over 55 % of the time goes to SSM kernels",
        verdict,
        "of the kernels' time on the Jetson at 16,384 tokens "
        + ", ".join(f"{m} {100 * s:.0f} % (measured {100 * measured[m]:.0f} %)" for m, s in shares.items())
        + "; on hw/edge at 1,024 "
        + ", ".join(
            f"{m} {100 * least:.0f} to {100 * most:.0f} % (without the projections that the class has in it "
            f"{100 * own:.0f} %)"
            for m, (least, most, own) in edge.items()
        )
        + ". The paper's figure is of the host's time and the kernels' together",
        "python -m sim run mamba-130m --hw published/jetson_orin_nano --set sequence_length=16384",
        f"depends on the schedule: {', '.join(turned)}" if turned else f"for every mapping within {ROBUST:.0%}",
    )


def ssm_share(classes: Mapping[str, float]) -> float:
    """The share of SSM_Scan."""
    return classes["SSM_Scan"] / sum(classes.values())


def _measured_classes(device: Device, model: str, tokens: int) -> dict[str, float]:
    return {
        row["op_class"]: float(row["gpu_ms"])
        for row in rows("op_classes")
        if (row["device"], row["model"], int(row["prompt_tokens"])) == (device, model, tokens)
    }


def _judge_energy(facts: Facts) -> Verdict:
    energies = {
        device: [facts.timed(device, model, LONG).joules for model in (TRANSFORMER, SSM)] for device in DEVICES
    } | {EDGE: [_on_the_edge(facts, model, LONG).joules for model in (TRANSFORMER, SSM)]}
    ratios = {name: first / second for name, (first, second) in energies.items()}
    measured = {
        tokens: found("energy_prefill", "energy_j", TRANSFORMER, tokens)
        / found("energy_prefill", "energy_j", SSM, tokens)
        for tokens in (24_576, 32_768)
    }
    near = [name for name, each in ratios.items() if each >= (1 - NEAR) * 4]
    if len(near) == len(ratios):
        verdict = "holds"
    elif near:
        verdict = f"holds only on {' and '.join(near)}; on the GPUs only with the L x L mask"
    else:
        verdict = "holds only with the L x L mask of Qwen2.5's software"
    told = ", ".join(f"{n} {number(a)} over {number(b)} J, {a / b:.1f}x" for n, (a, b) in energies.items())
    return Verdict(
        "A prompt of 57,344 tokens takes Mamba2-780m 370 J, Qwen2.5-0.5B 1,492 J (4.0x)",
        verdict,
        f"what operations and DRAM take: {told}; no power that is drawn while nothing is done. Measured, Qwen2.5 takes "
        f"{measured[24_576]:.2f}x at 24,576 tokens and {measured[32_768]:.2f}x at 32,768, where its mask begins",
        COMMAND,
        OF_THESE,
    )
