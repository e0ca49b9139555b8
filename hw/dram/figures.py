"""A user's own memory: figures that a machine's file says instead of those of the grade that it names.

With all of them it is a standard of one's own. Keys are those of Timing and Organisation; what is not said is as in
the grade. Clocks are whole numbers of the memory's clock, as in JEDEC's tables (nCK).
"""

from __future__ import annotations

from dataclasses import fields, replace
from typing import Annotated, Any, Literal

from pydantic import Field

from hw.dram.organisation import INTERLEAVE_BYTES, Organisation
from hw.dram.timing import Timing
from hw.quantities import BYTES, HERTZ, Quantity
from hw.spec import Spec, contradiction

_OF_ORGANISATION = {each.name for each in fields(Organisation)}
_IN_REFRESH = ("refi", "rc", "wl", "wr", "rp_pb", "rp_ab", "rp_ref", "rcd", "rcd_wr")


def _clocks(description: str, least: int = 0, most: int = 4096) -> Any:
    """A key that takes so many clocks."""
    return Field(default=None, ge=least, le=most, description=description, json_schema_extra={"unit": "clocks"})


class FiguresSpec(Spec):
    """Figures of a channel, each instead of the grade's."""

    clock: Annotated[int, Quantity(HERTZ, "800MHz", "10MHz", "10GHz")] | None = Field(
        default=None, description="Clock of commands, in which all clocks are counted."
    )
    width_bits: Literal[8, 16, 32, 64, 128] | None = Field(default=None, description="Data lines of a channel.")
    burst_length: Literal[2, 4, 8, 16, 32] | None = Field(
        default=None, description="Beats that a read or write moves on each data line."
    )
    beats: Literal[1, 2, 4, 8] | None = Field(default=None, description="Beats of a data line in a clock.")
    bank_groups: Literal[1, 2, 4, 8] | None = Field(default=None, description="Bank groups; 1: there are none.")
    banks: Literal[4, 8, 16, 32, 64] | None = Field(default=None, description="Banks of all groups.")
    row_bytes: Annotated[int, Quantity(BYTES, "2KiB", "256B", "64KiB")] | None = Field(
        default=None, description="A bank's row, in all devices of the rank; a power of two."
    )
    group_bytes: Literal[8, 16, 32, 64, 128, 256] | None = Field(
        default=None, description="Consecutive bytes in one bank group."
    )
    data_clock: bool | None = Field(default=None, description="Whether a command has to start a data clock.")
    activate_clocks: int | None = _clocks("How long an activation takes the command bus.", 1, 8)
    column_clocks: int | None = _clocks("How long a read or write takes the command bus.", 1, 8)
    other_clocks: int | None = _clocks("How long a precharge or refresh takes the command bus.", 1, 8)
    rl: int | None = _clocks("From a read command to its first data.")
    wl: int | None = _clocks("From a write command to its first data.")
    rcd: int | None = _clocks("From an activation to a read.")
    rcd_wr: int | None = _clocks("From an activation to a write.")
    rp_pb: int | None = _clocks("From a precharge of a bank to its next activation.")
    rp_ab: int | None = _clocks("From a precharge of all banks to an activation.")
    rp_ref: int | None = _clocks("From a precharge to a refresh of all banks.")
    ras: int | None = _clocks("From an activation to the precharge.")
    rc: int | None = _clocks("From an activation of a bank to its next.")
    wr: int | None = _clocks("From the last written data to the precharge.")
    rtp: int | None = _clocks("From a read to the precharge.")
    ccd_s: int | None = _clocks("Between two reads, or two writes.")
    ccd_l: int | None = _clocks("Between two reads of one bank group.")
    ccd_l_wr: int | None = _clocks("Between two writes of one bank group.")
    bl_max: int | None = _clocks("How long a burst takes whose two halves may be apart.")
    rtw: int | None = _clocks("How long the bus is without data from a read to a write.")
    wtr_s: int | None = _clocks("From the last written data to a read of another bank group.")
    wtr_l: int | None = _clocks("From the last written data to a read of the same bank group.")
    rrd_s: int | None = _clocks("Between the activations of two banks.")
    rrd_l: int | None = _clocks("Between the activations of two banks of one group.")
    faw: int | None = _clocks("How long it takes for a fifth activation to fit in behind four.")
    ppd: int | None = _clocks("Between two precharges.")
    refi: int | None = _clocks("From one refresh of all banks to the next.", 100, 1_000_000)
    rfc_ab: int | None = _clocks("How long a refresh of all banks takes.")
    refi_pb: int | None = _clocks("From one refresh of a bank to the next of another; 0: there is none.", 0, 1_000_000)
    rfc_pb: int | None = _clocks("How long a refresh of one bank takes.")
    pbr2pbr: int | None = _clocks("Between the refreshes of two banks.")
    pbr2act: int | None = _clocks("From the refresh of a bank to an activation of another.")
    aad: int | None = _clocks("Between the two commands of an activation, at most; 0: it is one command.", 0, 64)
    wck_postamble: int | None = _clocks("How long a data clock runs on after a burst.", 0, 64)

    def changed(self, grade: Timing) -> Timing:
        """*grade* with these figures; raises a PydanticCustomError for figures that do not go together."""
        said = self.model_dump(exclude_none=True)
        clock_hz = said.pop("clock", None)
        shape = {name: said.pop(name) for name in _OF_ORGANISATION & said.keys()}
        organisation = replace(grade.organisation, **shape)
        tck_fs = grade.tck_fs if clock_hz is None else round(10**15 / clock_hz)
        timing = replace(grade, organisation=organisation, tck_fs=tck_fs, **said)
        _check(timing)
        return timing


def _check(timing: Timing) -> None:
    """Raises a PydanticCustomError for the first figures of *timing* that do not go together."""
    o = timing.organisation
    if o.row_bytes & (o.row_bytes - 1):
        raise contradiction("a row must be a power of two", "figures.row_bytes")
    if o.banks < o.bank_groups:
        message = f"{o.banks} banks cannot be in {o.bank_groups} groups"
        raise contradiction(message, "figures.banks", "figures.bank_groups")
    if o.burst_length < o.beats:
        message = f"a burst of {o.burst_length} beats must take a clock at least, which has {o.beats}"
        raise contradiction(message, "figures.burst_length", "figures.beats")
    if not o.burst_bytes <= o.group_bytes <= o.row_bytes or o.burst_bytes > INTERLEAVE_BYTES:
        message = (
            f"a burst ({o.burst_bytes} bytes) must fit into what lies in one bank group ({o.group_bytes}), that into a "
            f"row ({o.row_bytes})"
        )
        raise contradiction(message, "figures.group_bytes", "figures.width_bits", "figures.burst_length")
    t = timing
    drain = t.rc + t.wl + t.wr + o.burst_clocks  # until a bank that is in use can be closed, at most
    taken = drain + max(t.rp_pb, t.rp_ab, t.rp_ref) + t.rfc_ab + max(t.rcd, t.rcd_wr)
    if taken >= t.refi:
        message = f"refreshes must leave time for data: one can take {taken} of {t.refi} clocks"
        raise contradiction(message, "figures.rfc_ab", *(f"figures.{name}" for name in _IN_REFRESH))
    taken = drain + t.rp_pb + t.pbr2pbr
    if 0 < t.refi_pb <= taken:
        message = f"refreshes of banks must leave time for data: one can take {taken} of {t.refi_pb} clocks"
        raise contradiction(message, "figures.refi_pb", "figures.pbr2pbr", *(f"figures.{name}" for name in _IN_REFRESH))
