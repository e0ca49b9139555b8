"""What a machine's file says about its DRAM."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from pydantic import Field

from hw.dram import hbm3, lpddr5
from hw.spec import Spec

TRANSFER_TIMINGS = lpddr5.TIMINGS | hbm3.TIMINGS
"""The speed grades that a machine can have. Traces can be replayed on LPDDR5 only."""

if TYPE_CHECKING:
    Grade = str
else:
    Grade = Literal[tuple(TRANSFER_TIMINGS)]


class DramSpec(Spec):
    """``channels`` channels of one speed grade; a transfer is interleaved over all of them."""

    timing: Grade = Field(description="Speed grade of a channel.")
    channels: int = Field(
        ge=1, le=1024, description="Channels, over all of which a transfer is interleaved.",
        json_schema_extra={"unit": "channels"},
    )  # fmt: skip
    refresh: Literal["all-bank", "none"] = Field(
        default="all-bank", description="What a refresh stops; none: there is no refresh."
    )

    @property
    def bytes_per_second(self) -> float:
        """Peak of all channels."""
        return self.channels * TRANSFER_TIMINGS[self.timing].bytes_per_second
