"""A machine: the specifications of its units, read from YAML, and the wired components of one run."""

from __future__ import annotations

from pydantic import Field, PositiveInt, field_validator

from hw.accounts import Accounts
from hw.dma import Dma
from hw.dram import DramSpec
from hw.engine import Engine
from hw.ideal import Effect
from hw.mac_array import MacArraySpec
from hw.observer import Observer
from hw.simd import SimdSpec
from hw.sram import SramSpec
from hw.sram_ports import SramPorts
from hw.unit import Server, Unit
from sim.documents import Spec
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
    """The components of one run, wired to one *engine*; ``units`` has them by name, *names* are of the reasons."""

    def __init__(self, spec: MachineSpec, engine: Engine, names: tuple[str, ...], contended: bool) -> None:
        self.engine = engine
        self.ports = SramPorts(spec.sram, spec.dram_bytes_per_cycle) if contended else None
        self.dma = Dma(spec.dma.outstanding, spec.dram, spec.clock, names, engine, spec.ideal)
        self.units: dict[str, Server] = {
            **{name: Unit(name, names, engine, self.ports) for name in ("mac_array", "simd")},
            "dma": self.dma,
        }

    def load(self, cycles: int, demand: dict[int, int]) -> int:
        """The number of the load on the SRAM ports of a request that takes *cycles* and moves *demand* bytes."""
        return self.ports.load(cycles, demand) if self.ports is not None else 0

    def observe(self, observer: Observer | None) -> None:
        """Have *observer* listen to every unit."""
        for unit in self.units.values():
            unit.ledger.observer = observer

    def close(self, makespan: int) -> dict[str, Accounts]:
        """Close the accounts of every unit at *makespan* and return them by name."""
        accounts = {name: unit.ledger.close(makespan) for name, unit in self.units.items()}
        return accounts | self.dma.channel_accounts(makespan)
