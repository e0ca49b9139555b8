"""Chains of passes on RTL of SIMD lanes with a scoreboard, beside hw/simd.py.

Of elementwise passes the model claims every cycle. Of sums it leaves out the wait for the last addition: in the RTL it
ends a pipeline's depth after its vector began, and only then can a tree begin or the next pass read it. So a chain with
sums takes up to depth - 1 cycles for each of them longer than predicted; how much that is of the whole depends on how
short the passes are: so no tolerance is claimed for them, and half of the chains are drawn of few vectors.
"""

from __future__ import annotations

from collections.abc import Iterator
from math import inf
from typing import Literal, NamedTuple

from hw.requests import VectorPass
from hw.simd import Function, SimdSpec, vector_cost
from sim.validation.cases import Case
from sim.validation.rtl.build import RtlError, run
from sim.validation.rtl.draw import Draw
from sim.validation.rtl.models import LANES as MODEL
from sim.validation.rtl.works import pass_of

LANES = 8
CHAINS = 120  # of each kind and depth
KINDS: dict[Literal["iterative", "behind_pipeline"], str] = {
    "iterative": "max(c, depth)",
    "behind_pipeline": "c - 1 + depth",
}
DEPTHS = (4, 8)
FUNCTIONS: dict[Function, int] = {"add": 1, "mul": 2, "exp": 4, "silu": 5, "softplus": 8}
SUMS_TOLERANCE = inf


class Chain(NamedTuple):
    """Passes, and whether any of them sums up."""

    steps: tuple[VectorPass, ...]
    sums: bool


def chains(seed: int, count: int, sums: bool) -> list[Chain]:
    """So many chains, the same every time: half of them of few vectors, where waits show."""
    draw = Draw(seed)
    return [_chain(draw, draw.one_of((12, 400)), sums) for _ in range(count)]


def _chain(draw: Draw, most: int, sums: bool) -> Chain:
    steps = list[VectorPass]()
    vectors = draw.spread(1, most)
    for _ in range(draw.whole(1, 8)):
        function = draw.one_of(tuple(FUNCTIONS))
        if sums and draw.whole(0, 2) == 0:
            outputs = draw.one_of((1, 2, 4, LANES, LANES * max(1, vectors // 4)))
            points = max(LANES * vectors, 2 * outputs)
            steps.append(VectorPass("add", points, outputs))
            vectors = -(-outputs // LANES)
        else:
            vectors = draw.one_of((vectors, vectors, draw.spread(1, most)))
            steps.append(VectorPass(function, LANES * vectors, LANES * vectors))
    return Chain(tuple(steps), any(step.outputs < step.points for step in steps))


def cases(count: int = CHAINS) -> Iterator[Case]:
    """What *count* chains of each kind take, by depth of the pipeline and place of the special functions."""
    asked = [
        (spec, chain)
        for seed, depth in enumerate(DEPTHS)
        for kind in KINDS
        for spec in [SimdSpec(lanes=LANES, pipeline_depth=depth, fma=True, special_functions=kind, cycles=FUNCTIONS)]
        for chain in [*chains(seed, count, False), *(each for each in chains(seed + 10, count, True) if each.sums)]
    ]
    answers = run(MODEL, (_line(spec, chain) for spec, chain in asked))
    for (spec, chain), answer in zip(asked, answers, strict=True):
        yield from _of(spec, chain, answer)


def _line(spec: SimdSpec, chain: Chain) -> str:
    passes = [each for step in chain.steps for each in pass_of(spec, step)]
    values = [value for each in passes for value in (each.vectors, each.cycles, each.sums, each.tree)]
    return " ".join(map(str, [spec.pipeline_depth, int(spec.special_functions != "iterative"), len(passes), *values]))


def _of(spec: SimdSpec, chain: Chain, answer: str) -> Iterator[Case]:
    taken, result, wrong = map(int, answer.split(","))
    name = "; ".join(f"{step.points // LANES} x {FUNCTIONS[step.function]}{_to(step)}" for step in chain.steps)  # type: ignore[index]
    if wrong:
        raise RtlError(f"lanes: the values of {name} are wrong")
    cost = vector_cost(spec, LANES, chain.steps)
    if chain.sums:
        group, tolerance = f"lanes with sums, depth {spec.pipeline_depth}", SUMS_TOLERANCE
    else:
        group, tolerance = f"lanes, depth {spec.pipeline_depth}, {KINDS[spec.special_functions]}", 0.0
    yield Case("rtl", group, name, "cycles taken", taken, cost.cycles, tolerance)
    yield Case("rtl", group, name, "cycles until the result", result, cost.cycles + cost.tail_cycles, tolerance)


def _to(step: VectorPass) -> str:
    return f" to {step.outputs}" if step.outputs < step.points else ""
