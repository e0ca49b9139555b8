"""What the page about SSM-Scope rests on: every simulation, what its points come to, and memory by closed form."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, get_args

from sim.accounting.memory import Memory, memory
from sim.files.resolve import resolve
from sim.paper.runs import Run, Runs, Simulated
from sim.paper.ssm_scope.curves import Curve, Timed, curve_of
from sim.paper.ssm_scope.edge import Edge, simulate_edge
from sim.paper.ssm_scope.measured import Device, Point, points
from sim.paper.ssm_scope.software import Prompt, Steps, steps_of

TRANSFORMER, SSM, HYBRID = "qwen2.5-0.5b", "mamba2-780m", "falcon-h1-0.5b"
CLAIMED: Final = (TRANSFORMER, SSM, HYBRID)
SHORT: Final = (1024, 2048, 4096)  # below 8K
LONG: Final = 57_344
DEVICES: Final = get_args(Device)
DEVICE_BYTES: Final = 24 << 30
LEFT_OUT: Final = ("gpt-neo-125m",)  # eager attention at 1,024 tokens, which nothing here is about
SHARES: Final = {
    ("mamba-130m", "edge"): ("sequence_length=1024",),
    ("mamba2-130m", "edge"): ("sequence_length=1024", "formulation=chunked", "chunk=32"),
}


@dataclass(frozen=True)
class Facts:
    """Curves of devices and models, the edge accelerator's, and the runs of SHARES with others near their best."""

    devices: Mapping[tuple[Device, str], Sequence[Timed]]
    edge: Edge
    shares: Mapping[tuple[str, str], Simulated]

    def timed(self, device: Device, model: str, tokens: int) -> Timed:
        """A prompt on the hardware of a device."""
        return next(each for each in self.devices[device, model] if each.length == tokens)

    def steps(self, device: Device, model: str, tokens: int) -> Steps:
        """The same with its software."""
        return steps_of(Prompt(device, model, tokens), self.timed(device, model, tokens).seconds)

    def compared(self) -> list[tuple[Point, Steps]]:
        """Every measured point that says something about a device, and what it comes to here."""
        return [(each, self.steps(each.device, each.model, each.tokens)) for each in told()]


def told() -> list[Point]:
    """The measured points that are compared."""
    return [each for each in points() if each.model not in LEFT_OUT]


def simulate_facts(runs: Runs) -> Facts:
    """Simulate all of it."""
    asked = _device_curves()
    found = dict(zip(asked, runs.each(curve_of, list(asked.values())), strict=True))
    edge = simulate_edge(runs)
    shares = {key: Run(*key, settings, search="short", near=True) for key, settings in SHARES.items()}
    simulated = runs.of(shares.values())
    return Facts(found, edge, {key: simulated[run] for key, run in shares.items()})


def _device_curves() -> dict[tuple[Device, str], Curve]:
    """The lengths of each model on each device: where it was measured, and those that claims are about."""
    lengths: dict[tuple[Device, str], set[int]] = {}
    for point in told():
        lengths.setdefault((point.device, point.model), set()).add(point.tokens)
    for device in DEVICES:
        for model in CLAIMED:
            lengths.setdefault((device, model), set()).update((*SHORT, LONG))
    return {key: _curve(*key, tuple(sorted(found))) for key, found in lengths.items()}


def _curve(device: Device, model: str, lengths: tuple[int, ...]) -> Curve:
    prompt, bounded = Prompt(device, model, lengths[0]), (*SHORT, LONG) if model in CLAIMED else ()
    return Curve(model, prompt.machine, prompt.settings, lengths, bounded)


def layer_parameters(model: str) -> int:
    """Parameters of *model* but those of its embedding, and of its LM head if that has its own."""
    workload = resolve(model, "edge").workload
    spec, d_model = workload.spec, workload.graph.row_elements(workload.graph.input_tensor)
    return workload.parameters - (spec.vocabulary or 0) * d_model * (1 if spec.tied_embeddings else 2)


def memory_of(model: str, tokens: int = LONG) -> Memory:
    """What *model* needs for a prompt of so many *tokens*, and the longest that fits into a card of 24 GB."""
    return memory(resolve(model, "edge", [f"sequence_length={tokens}"]).workload, DEVICE_BYTES)
