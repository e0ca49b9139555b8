"""A machine: the specifications of its units, read from YAML."""

from __future__ import annotations

from typing import Annotated, get_args

from pydantic import Field

from hw.dram import DramSpec
from hw.effects import Effect
from hw.mac_array import MacArraySpec
from hw.quantities import FEMTOJOULES_PER_BIT, FEMTOJOULES_PER_OP, HERTZ, Quantity
from hw.simd import SimdSpec
from hw.spec import Description, Name, Spec
from hw.sram import SramSpec


class DmaSpec(Spec):
    """The engine that moves data between DRAM and SRAM."""

    outstanding: int = Field(
        ge=1, le=4096, description="Transfers in flight at most.", json_schema_extra={"unit": "transfers"}
    )


class EnergySpec(Spec):
    """Energy per action."""

    operation: Annotated[int, Quantity(FEMTOJOULES_PER_OP, "2pJ/op", "0pJ/op", "1000nJ/op")] = Field(
        description="Energy of an operation; a MAC is two."
    )
    dram: Annotated[int, Quantity(FEMTOJOULES_PER_BIT, "15pJ/bit", "0pJ/bit", "1000nJ/bit")] = Field(
        description="Energy of a bit that crosses the DRAM interface."
    )

    def total_fj(self, operations: float, dram_bytes: float) -> float:
        """Femtojoules of so many operations and bytes that cross the DRAM interface."""
        return operations * self.operation + dram_bytes * 8 * self.dram


class MachineSpec(Spec):
    """Everything about the hardware that a run depends on."""

    name: Name = Field(description="What reports call the machine.")
    description: Description = Field(default="", description="A line about it.")
    clock: Annotated[int, Quantity(HERTZ, "250MHz", "1kHz", "100GHz")] = Field(
        description="Clock of everything but DRAM."
    )
    mac_array: MacArraySpec = Field(description="The array of multiply-accumulate units that does matrix products.")
    simd: SimdSpec = Field(description="The lanes that do elementwise work and reductions.")
    sram: SramSpec = Field(description="The memory on the chip.")
    dram: DramSpec = Field(description="The memory beside the chip.")
    dma: DmaSpec = Field(description="The engine that moves data between DRAM and SRAM.")
    energy: EnergySpec = Field(description="Energy per action.")
    ideal: list[Effect] = Field(
        default_factory=list,
        max_length=len(get_args(Effect)),
        description="Effects that cost nothing, for experiments; the schedule stays as it is.",
    )

    @property
    def dram_bytes_per_cycle(self) -> float:
        """Peak DRAM bandwidth in bytes a core cycle."""
        return self.dram.bytes_per_second / self.clock

    def dram_cycles(self, size_bytes: int) -> float:
        """The fewest cycles in which so many bytes cross the DRAM interface; none where its bandwidth is ideal."""
        return 0.0 if "dram_bandwidth" in self.ideal else size_bytes / self.dram_bytes_per_cycle
