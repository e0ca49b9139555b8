"""A machine: the specifications of its units, read from YAML."""

from __future__ import annotations

from pydantic import Field, PositiveInt, field_validator

from hw.dram import DramSpec
from hw.effects import Effect
from hw.mac_array import MacArraySpec
from hw.quantities import FemtojoulesPerBit, FemtojoulesPerOp, Hertz
from hw.simd import SimdSpec
from hw.spec import Spec
from hw.sram import SramSpec


class DmaSpec(Spec):
    """``outstanding`` transfers at most are in flight."""

    outstanding: PositiveInt


class EnergySpec(Spec):
    """Joules per action: every operation (a MAC is two), every bit that crosses the DRAM interface."""

    operation: FemtojoulesPerOp
    dram: FemtojoulesPerBit


class MachineSpec(Spec):
    """Everything about the hardware that a run depends on; what ``ideal`` names costs nothing, see hw/effects.py."""

    name: str
    description: str = ""
    clock: Hertz
    mac_array: MacArraySpec
    simd: SimdSpec
    sram: SramSpec
    dram: DramSpec
    dma: DmaSpec
    energy: EnergySpec
    ideal: list[Effect] = Field(default_factory=list)

    @field_validator("clock")
    @classmethod
    def _clock_runs(cls, clock: int) -> int:
        if clock <= 0:
            raise ValueError("must be positive")
        return clock

    @property
    def dram_bytes_per_cycle(self) -> float:
        """Peak DRAM bandwidth in bytes a core cycle."""
        return self.dram.bytes_per_second / self.clock

    def dram_cycles(self, size_bytes: int) -> float:
        """The fewest cycles in which so many bytes cross the DRAM interface; none where its bandwidth is ideal."""
        return 0.0 if "dram_bandwidth" in self.ideal else size_bytes / self.dram_bytes_per_cycle
