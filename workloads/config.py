"""Workload descriptions: YAML -> a model's dimensions, phase, lengths and mapping wishes -> its timestep graph."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

from pydantic import BaseModel, Field, PositiveInt

from sim.documents import Document, Spec
from workloads.graph import TimestepGraph
from workloads.mamba1 import Mamba1Dimensions, mamba1_block
from workloads.mamba2 import Mamba2Dimensions, mamba2_block
from workloads.mamba3 import Mamba3NaiveDimensions, mamba3_naive_block

GENERATORS: dict[str, tuple[type[BaseModel], Callable[[Any], TimestepGraph]]] = {
    "mamba1": (Mamba1Dimensions, mamba1_block),
    "mamba2": (Mamba2Dimensions, mamba2_block),
    "mamba3_naive": (Mamba3NaiveDimensions, mamba3_naive_block),
}

Placement = Literal["auto", "mac_array", "simd"]
Precision = Literal["8bit", "16bit", "32bit"]
PRECISION_BYTES: dict[Precision, int] = {"8bit": 1, "16bit": 2, "32bit": 4}


class MappingSpec(Spec):
    """How the workload is to be laid onto a machine; whatever is left out is chosen by lowered cost and capacity.

    ``placement`` is where operations run that both the MAC array and the SIMD unit can do; ``place`` overrides it by
    operation name. ``token_tile`` tokens share one pass over the weights. ``blocks`` cut the heads (or channels) into
    parts whose tiles are buffered and freed on their own; ``lanes`` cut a block into parts whose recurrences are
    interleaved step by step. ``weight_slot_kib`` bounds the tile of weights that one transfer brings.
    """

    placement: Placement = "auto"
    place: dict[str, Literal["mac_array", "simd"]] = Field(default_factory=dict)
    token_tile: PositiveInt | None = None
    blocks: PositiveInt | None = None
    lanes: PositiveInt | None = None
    weight_slot_kib: PositiveInt | None = None


class WorkloadSpec(Spec):
    """One workload file. ``dimensions`` belong to the ``model`` (see its Dimensions class)."""

    name: str
    description: str = ""
    model: Literal[tuple(GENERATORS)]  # type: ignore[valid-type]
    dimensions: dict[str, Any]
    layers: PositiveInt
    phase: Literal["prefill", "decode"] = "prefill"
    sequence_length: PositiveInt
    batch: PositiveInt = 1
    precision: Precision = "16bit"
    state_precision: Precision | None = None
    mapping: MappingSpec = MappingSpec()


@dataclass(frozen=True)
class Workload:
    """A checked workload: its description and the dependency graph of one timestep of one layer."""

    spec: WorkloadSpec
    graph: TimestepGraph

    @property
    def steps(self) -> int:
        """Timesteps that a run makes: the prompt's tokens in prefill, one in decode."""
        return self.spec.sequence_length if self.spec.phase == "prefill" else 1

    @property
    def tokens(self) -> int:
        """Tokens that a run produces or reads, over the whole batch."""
        return self.steps * self.spec.batch

    @cached_property
    def element_bytes(self) -> int:
        """Bytes of a weight or an activation."""
        return PRECISION_BYTES[self.spec.precision]

    @cached_property
    def state_bytes(self) -> int:
        """Bytes of an element of a tensor that is part of a recurrence."""
        return PRECISION_BYTES[self.spec.state_precision or self.spec.precision]


def build_workload(document: Document) -> Workload:
    """Check *document* and generate its graph; raises InputError with every mistake."""
    spec = document.check(WorkloadSpec)
    schema, generate = GENERATORS[spec.model]
    return Workload(spec, generate(document.check(schema, at=["dimensions"])))
