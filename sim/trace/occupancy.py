"""How many bytes of SRAM hold something that is still needed, by what they are for.

What a layer keeps, its state, is in use all the time; for the rest see :mod:`~sim.trace.buffer_uses`.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from sim.lowering.section import Section
from sim.trace.buffer_uses import ROLES, BufferUses
from sim.trace.requests import ItemTables, Requests
from sim.trace.slices import Numbers

Change = tuple[str, Numbers, Numbers]  # role; cycles; at each of them bytes more (or less)


class Occupancy:
    """The bytes that a *section* has in use as its requests go on."""

    def __init__(self, section: Section, tables: ItemTables) -> None:
        self._origin = tables.origin
        self._states = [s.buffer.size_bytes for s in section.inventory.storages() if s.buffer.role == "state"]
        self._uses = BufferUses(section, tables)
        self._in_use = dict.fromkeys(ROLES, 0)

    def resident(self) -> Change:
        """What is in use from the section's first cycle to its last."""
        return self._changed("state", np.array([self._origin]), np.array([sum(self._states)]))

    def changes(self, requests: Requests) -> Iterator[Change]:
        """What changes with *requests*, which take slots when they are issued and have read them by their end."""
        item = requests.variant, requests.row
        for role in ROLES:
            taken, freed = self._uses.taken[role][item], self._uses.freed[role][item]
            takes, frees = taken > 0, freed > 0
            yield self._changed(role, requests.now[takes], taken[takes])
            yield self._changed(role, requests.end[frees], -freed[frees])
        for role, slots in self._uses.slots.items():
            cycles, sizes = slots.free(requests)
            yield self._changed(role, cycles, -sizes)

    def clear(self, cycle: int) -> list[Change]:
        """The section ends at *cycle*, and nothing that it held is needed any more."""
        return [self._changed(role, np.array([cycle]), np.array([-size])) for role, size in self._in_use.items()]

    def _changed(self, role: str, cycles: Numbers, sizes: Numbers) -> Change:
        self._in_use[role] += int(sizes.sum())
        return role, cycles, sizes
