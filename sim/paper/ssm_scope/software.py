"""A prompt on a device of SSM-Scope: what the hardware takes, and what its software adds, step by step.

The hardware is simulated: all units side by side, everything in between on the chip, logits of the last token. What
software makes of it is counted from the graphs at the peaks of the same machine, nothing of it by measured points:

- *products*: kernels follow one another, so products wait for nothing and overlap with nothing (kernels.py);
- *passes*: elementwise kernels that read DRAM and write it, which the simulated machine does on its way;
- *logits* of all positions, as transformers and mamba_ssm compute them, instead of the last;
- *mask*: attention with an L x L mask, that skips nothing, reads it for every head, and has to make it first; at the
  rates of the last step;
- *rates*: what the device reaches in the artifact's own profiles of another model in the place of the peaks: additions
  with norms 948 GB/s (RTX 4090) and 95 GB/s (Jetson), products 9.7 TFLOPS (Jetson). The RTX 4090's products reach 168
  TFLOPS, which is above the peak, so the peak stays.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

from hw.machine import MachineSpec
from sim.files.resolve import resolve
from sim.paper.ssm_scope.fusing import MASK_BYTES, Software
from sim.paper.ssm_scope.kernels import Kernel, Rates, attention_kernel, attentions, kernels_of, rates_of
from sim.paper.ssm_scope.measured import Device
from workloads.workload import Workload

IDEAL: Final = "ideal=[edges,fill_drain,bank_conflicts,dram_latency]"
CUTS: Final = {"rtx4090": 512, "jetson_orin_nano": 128}  # queries of a tile, and keys of a block
PLATEAUS: Final = {"rtx4090": (165.15e12, 948e9), "jetson_orin_nano": (9.7e12, 95e9)}  # FLOPS of products, bytes
CHUNKED: Final = ("mamba2", "falcon", "zamba")
MASKED: Final = {"qwen2.5": 32_768, "zamba2": 1}  # from so many tokens on: docs/memory.md
LOGIT_COPIES: Final = {"falcon": 2}


@dataclass(frozen=True)
class Prompt:
    """A model's prompt of so many *tokens* on a device."""

    device: Device
    model: str
    tokens: int

    @property
    def software(self) -> Software:
        """What computes its layers."""
        return "mamba_ssm" if self.model.startswith(("mamba-", "mamba2-")) else "transformers"

    @property
    def masked(self) -> bool:
        """Whether its attention has an L x L mask there."""
        return self.tokens >= _of_family(MASKED, self.model, self.tokens + 1)

    @property
    def machine(self) -> str:
        """The machine that stands for the device."""
        return f"published/{self.device}"

    @property
    def settings(self) -> tuple[str, ...]:
        """How workload and machine are set, whatever the length."""
        chunks = ("formulation=chunked",) if self.model.startswith(CHUNKED) else ()
        cut = CUTS[self.device]
        cuts = (f"mapping.query_tile={cut}", f"mapping.key_block={cut}") if self.software == "transformers" else ()
        return (*chunks, *cuts, "head=true", IDEAL)


@dataclass(frozen=True)
class Steps:
    """Seconds of the hardware, and what each step of software adds."""

    hardware: float
    products: float
    passes: float
    logits: float
    mask: float
    rates: float

    @property
    def total(self) -> float:
        """All of them."""
        return self.hardware + self.software

    @property
    def software(self) -> float:
        """What software adds."""
        return self.products + self.passes + self.logits + self.mask + self.rates

    @property
    def without_mask(self) -> float:
        """All but an L x L mask."""
        return self.total - self.mask


def _of_family(table: dict[str, int], model: str, otherwise: int) -> int:
    return next((value for family, value in table.items() if model.startswith(family)), otherwise)


def steps_of(prompt: Prompt, hardware: float) -> Steps:
    """What *prompt* takes, step by step, of which *hardware* are the simulated seconds."""
    inputs = resolve(prompt.model, prompt.machine, [*prompt.settings, f"sequence_length={prompt.tokens}"])
    workload, machine = inputs.workload, inputs.machine
    peaks = rates_of(machine)
    layers = kernels_of(workload, machine, prompt.software)
    plain, masked = (
        [attention_kernel(workload, each, machine, masked=of) for each in attentions(workload)] for of in (False, True)
    )
    head, logits = _head(workload, 1), _head(workload, prompt.tokens, _of_family(LOGIT_COPIES, prompt.model, 1))
    with_products = [*(each for each in layers if each.macs), *plain, head]
    elementwise = [each for each in layers if not each.macs]
    attention = [*masked, _mask(prompt)] if prompt.masked else plain
    reached, whole = _reached(prompt, machine), [*layers, *plain, logits]
    return Steps(
        hardware=hardware,
        products=_seconds(with_products, peaks) - hardware,
        passes=_seconds(elementwise, peaks),
        logits=_seconds([logits], peaks) - _seconds([head], peaks),
        mask=_seconds(attention, reached) - _seconds(plain, reached),
        rates=_seconds(whole, reached) - _seconds(whole, peaks),
    )


def by_class(prompt: Prompt) -> dict[str, float]:
    """Seconds of the kernels by SSM-Scope's classes, at the rates that the device reaches; logits of all positions."""
    inputs = resolve(prompt.model, prompt.machine, [*prompt.settings, f"sequence_length={prompt.tokens}"])
    workload, machine = inputs.workload, inputs.machine
    kernels = kernels_of(workload, machine, prompt.software)
    kernels += [attention_kernel(workload, each, machine, prompt.masked) for each in attentions(workload)]
    kernels.append(_head(workload, prompt.tokens, _of_family(LOGIT_COPIES, prompt.model, 1)))
    kernels += [_mask(prompt)] if prompt.masked else []
    found: dict[str, float] = {}
    for each in kernels:
        found[each.paper_class] = found.get(each.paper_class, 0.0) + each.seconds(_reached(prompt, machine))
    return found


def _reached(prompt: Prompt, machine: MachineSpec) -> Rates:
    """The rates that the device reaches, no more than its peaks."""
    peaks = rates_of(machine)
    flops, memory = PLATEAUS[prompt.device]
    return replace(peaks, macs=min(peaks.macs, flops / 2), bytes=memory)


def _seconds(kernels: list[Kernel], rates: Rates) -> float:
    return sum(each.seconds(rates) for each in kernels)


def _head(workload: Workload, tokens: int, copies: int = 1) -> Kernel:
    """The LM head of so many *tokens*; a second copy of the logits reads the first."""
    spec, width = workload.spec, workload.stacks[0].element_bytes
    d_model = workload.graph.row_elements(workload.graph.input_tensor)
    vocabulary = spec.vocabulary or 0
    moved = vocabulary * d_model + tokens * d_model + tokens * vocabulary * (2 * copies - 1)
    return Kernel("head", "GEMM", macs=tokens * vocabulary * d_model, bytes=moved * width)


def _mask(prompt: Prompt) -> Kernel:
    return Kernel("mask", "memory", bytes=MASK_BYTES * prompt.tokens**2)
