"""Results for the reproduction of SSM-Scope without simulating its curves."""

from __future__ import annotations

from collections.abc import Sequence

from sim.paper.ssm_scope.curves import Timed
from sim.paper.ssm_scope.edge import LENGTHS, MODELS, PHASES, VARIANTS, Edge
from sim.paper.ssm_scope.facts import DEVICES, HYBRID, LONG, SHARES, SHORT, SSM, TRANSFORMER, Facts, told
from tests.support.reproduction import small

FASTER_LATER = {TRANSFORMER: 2.0, HYBRID: 1.5, SSM: 1.0}  # powers of the length


def timed(tokens: int, seconds: float, gap: float = 1.02) -> Timed:
    """A prompt of so many *tokens*, which any mapping takes 1 / *gap* of the *seconds* for at least."""
    busy = {"mac_array": 0.9 * seconds, "simd": 0.5 * seconds, "dram": 0.2 * seconds}
    return Timed(tokens, seconds, seconds / gap, busy, 10 * seconds)


def curve(lengths: Sequence[int], model: str, gap: float = 1.02) -> list[Timed]:
    """Times that grow the more with length the more attention a model has, all the same at 4,096 tokens."""
    return [timed(n, (n / 4096) ** FASTER_LATER.get(model, 1.0), gap) for n in lengths]


def fake_facts(gap: float = 1.02) -> Facts:
    """Facts in which the Transformer is the fastest below 4,096 tokens and the slowest above."""
    lengths: dict[tuple[object, str], set[int]] = {}
    for point in told():
        lengths.setdefault((point.device, point.model), set()).add(point.tokens)
    devices = {}
    for device in DEVICES:
        for model in dict.fromkeys((TRANSFORMER, SSM, HYBRID, *(model for of, model in lengths if of == device))):
            known = {*lengths.get((device, model), ()), *SHORT, LONG}
            devices[device, model] = curve(sorted(known), model, gap)
    edge = {(v, p, m): curve(LENGTHS, m, gap) for v in VARIANTS for p in PHASES for m in MODELS}
    return Facts(devices, Edge(edge), {key: small() for key in SHARES})
