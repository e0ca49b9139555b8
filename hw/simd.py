"""SIMD lanes: how many cycles a chain of elementwise and reducing passes takes.

Modelled: lanes, cycles per function and lane, fused multiply-add, pipeline depth (a pass whose vectors are fewer than
the depth leaves bubbles before the pass that reads its result), a tree over the lanes where a reduction has fewer
results than there are lanes. Not modelled: instruction fetch, register spills, permutations for mirrored operands.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, Literal

from pydantic import Field

from hw.integers import ceil_div
from hw.requests import Cost, VectorPass
from hw.spec import Spec
from hw.sram import FetchAhead

Function = Literal[
    "add", "mul", "div", "max", "min", "exp", "tanh", "sin", "cos", "rsqrt", "sigmoid", "silu", "softplus"
]


class VectorUnitSpec(Spec):
    """What elementwise work costs."""

    pipeline_depth: int = Field(
        ge=0, le=1024, description="Cycles until a result can be read.", json_schema_extra={"unit": "cycles"}
    )
    fma: bool = Field(description="Whether a multiply-add is one pass; else it is two.")
    cycles: dict[Function, Annotated[int, Field(ge=1, le=4096, json_schema_extra={"unit": "cycles"})]] = Field(
        description="Cycles that a lane takes for an element, by function; one that is left out cannot be done."
    )

    def missing(self, function: str) -> tuple[str, ...]:
        """The functions without a figure in ``cycles`` that it would take to do *function*."""
        needed = ("mul", "add") if function == "fma" and not self.fma else () if function == "fma" else (function,)
        return tuple(name for name in needed if name not in self.cycles)


class SimdSpec(VectorUnitSpec):
    """A SIMD unit."""

    lanes: int = Field(ge=1, le=1_048_576, description="Elements side by side.", json_schema_extra={"unit": "lanes"})
    fetch_ahead: FetchAhead = 32


def vector_cost(spec: VectorUnitSpec, lanes: int, passes: Iterable[VectorPass]) -> Cost:
    """Cost of *passes*, each of which reads the result of the one before, on *lanes* lanes.

    A pass takes ceil(points / lanes) x cycles of its function. An accumulation into fewer results than lanes gives each
    result several lanes and ends with a tree over them, ceil(log2(lanes / results)) steps. The parts of a chain follow
    one another when their results leave the pipeline. Raises KeyError for a function without a figure in
    ``spec.cycles``.
    """
    total = useful = 0
    last = 0
    for step in passes:
        per_element = _cycles_per_element(spec, step.function)
        link = ceil_div(ceil_div(step.points, step.chain), lanes) * per_element
        beats = (step.chain - 1) * max(link, spec.pipeline_depth) + link
        if step.outputs < min(step.points, lanes):
            beats += (ceil_div(lanes, step.outputs) - 1).bit_length()
        total += max(last, spec.pipeline_depth) - last if last else 0
        total += beats
        useful += step.points * per_element
        last = beats
    return Cost(total, spec.pipeline_depth, min(total, ceil_div(useful, lanes)))


def _cycles_per_element(spec: VectorUnitSpec, function: str) -> int:
    if function == "fma":
        return 1 if spec.fma else spec.cycles["mul"] + spec.cycles["add"]
    return spec.cycles[function]  # type: ignore[index]
