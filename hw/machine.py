"""A machine: the specifications of its units, read from YAML."""

from __future__ import annotations

from typing import Annotated, get_args

from pydantic import Field

from hw.dram import DramSpec
from hw.effects import Effect
from hw.energy.spec import EnergySpec
from hw.mac_array import MacArraySpec
from hw.quantities import HERTZ, Quantity
from hw.simd import SimdSpec
from hw.spec import Description, Name, Spec
from hw.sram import SramSpec


class DmaSpec(Spec):
    """The engine that moves data between DRAM and SRAM."""

    outstanding: int = Field(
        ge=1, le=4096, description="Transfers in flight at most.", json_schema_extra={"unit": "transfers"}
    )


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
    energy: EnergySpec = Field(
        description="Energy per action: paper or components, or either of them in full, with the keys below."
    )
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
