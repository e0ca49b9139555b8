"""A machine: the specifications of its units, read from YAML, and the wired components of one run."""

from __future__ import annotations

from pydantic import Field, PositiveInt, field_validator

from hw.accounts import Accounts
from hw.dma import Dma
from hw.dram import DramSpec
from hw.ideal import Effect
from hw.mac_array import MacArraySpec
from hw.ports import SramPorts
from hw.simd import SimdSpec
from hw.sram import SramSpec
from hw.unit import Recorder, Unit
from sim.documents import Spec
from sim.engine import Engine
from sim.units import FemtojoulesPerBit, FemtojoulesPerOp, Hertz


class DmaSpec(Spec):
    """``outstanding`` transfers at most are in flight."""

    outstanding: PositiveInt


class EnergySpec(Spec):
    """Joules per action: every operation (a MAC is two), every bit that crosses the DRAM interface."""

    operation: FemtojoulesPerOp
    dram: FemtojoulesPerBit


class MachineSpec(Spec):
    """Everything about the hardware that a run depends on; what ``ideal`` names costs nothing, see hw/ideal.py."""

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


class Machine:
    """The components of one run, wired to one engine; ``units`` are the compute units by name."""

    def __init__(self, spec: MachineSpec, engine: Engine, contended: bool) -> None:
        self.spec = spec
        self.ports = SramPorts(spec.sram, spec.dram_bytes_per_cycle) if contended else None
        self.units = {name: Unit(name, engine, self.ports) for name in ("mac_array", "simd")}
        self.dma = Dma(spec.dma.outstanding, spec.dram, spec.clock, engine, spec.ideal)

    @property
    def _all(self) -> list[Unit | Dma]:
        return [*self.units.values(), self.dma]

    def record(self, recorder: Recorder | None) -> None:
        """Have *recorder* listen to every unit."""
        for unit in self._all:
            unit.ledger.recorder = recorder

    def finish(self, makespan: int) -> dict[str, Accounts]:
        """Close the accounts of every unit at *makespan* and return them by name."""
        accounts = {}
        for unit in self._all:
            unit.finish(makespan)
            accounts[unit.name] = unit.ledger.accounts
        return accounts | self.dma.channel_accounts(makespan)
