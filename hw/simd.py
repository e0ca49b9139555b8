"""SIMD lanes: how many cycles a chain of elementwise and reducing passes takes.

Modelled: lanes, cycles per function and lane, fused multiply-add, pipeline depth (a vector of a pass waits for the
same vector of the pass before, whose result can be read so many cycles after its start), a tree over the lanes where a
reduction has fewer results than there are lanes. Not modelled: instruction fetch, register spills, permutations for
mirrored operands, the wait of a sum for its own last addition.

How long a chain of elementwise passes takes is what RTL of a lane takes, with either kind of special functions, to the
cycle (docs/arrays.md).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Annotated, Literal, NamedTuple

from pydantic import Field

from hw.compute import LanesSpec
from hw.integers import ceil_div
from hw.requests import Cost, VectorPass
from hw.spec import Spec
from hw.sram import FetchAhead

Function = Literal[
    "add", "mul", "div", "max", "min", "exp", "tanh", "sin", "cos", "rsqrt", "sigmoid", "silu", "softplus"
]


class VectorTable(Spec):
    """What elementwise work costs on a lane, or on whatever does the work of one."""

    pipeline_depth: int = Field(
        ge=0, le=1024, description="Cycles until a result can be read.", json_schema_extra={"unit": "cycles"}
    )
    fma: bool = Field(description="Whether a multiply-add is one pass; else it is two.")
    special_functions: Literal["iterative", "behind_pipeline"] = Field(
        default="iterative",
        description="When a function of several cycles can be read: after them or the pipeline's depth, whichever is "
        "longer, or, with a unit behind the pipeline, after both.",
    )
    cycles: dict[Function, Annotated[int, Field(ge=1, le=4096, json_schema_extra={"unit": "cycles"})]] = Field(
        description="Cycles that a lane takes for an element, by function; one that is left out cannot be done."
    )

    def missing(self, function: str) -> tuple[str, ...]:
        """The functions without a figure in ``cycles`` that it would take to do *function*."""
        needed = ("mul", "add") if function == "fma" and not self.fma else () if function == "fma" else (function,)
        return tuple(name for name in needed if name not in self.cycles)

    def missing_of(self, passes: Sequence[VectorPass]) -> tuple[str, ...]:
        """The functions that it would take to do *passes* and that have no figure in ``cycles``."""
        return tuple(dict.fromkeys(name for step in passes for name in self.missing(step.function)))

    def latency(self, cycles: int) -> int:
        """Cycles from the start of a function that takes a lane so many *cycles* until its result can be read."""
        if self.special_functions == "behind_pipeline":
            return max(cycles, cycles - 1 + self.pipeline_depth)
        return max(cycles, self.pipeline_depth)


class SimdSpec(VectorTable, LanesSpec):
    """A SIMD unit."""

    kind: Literal["simd"] = Field(default="simd", description="What the unit is.")
    lanes: int = Field(ge=1, le=1_048_576, description="Elements side by side.", json_schema_extra={"unit": "lanes"})
    fetch_ahead: FetchAhead = 32

    @property
    def peak_ops(self) -> int:
        """Two a lane and cycle if a multiply-add is one pass."""
        return (2 if self.fma else 1) * self.lanes

    def cannot(self, passes: Sequence[VectorPass]) -> tuple[str, ...]:
        """The functions of *passes* without a figure in ``cycles``."""
        return self.missing_of(passes)

    def passes_cost(self, passes: Iterable[VectorPass]) -> Cost:
        """What they take on its lanes, by :func:`vector_cost`."""
        return vector_cost(self, self.lanes, passes)


def vector_cost(spec: VectorTable, lanes: int, passes: Iterable[VectorPass]) -> Cost:
    """Cost of *passes*, each of which reads the result of the one before, on *lanes* lanes.

    A pass takes ceil(points / lanes) x cycles of its function, and longer where its vectors wait for those of the pass
    before. An accumulation into fewer results than lanes gives each result several lanes and ends with a tree over
    them, ceil(log2(lanes / results)) steps. The parts of a chain follow one another when their results leave the
    pipeline. Raises KeyError for a function without a figure in ``spec.cycles``.
    """
    chain, useful = _Chain(), 0
    for step in passes:
        cycles = _cycles_per_element(spec, step.function)
        vectors, latency = ceil_div(ceil_div(step.points, step.chain), lanes), spec.latency(cycles)
        for _ in range(min(step.chain, 2)):
            chain.run(vectors, cycles, latency)
        if step.chain > 2:  # from the second on, the parts are one like the other
            chain.wait((step.chain - 2) * max(vectors * cycles, latency))
        if step.outputs < step.points:
            tree = (ceil_div(lanes, step.outputs) - 1).bit_length() if step.outputs < min(step.points, lanes) else 0
            chain.gather(tree, latency)
        useful += step.points * cycles
    return Cost(chain.free, max(0, chain.result - chain.free), min(chain.free, ceil_div(useful, lanes)))


ENDLESS = 2**62  # vectors


class _Ramp(NamedTuple):
    """When one vector after the other is ready: from ``first`` on, by ``slopes`` of (so many, cycles between two).

    Slopes get less from one to the next, and the last is endless.
    """

    first: int
    slopes: tuple[tuple[int, int], ...]

    def at(self, number: int) -> int:
        """The cycle of the vector *number*."""
        cycle = self.first
        for many, slope in self.slopes:
            cycle += min(many, number) * slope
            number = max(0, number - many)
        return cycle

    def behind(self, vectors: int, cycles: int) -> _Ramp:
        """When a pass can start its vectors, *cycles* apart, if each waits for its own; there are so many *vectors*."""
        left, slopes = vectors - 1, []
        for many, slope in self.slopes:
            if taken := min(many, left):
                slopes.append((taken, max(slope, cycles)))
            left -= taken
        return _Ramp(self.first, (*slopes, (ENDLESS, cycles)))

    def later(self, cycles: int) -> _Ramp:
        """The same so many *cycles* later."""
        return _Ramp(self.first + cycles, self.slopes)


class _Chain:
    """Passes one after the other: the lanes are ``free`` again, and every ``result`` can be read, from these cycles on.

    When the vectors of the last pass can be read is the latest of ``_ready``: a pass adds the ramp at which it would
    start them if it did not wait, and hands on those of the passes before as far as they are later.
    """

    def __init__(self) -> None:
        self.free = self.result = self._began = 0
        self._ready: list[_Ramp] = []
        self._vectors = 1

    def run(self, vectors: int, cycles: int, latency: int) -> None:
        """A pass over so many *vectors*, each of which takes *cycles*, and can be read *latency* after its start."""
        own = _Ramp(self.free, ((ENDLESS, cycles),))
        end = own.at(vectors - 1)
        waiting = (ramp.behind(self._vectors, cycles) for ramp in self._ready)
        starts = [own, *(ramp for ramp in waiting if ramp.at(vectors - 1) > end)]  # no other is ever later than its own
        self._began, last = (max(ramp.at(number) for ramp in starts) for number in (0, vectors - 1))
        self.free, self.result = last + cycles, max(self.result, last + latency)
        self._ready, self._vectors = [ramp.later(latency) for ramp in starts], vectors

    def wait(self, cycles: int) -> None:
        """The pass takes so many *cycles* more, with all of its vectors."""
        self.free, self.result = self.free + cycles, self.result + cycles
        self._ready = [ramp.later(cycles) for ramp in self._ready]

    def gather(self, tree: int, latency: int) -> None:
        """The pass was a reduction: results are there after *tree* more cycles, *latency* after it began at least."""
        self.free, self.result = self.free + tree, self.result + tree
        self._ready, self._vectors = [_Ramp(self._began + latency, ((ENDLESS, 0),))], 1


def _cycles_per_element(spec: VectorTable, function: str) -> int:
    if function == "fma":
        return 1 if spec.fma else spec.cycles["mul"] + spec.cycles["add"]
    return spec.cycles[function]  # type: ignore[index]
