"""Where the addresses of a channel lie, in the integers that compiled code reads: hw/dram/organisation.py says how."""

from __future__ import annotations

from hw.dram.organisation import Organisation


class Places:
    """The figures of an organisation."""

    __slots__ = ("bank_groups", "banks", "burst_bytes", "burst_clocks", "group_bytes", "region_bytes", "regions")

    def __init__(self, organisation: Organisation) -> None:
        self.bank_groups = organisation.bank_groups
        self.banks = organisation.banks
        self.burst_bytes = organisation.burst_bytes
        self.burst_clocks = organisation.burst_clocks
        self.group_bytes = organisation.group_bytes
        self.region_bytes = organisation.region_bytes
        self.regions = organisation.regions
