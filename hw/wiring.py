"""The components of one run, wired to each other and to one engine."""

from __future__ import annotations

from hw.accounts import Accounts
from hw.dma import Dma
from hw.engine import Engine
from hw.machine import MachineSpec
from hw.observer import Observer
from hw.sram_ports import SramPorts
from hw.unit import Server, Unit
from hw.unit_names import DMA, UnitName


class Machine:
    """The components of one run, wired to one *engine*; ``units`` has them by name, *names* are of the reasons."""

    def __init__(self, spec: MachineSpec, engine: Engine, names: tuple[str, ...], contended: bool) -> None:
        self.engine = engine
        self.ports = SramPorts(spec.sram, spec.dram_bytes_per_cycle) if contended else None
        self._fetch_ahead = {name: unit.fetch_ahead for name, unit in spec.compute.items()}
        self.dma = Dma(spec.dma.outstanding, spec.dram, spec.clock, names, engine, spec.ideal, self.ports)
        self.units: dict[str, Server] = {
            **{name: Unit(name, names, engine, self.ports) for name in spec.compute},
            DMA: self.dma,
        }

    def load(self, unit: UnitName, cycles: int, demand: dict[int, int]) -> int:
        """The number of the load on the SRAM ports of a request of *unit* that moves *demand* bytes in *cycles*."""
        return self.ports.load(cycles, demand, self._fetch_ahead[unit]) if self.ports is not None else 0

    def traffic(self, lies: dict[int, int]) -> int:
        """The number of the kind of traffic to and from a buffer of which so many bytes lie in each cluster."""
        return self.ports.traffic(lies) if self.ports is not None else 0

    def observe(self, observer: Observer | None) -> None:
        """Have *observer* listen to every unit."""
        for unit in self.units.values():
            unit.ledger.observer = observer

    def close(self, makespan: int) -> dict[str, Accounts]:
        """Close the accounts of every unit at *makespan* and return them by name."""
        accounts = {name: unit.ledger.close(makespan) for name, unit in self.units.items()}
        return accounts | self.dma.channel_accounts(makespan)
