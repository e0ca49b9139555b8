"""How a channel of a DRAM standard is organised: its data lines, its banks, where addresses lie, its command bus.

A channel has one rank. What HBM calls a pseudo-channel, and a DIMM of DDR5 a sub-channel, is a channel here.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

INTERLEAVE_BYTES: Final = 256  # of one channel before the next
CLOSED: Final = -1  # instead of the row that is open in a bank
NEVER: Final = 1 << 60  # later than any clock


@dataclass(frozen=True)
class Organisation:
    """One channel. Numbers of lines, groups and banks, and bytes, are powers of two.

    Rows of all bank groups lie side by side, ``group_bytes`` of one group after as many of the next: that is a region.
    Regions follow each other through the banks of the groups, and come back to the first bank with the next row. A
    standard without bank groups has one.
    """

    width_bits: int  # data lines
    burst_length: int  # beats that a read or write moves
    beats: int  # that a data line carries in a clock
    bank_groups: int
    banks: int  # of all groups
    row_bytes: int  # of a bank, in all devices of the rank
    group_bytes: int  # consecutive bytes in one bank group
    # clocks for which a command takes the command bus; figures of timing count from the last one
    activate_clocks: int = 1
    column_clocks: int = 1  # of a read or write
    other_clocks: int = 1  # of a precharge or refresh
    data_clock: bool = False  # whether a CAS command has to start a data clock before a read or write after a pause

    @property
    def burst_bytes(self) -> int:
        """What a read or write moves."""
        return self.width_bits * self.burst_length // 8

    @property
    def burst_clocks(self) -> int:
        """For which the data of a read or write take the data lines."""
        return self.burst_length // self.beats

    @property
    def region_bytes(self) -> int:
        """Bytes of the rows that lie side by side, one in each bank group."""
        return self.bank_groups * self.row_bytes

    @property
    def regions(self) -> int:
        """How many can be open at a time: so many follow each other before they are in the same banks again."""
        return self.banks // self.bank_groups
