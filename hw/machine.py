"""A machine: the specifications of its units, read from YAML."""

from __future__ import annotations

from typing import Annotated, get_args

from pydantic import Field, model_validator

from hw.compute import ComputeSpec
from hw.dram import DramSpec
from hw.effects import Effect
from hw.energy.spec import EnergySpec
from hw.mac_array import MacArraySpec
from hw.quantities import HERTZ, Quantity
from hw.simd import SimdSpec
from hw.spec import Description, Name, Spec, contradiction
from hw.sram import SramSpec
from hw.unit_names import MAC_ARRAY, SIMD
from hw.units import AnyUnit, UnitKey


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
    mac_array: MacArraySpec | None = Field(
        default=None, description="The array of multiply-accumulate units that does matrix products."
    )
    simd: SimdSpec | None = Field(default=None, description="The lanes that do elementwise work and reductions.")
    units: dict[UnitKey, AnyUnit] = Field(
        default_factory=dict,
        max_length=16,
        description="Other compute units, by names of your own: a second array, more lanes, special functions.",
    )
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

    @model_validator(mode="after")
    def _units_have_names(self) -> MachineSpec:
        for name in self.units:
            if name in (MAC_ARRAY, SIMD) and getattr(self, name) is not None:
                raise contradiction(f"the machine has a unit {name!r} already, by the key {name}", f"units.{name}")
        if not self.compute:
            raise contradiction("the machine has no compute unit, expected mac_array, simd or units", MAC_ARRAY)
        return self

    @property
    def compute(self) -> dict[str, ComputeSpec]:
        """Its compute units by name: those of the shorthand first."""
        short: dict[str, ComputeSpec | None] = {MAC_ARRAY: self.mac_array, SIMD: self.simd}
        return {name: unit for name, unit in short.items() if unit is not None} | self.units

    @property
    def arrays(self) -> dict[str, MacArraySpec]:
        """Its MAC arrays by name."""
        return {name: unit for name, unit in self.compute.items() if isinstance(unit, MacArraySpec)}

    def alike(self, unit: str) -> tuple[str, ...]:
        """The units that differ from *unit* in nothing but their name, it among them, in their order."""
        compute = self.compute
        return tuple(name for name, spec in compute.items() if spec == compute[unit])

    @property
    def macs_per_cycle(self) -> int:
        """Peak rate of all arrays."""
        return sum(array.macs_per_cycle for array in self.arrays.values())

    def key(self, unit: str) -> str:
        """The path at which its file describes *unit*."""
        return f"units.{unit}" if unit in self.units else unit

    @property
    def dram_bytes_per_cycle(self) -> float:
        """Peak DRAM bandwidth in bytes a core cycle."""
        return self.dram.bytes_per_second / self.clock

    def dram_cycles(self, size_bytes: int) -> float:
        """The fewest cycles in which so many bytes cross the DRAM interface; none where its bandwidth is ideal."""
        return 0.0 if "dram_bandwidth" in self.ideal else size_bytes / self.dram_bytes_per_cycle
