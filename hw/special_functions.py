"""A unit of special functions beside the lanes: pipelines for exponentials and the like, an element a lane and cycle.

Modelled: a pipeline for each function that the unit has, with a multiplication and an addition before and behind it
that take no cycles of their own, as range reduction and scaling are part of such units (docs/simd.md). So an operation
streams through: it takes as long as the pipelines are busy with its functions, one function at a time, and never less
than it takes to pass all of its elements. Its results leave the pipeline after the depth of all of its passes. Not
modelled: accumulation, so it does no sums; a path of its own between lanes and unit: operands and results pass the
SRAM, as those of any two units do.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Annotated, Final, Literal

from pydantic import Field

from hw.compute import LanesSpec
from hw.integers import ceil_div
from hw.requests import Cost, VectorPass
from hw.simd import Function
from hw.sram import FetchAhead

ON_THE_WAY: Final = frozenset({"mul", "add", "fma"})  # done in the pipeline of a function


class SpecialFunctionsSpec(LanesSpec):
    """Pipelines of special functions, which do operations with at least one of them."""

    kind: Literal["special_functions"] = Field(default="special_functions", description="What the unit is.")
    lanes: int = Field(ge=1, le=1_048_576, description="Elements side by side.", json_schema_extra={"unit": "lanes"})
    pipeline_depth: int = Field(
        ge=0, le=1024, description="Cycles until a result can be read.", json_schema_extra={"unit": "cycles"}
    )
    cycles: dict[Function, Annotated[int, Field(ge=1, le=4096, json_schema_extra={"unit": "cycles"})]] = Field(
        description="Cycles between two elements of a lane, by function; one that is left out cannot be done, but for "
        "multiplications and additions on the way."
    )
    fetch_ahead: FetchAhead = 32

    @property
    def peak_ops(self) -> int:
        """A function and a multiplication and addition on its way, a lane and cycle."""
        return 3 * self.lanes

    def cannot(self, passes: Sequence[VectorPass]) -> tuple[str, ...]:
        """Functions that it has no pipeline for, and sums; without any special function all of them."""
        functions = dict.fromkeys(step.function for step in passes)
        if not functions.keys() & self.cycles.keys():
            return tuple(functions)
        sums = ["sum"] if any(step.outputs < step.points or step.chain > 1 for step in passes) else []
        return (*(each for each in functions if each not in self.cycles and each not in ON_THE_WAY), *sums)

    def passes_cost(self, passes: Iterable[VectorPass]) -> Cost:
        """As long as the pipelines are busy; raises KeyError for a function that it has not."""
        busy = useful = longest = count = 0
        for step in passes:
            count += 1
            if step.function in self.cycles or step.function not in ON_THE_WAY:
                cycles = self.cycles[step.function]  # type: ignore[index]
                busy += ceil_div(step.points, self.lanes) * cycles
                useful += step.points * cycles
            else:
                longest = max(longest, step.points)
        busy, useful = max(busy, ceil_div(longest, self.lanes)), max(useful, longest)
        return Cost(busy, self.pipeline_depth * count, min(busy, ceil_div(useful, self.lanes)))

    def fused_cost(self, operations: Iterable[Sequence[VectorPass]]) -> Cost:
        """One operation after the other, each with its own passes: an element leaves the last one's pipeline last."""
        costs = list(map(self.passes_cost, operations))
        total = sum(costs, Cost(0))
        return replace(total, tail_cycles=sum(cost.tail_cycles for cost in costs))
