"""The MAC array: what there is of it, and how long elementwise work takes if its PEs do it.

What a matrix product takes is in hw/gemm.py, by the closed forms of hw/folds.py.

Modelled of elementwise work on PEs: a PE is a lane (hw/simd.py). Unless its PEs reach the SRAM by themselves, what a
request reads from there and writes there passes the array's edges, and the request takes as long as that does. Not
modelled: how an element finds the way from an edge to its PE; results that go from PE to PE pass no edge.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from dataclasses import replace as replaced
from typing import Annotated, Any, ClassVar, Literal, get_args

from pydantic import Field, GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic_core import CoreSchema, PydanticCustomError, core_schema

from hw.compute import ComputeSpec
from hw.integers import ceil_div
from hw.requests import Cost, VectorPass
from hw.simd import VectorTable, vector_cost
from hw.spec import Spec
from hw.sram import FetchAhead

Dataflow = Literal["weight_stationary", "output_stationary", "input_stationary", "dot_product"]
MacType = Literal[
    "w4a4", "w4a8", "w4a16", "w4a32", "w8a4", "w8a8", "w8a16", "w8a32",
    "w16a4", "w16a8", "w16a16", "w16a32", "w32a4", "w32a8", "w32a16", "w32a32",
]  # fmt: skip
"""Bits of a weight and of the activation that a MAC multiplies it by; of two activations both have the wider's."""
LONGEST_SIDE = 65_536  # of an array, in PEs


@dataclass(frozen=True)
class OneOrMore:
    """Annotates a list of ``choices``, of which one may stand by itself."""

    choices: tuple[str, ...]

    def parse(self, found: object) -> list[str]:
        """*found* as a list; raises a ValueError that says what was expected."""
        listed: list[Any] = found if isinstance(found, list) else [found]
        if not listed or len(listed) > len(self.choices) or any(each not in self.choices for each in listed):
            what = f"{', '.join(map(repr, self.choices[:-1]))} or {self.choices[-1]!r}, or a list of them"
            raise PydanticCustomError("one_or_more", "{what}", {"what": what})
        return listed

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_before_validator_function(self.parse, handler(source))

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        one = {"type": "string", "enum": list(self.choices)}
        return {"anyOf": [{"type": "array", "items": one, "minItems": 1, "maxItems": len(self.choices)}, one]}


Side = Annotated[int | None, Field(ge=1, le=LONGEST_SIDE**2, json_schema_extra={"unit": "elements a cycle"})]


class EdgesSpec(Spec):
    """What the array's sides take and give in a cycle, in elements; one that is left out never keeps a product waiting.

    Elementwise work has as many of them as there are rows, columns and columns then.
    """

    rows: Side = Field(default=None, description="Operands that the rows' side takes; as many as a dataflow can use.")
    columns: Side = Field(
        default=None, description="Operands that the columns' side takes; as many as a dataflow can use."
    )
    results: Side = Field(default=None, description="Results that come out; as many as a dataflow makes.")


class PeSpec(VectorTable):
    """What elementwise work costs on a PE."""

    fed_by: Literal["edges", "sram"] = Field(
        default="edges",
        description="Whether operands and results pass the array's edges, or PEs reach the SRAM by themselves.",
    )


class MacArraySpec(ComputeSpec):
    """``rows`` x ``columns`` processing elements (PEs), one MAC a PE and cycle, or as many as ``rates`` say."""

    products: ClassVar[bool] = True

    kind: Literal["mac_array"] = Field(default="mac_array", description="What the unit is.")
    rows: int = Field(ge=1, le=LONGEST_SIDE, description="Rows of PEs.", json_schema_extra={"unit": "PEs"})
    columns: int = Field(ge=1, le=LONGEST_SIDE, description="Columns of PEs.", json_schema_extra={"unit": "PEs"})
    dataflow: Annotated[list[Dataflow], OneOrMore(get_args(Dataflow)), Field(max_length=len(get_args(Dataflow)))] = (
        Field(
            description="What stays in the PEs while the rest streams through, or dot_product: a tree adds up a "
            "column's products. Of several, each product takes the quickest."
        )
    )
    folds: Literal["serial", "overlapped"] = Field(
        description="Whether the next fold of a product waits until the one before has drained, or preloads meanwhile."
    )
    packing: bool = Field(
        default=False,
        description="Whether two products of few rows share a fold of stationary outputs, each in PEs of its own.",
    )
    edges: EdgesSpec = Field(default_factory=EdgesSpec, description="What the sides take and give in a cycle.")
    elementwise: PeSpec | None = Field(
        default=None, description="What else a PE can do, an element at a time; nothing unless given."
    )
    rates: dict[MacType, Annotated[int, Field(ge=1, le=64, json_schema_extra={"unit": "MACs a cycle"})]] = Field(
        default_factory=dict,
        description="MACs that a PE does in a cycle, along k, by bits of weight and activation; one unless given.",
    )
    types: list[MacType] | None = Field(
        default=None,
        min_length=1,
        max_length=len(get_args(MacType)),
        description="What a PE multiplies, beside what has a rate; everything unless given, narrower elements being "
        "widened on their way into it.",
    )
    fetch_ahead: FetchAhead = 32

    @property
    def macs_per_cycle(self) -> int:
        """Peak rate of what has no rate of its own."""
        return self.rows * self.columns

    def takes(self, weight_bits: int, activation_bits: int) -> bool:
        """Whether a PE multiplies elements of so many bits."""
        kind = f"w{weight_bits}a{activation_bits}"
        return self.types is None or kind in self.types or kind in self.rates

    def rate(self, weight_bits: int, activation_bits: int) -> int:
        """MACs that a PE does in a cycle with elements of so many bits."""
        return {str(kind): rate for kind, rate in self.rates.items()}.get(f"w{weight_bits}a{activation_bits}", 1)

    @property
    def elements(self) -> int:
        """PEs."""
        return self.macs_per_cycle

    @property
    def depth(self) -> int:
        """That of a PE's pipeline; none if PEs do no elementwise work."""
        return 0 if self.elementwise is None else self.elementwise.pipeline_depth

    @property
    def lane_cycles(self) -> dict[str, int]:
        """Of a PE that does elementwise work."""
        known = {} if self.elementwise is None else self.elementwise.cycles
        return {str(function): cycles for function, cycles in known.items()}

    @property
    def peak_ops(self) -> int:
        """Two a PE and cycle."""
        return 2 * self.macs_per_cycle

    def cannot(self, passes: Sequence[VectorPass]) -> tuple[str, ...]:
        """The functions of *passes* that PEs have no figure for; all of them if PEs do no elementwise work."""
        if self.elementwise is None:
            return tuple(dict.fromkeys(step.function for step in passes))
        return self.elementwise.missing_of(passes)

    def passes_cost(self, passes: Iterable[VectorPass]) -> Cost:
        """Cost of elementwise *passes* on PEs that can do them; raises ValueError on an array that cannot.

        What passes the edges meanwhile is not in it: :func:`at_the_edges`.
        """
        if self.elementwise is None:
            raise ValueError("this MAC array does no elementwise operations")
        return vector_cost(self.elementwise, self.macs_per_cycle, passes)

    @property
    def elementwise_by_edges(self) -> bool:
        """Whether elementwise work, if PEs do it, passes the edges."""
        return self.elementwise is not None and self.elementwise.fed_by == "edges"

    @property
    def elementwise_rates(self) -> tuple[int, int]:
        """(operands, results) of elementwise work that pass the edges in a cycle."""
        edges = self.edges
        return (edges.rows or self.rows) + (edges.columns or self.columns), edges.results or self.columns


def at_the_edges(spec: MacArraySpec, cost: Cost, operands: int, results: int) -> Cost:
    """*cost* of elementwise work, or as long as so many elements take to pass the edges, where they have to."""
    if not spec.elementwise_by_edges:
        return cost
    taken, given = spec.elementwise_rates
    return replaced(cost, cycles=max(cost.cycles, ceil_div(operands, taken), ceil_div(results, given)))
