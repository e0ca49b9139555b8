"""What a speed grade of a DRAM standard says. The figures are in a file for each standard, ddr4.py to hbm3.py.

What follows from them, the rules by which commands keep apart, is in rules.py.
"""

from __future__ import annotations

from dataclasses import dataclass

from hw.dram.organisation import Organisation


@dataclass(frozen=True)
class Timing:
    """One speed grade: the clock's period in femtoseconds, everything else in clocks (nCK), under JEDEC's names.

    In these names, ``_pb`` is for one bank and ``_ab`` for all of them, ``_s`` (short) for commands to different bank
    groups and ``_l`` (long) for those to one.
    """

    organisation: Organisation
    tck_fs: int
    rl: int  # read latency: from a read command to its first data
    wl: int  # write latency
    rcd: int  # from an activation to a read of the row
    rcd_wr: int  # from an activation to a write
    rp_pb: int  # from a precharge to the next activation
    rp_ab: int
    rp_ref: int  # from a precharge to a refresh of all banks
    ras: int  # from an activation to the precharge
    rc: int  # from an activation to the next one of the same bank
    wr: int  # write recovery: from the last written data to the precharge
    rtp: int  # from a read to the precharge
    ccd_s: int  # between two reads, or two writes
    ccd_l: int  # between two reads
    ccd_l_wr: int  # between two writes
    bl_max: int  # of a burst whose two halves may be apart, as those of one bank group
    rtw: int  # clocks without data that a read leaves before a write
    wtr_s: int  # from the last written data to a read
    wtr_l: int
    rrd_s: int  # between the activations of two banks
    rrd_l: int
    faw: int  # in which four activations fit at most
    ppd: int  # between two precharges
    refi: int  # from one refresh of all banks to the next
    rfc_ab: int  # how long a refresh takes
    # of a single bank; none of it where a standard has no such refresh
    refi_pb: int = 0  # from one refresh of a single bank to the next
    rfc_pb: int = 0
    pbr2pbr: int = 0  # between the refreshes of two banks
    pbr2act: int = 0  # from the refresh of one bank to an activation of another
    aad: int = 0  # from the first command of an activation to the second, at most; 0 where there is one command
    wck_postamble: int = 0  # for which a data clock runs on after a burst

    @property
    def read_clocks(self) -> int:
        """From the first clock of a read command to the end of its data."""
        return self.organisation.column_clocks - 1 + self.rl + self.organisation.burst_clocks

    @property
    def pace(self) -> tuple[int, int]:
        """Clocks a burst of a stream that is read, and of one that is written; bank groups take turns."""
        slowest = max(self.organisation.burst_clocks, self.ccd_s)
        groups = self.organisation.bank_groups
        return max(slowest, -(-self.ccd_l // groups)), max(slowest, -(-self.ccd_l_wr // groups))

    @property
    def read_to_write(self) -> int:
        """Clocks without data from read to write: the commands are RL + burst + RTW - WL apart."""
        return self.rtw

    @property
    def write_to_read(self) -> int:
        """Clocks without data from write to read of one bank group: the commands are WL + BL/n_max + WTR_L apart."""
        return max(0, self.bl_max + self.wtr_l + self.rl - self.organisation.burst_clocks)

    @property
    def refresh_window(self) -> int:
        """Clocks without data for a refresh of all banks: drain, refresh, reopen a row."""
        return self.rp_ab + self.rfc_ab + self.rcd

    @property
    def bytes_per_second(self) -> float:
        """Peak of one channel."""
        return self.organisation.burst_bytes / (self.organisation.burst_clocks * self.tck_fs * 1e-15)
