"""The page results/long_context.md: claims, seconds on the devices, and the edge accelerator."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from statistics import median
from typing import Final

from sim.files.numbers import number
from sim.paper.pages import excess, head, signed
from sim.paper.ssm_scope.curves import SEARCHED, SEARCHED_SHORT, Timed
from sim.paper.ssm_scope.edge import AS_SHIPPED, MODELS, PHASES, TRANSFORMER, VARIANTS, Crossing, Edge, Phase
from sim.paper.ssm_scope.facts import Facts
from sim.paper.ssm_scope.figure import NAMES, TITLES
from sim.paper.ssm_scope.measured import ARTIFACT, LONG, SOURCE, Point, rows
from sim.paper.ssm_scope.software import IDEAL, Prompt, Steps, by_class
from sim.paper.verdicts import Verdict
from sim.presentation.markdown import table
from sim.presentation.titles import unit_title

FAR: Final = 30.0  # percent: a point that is off by more is told why
CLASSES: Final = ("GEMM", "SSM_Scan", "normalization", "activation", "arithmetic", "memory", "other")
SHOWN: Final = (256, 4096, 16_384, 65_536, 1_048_576)  # lengths of which the page tells what binds
WHY: Final = {
    ("rtx4090", "hymba"): "its windows and meta tokens are L x L masks, made by integer comparisons in every layer "
    "(aten::ge, le, sub, and, or: 312 of 1,336 ms at 16,384 tokens), its caches are padded and sorted (sum, argsort: "
    "169 ms), attention is compiled (108 ms); and its scan takes six times what its traffic and lanes do",
    ("jetson_orin_nano", "hymba"): "as on the RTX 4090: masks made in every layer, padded caches, a slow scan",
    ("jetson_orin_nano", "mamba-"): "what the artifact counts as SSM_Scan takes twice as long as its work, and all "
    "else as long as told (classes below): the scan and the narrow products of dt, B and C are far from the device's "
    "rates",
}
CLASSED: Final = (
    Prompt("rtx4090", "mamba-130m", 16_384),
    Prompt("rtx4090", "mamba2-130m", 16_384),
    Prompt("rtx4090", "zamba2-1.2b", 16_384),
    Prompt("rtx4090", "hymba-1.5b", 16_384),
    Prompt("jetson_orin_nano", "mamba-130m", 16_384),
    Prompt("jetson_orin_nano", "mamba2-130m", 16_384),
    Prompt("jetson_orin_nano", "qwen2.5-0.5b", 1024),
)


def page(facts: Facts, judged: Sequence[Verdict]) -> str:
    """All of it; *judged* are the claims."""
    compared = facts.compared()
    claims = [[v.claim, f"**{v.verdict}**", v.schedule, v.numbers, f"`{v.command}`"] for v in judged]
    parts = [
        "\n".join(head("Long contexts: SSM-Scope on its devices and on the edge accelerator", "ssm-scope")),
        f'"Characterizing SSM and SSM-Transformer Hybrid Language Model Performance with Long Context Length" '
        f"({SOURCE}; measurements: {ARTIFACT}). The devices are hw/published/rtx4090.yaml and "
        f"hw/published/jetson_orin_nano.yaml, with `--set {IDEAL}`: a grid of blocks has no array's edges, and other "
        "blocks hide what one waits for. Writing this page takes some twelve minutes on two cores.",
        "## Claims",
        table(["claim", "verdict", "and with other schedules", "our numbers", "command"], claims, left=5),
        "In brackets: between what a ratio lies whatever the mappings of both, by the bounds over every mapping. "
        "*Hardware* is the simulated machine: units side by side, everything in between on the chip, logits of the "
        "last token.",
        "## Seconds of prompts on the devices",
        _steps_words(compared),
        _steps(compared),
        _steps_legend(),
        "### What is off by more than 30 %",
        "\n".join(_far(compared)),
        "### By the classes of the artifact",
        _classes(),
        "Measured milliseconds of kernels, and in brackets those of the model. *activation* has the product with the "
        "other half in it here, there it is *arithmetic*; *memory* has masks and copies for attention.",
        "## The edge accelerator",
        "![Time over length on hw/edge](long_context.svg)",
        _edge_words(),
        _crossings(facts.edge),
        *(f"### {TITLES[phase].capitalize()}\n\n{_binding(facts.edge, phase)}" for phase in PHASES),
        "In brackets: how far the time is from any mapping's at most. *DRAM* is the mean of its channels.",
    ]
    return "\n\n".join(parts) + "\n"


def error(point: Point, steps: Steps) -> float:
    """How far the steps together are from what was measured, in percent."""
    return excess(steps.total, point.seconds)


def _steps_words(compared: Sequence[tuple[Point, Steps]]) -> str:
    lines = []
    for device in dict.fromkeys(point.device for point, _ in compared):
        own = [(point, steps) for point, steps in compared if point.device == device]
        errors = [error(*each) for each in own]
        alone = [excess(steps.hardware, point.seconds) for point, steps in own]
        near = sum(abs(each) <= FAR for each in errors)
        lines.append(
            f"- {device}: {near} of {len(own)} points within {FAR:.0f} %, the median {median(map(abs, errors)):.0f} % "
            f"off, from {signed(min(errors), 0)} to {signed(max(errors), 0)}; the hardware alone "
            f"{signed(min(alone), 0)} to {signed(max(alone), 0)}."
        )
    return (
        f"All measured prompts of {LONG:,} tokens and more, and shorter ones whose kernels take 90 % of a profiled "
        "pass: the others say what the host takes. Nothing is fitted to any of these points.\n\n" + "\n".join(lines)
    )


def _steps(compared: Sequence[tuple[Point, Steps]]) -> str:
    found = []
    for point, steps in compared:
        added = (steps.products, steps.passes, steps.logits, steps.mask, steps.rates)
        found.append(
            [point.device, point.model, f"{point.tokens:,}", point.of, number(point.seconds), number(steps.hardware)]
            + [f"{each:+.4f}" if abs(each) >= 0.00005 else "" for each in added]
            + [number(steps.total), signed(error(point, steps), 0)]
        )
    header = ["device", "model", "tokens", "measured is", "measured, s", "hardware, s"]
    header += ["products", "passes", "logits", "mask", "rates", "all, s", "off"]
    return table(header, found, left=2)


def _steps_legend() -> str:
    return (
        "*Products*: kernels follow one another, so nothing overlaps; below zero where the simulated machine is "
        "slower, with lanes that bind or with what the last tile of queries and keys computes in vain. *Passes*: "
        "elementwise kernels that read DRAM and write it, which the machine does on its way; in layers of "
        "transformers every operator of PyTorch, in those of mamba_ssm a few fused ones "
        "(sim/paper/ssm_scope/fusing.py has both, with the bytes). *Logits* of all positions. *Mask*: an L x L mask, "
        "with which attention skips nothing (Zamba2; Qwen2.5 from 32,768 tokens on, docs/memory.md). *Rates*: 948 "
        "GB/s (RTX 4090) and 95 GB/s (Jetson) where the spec is 1,008 and 102, products of 9.7 TFLOPS on the Jetson "
        "where it is 16.7; these are the plateaus of mamba-130m's profile. A *pass* is by the clock, *kernels* is "
        "their time in a profile. What remains: attention with a mask reaches half of the peak (Zamba2 81 TFLOPS), "
        "scans and chunks less than their traffic allows, and tensors of short prompts stay in L2. Rows of the "
        "artifact that say mamba2-780m in its generation_times.csv are of mamba2-1.3b."
    )


def _far(compared: Sequence[tuple[Point, Steps]]) -> list[str]:
    lines: dict[str, list[str]] = {}
    for point, steps in compared:
        if abs(error(point, steps)) > FAR:
            key = f"{point.device}, {point.model}"
            lines.setdefault(key, []).append(f"{point.tokens:,} tokens {signed(error(point, steps), 0)}")
    return [f"- {key} ({', '.join(those)}): {_why(key)}." for key, those in lines.items()] or ["None."]


def _why(key: str) -> str:
    device, model = key.split(", ")
    return next(
        (why for (of_device, family), why in WHY.items() if of_device == device and model.startswith(family)),
        "not explained",
    )


def _classes() -> str:
    found = []
    for prompt in CLASSED:
        measured = _measured_ms(prompt)
        ours = {name: 1e3 * seconds for name, seconds in by_class(prompt).items()}
        cells = [
            f"{number(measured.get(name, 0.0))} ({number(ours.get(name, 0.0))})"
            if name in measured or name in ours else ""
            for name in CLASSES
        ]  # fmt: skip
        found.append([prompt.device, prompt.model, f"{prompt.tokens:,}", *cells])
    return table(["device", "model", "tokens", *CLASSES], found, left=2)


def _measured_ms(prompt: Prompt) -> Mapping[str, float]:
    key = prompt.device, prompt.model, str(prompt.tokens)
    return {
        row["op_class"]: float(row["gpu_ms"])
        for row in rows("op_classes")
        if (row["device"], row["model"], row["prompt_tokens"]) == key
    }


def _edge_words() -> str:
    return (
        "hw/edge.yaml, one sequence, LM head for the last token, chunks of 32 tokens. Bands reach down to what any "
        f"mapping takes at least. Mappings are searched for at {SEARCHED:,} tokens and kept for all that "
        f"are longer, shorter prompts have those found at {SEARCHED_SHORT:,}; of alike layers two are simulated, and "
        "of the numbers of key blocks that tiles of queries meet twelve, with those between on straight lines "
        "(sim/paper/ssm_scope/curves.py). The table has the length from which on a "
        f"model is faster than {NAMES[TRANSFORMER]}, in brackets between which lengths the bounds leave that open; "
        "*always* is from 256 tokens on, *never* is not up to the last length."
    )


def _crossings(edge: Edge) -> str:
    pairs = [(phase, model) for phase in PHASES for model in MODELS if model != TRANSFORMER]
    found = []
    for variant in VARIANTS:
        changes = " ".join(f"`{each}`" for each in variant.assignments)
        cells = [_crossing(edge.crossing(variant, *pair)) if _fits(edge, variant, *pair) else "does not fit"
                 for pair in pairs]  # fmt: skip
        found.append([variant.name, changes, *cells])
    return table(
        ["machine", "settings", *(f"{NAMES[model]}, {TITLES[phase]}" for phase, model in pairs)], found, left=2
    )


def _fits(edge: Edge, variant: object, phase: Phase, model: str) -> bool:
    return all((variant, phase, name) in edge.curves for name in (model, TRANSFORMER))


def _crossing(crossing: Crossing) -> str:
    found, *ends = (_tokens(each) for each in (crossing.found, crossing.earliest, crossing.latest))
    return found if ends == [found, found] else f"{found} ({' to '.join(ends)})"


def _tokens(length: float | None) -> str:
    return "never" if length is None else "always" if not length else f"{round(length, -2):,.0f}"


def _binding(edge: Edge, phase: Phase) -> str:
    found = []
    for model in MODELS:
        for timed in edge.curves.get((AS_SHIPPED, phase, model), ()):
            if timed.length in SHOWN:
                shares = [f"{timed.share(unit):.0%}" for unit in timed.busy]
                found.append([NAMES[model], f"{timed.length:,}", _seconds(timed), unit_title(timed.binding), *shares])
    units = list(edge.curves[AS_SHIPPED, phase, TRANSFORMER][0].busy)
    header = ["model", "tokens", "seconds", "busiest", *(unit_title(unit) for unit in units)]
    return table(header, found)


def _seconds(timed: Timed) -> str:
    return f"{number(timed.seconds)} (+{100 * (timed.seconds / timed.least_seconds - 1):.1f} %)"
