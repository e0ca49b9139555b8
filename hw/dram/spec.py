"""What a machine's file says about its DRAM."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field, model_validator

from hw.dram.figures import FiguresSpec
from hw.dram.grades import TIMINGS
from hw.dram.plain import plain_timing
from hw.dram.timing import Timing
from hw.quantities import BYTES_PER_SECOND, FEMTOSECONDS, Quantity
from hw.spec import Spec, contradiction

if TYPE_CHECKING:
    Grade = str
else:
    Grade = Literal[tuple(TIMINGS)]


class DramSpec(Spec):
    """``channels`` channels of one speed grade, or of a ``bandwidth``; a transfer is interleaved over all of them."""

    timing: Grade | None = Field(default=None, description="Speed grade of a channel; or say its bandwidth.")
    figures: FiguresSpec | None = Field(
        default=None, description="What is different in a memory of your own; all of it, or as in the speed grade."
    )
    bandwidth: Annotated[int, Quantity(BYTES_PER_SECOND, "50GB/s", "1MB/s", "10TB/s")] | None = Field(
        default=None, description="What a channel moves at most, where no more is known of it than that."
    )
    latency: Annotated[int, Quantity(FEMTOSECONDS, "100ns", "0ns", "1ms")] | None = Field(
        default=None, description="From asking for a transfer to its first data, with a bandwidth; none unless given."
    )
    efficiency: float | None = Field(
        default=None, ge=0.01, le=1.0, description="Share of the bandwidth that transfers reach; all unless given."
    )
    channels: int = Field(
        default=1, ge=1, le=1024, description="Channels, over all of which a transfer is interleaved.",
        json_schema_extra={"unit": "channels"},
    )  # fmt: skip
    refresh: Literal["all-bank", "none"] = Field(
        default="all-bank", description="What a refresh of a speed grade stops; none: there is no refresh."
    )

    @model_validator(mode="after")
    def _one_description(self) -> DramSpec:
        if (self.timing is None) == (self.bandwidth is None):
            message = "expected a speed grade (timing) or a bandwidth: one of them, the other is null"
            raise contradiction(message, "bandwidth", "timing")
        if self.bandwidth is None:
            for key in ("latency", "efficiency"):
                if getattr(self, key) is not None:
                    raise contradiction(f"{key} goes with a bandwidth only", key, "timing")
        elif self.figures is not None:
            raise contradiction("figures go with a speed grade only", "figures", "bandwidth")
        if self.timing is not None and self.figures is not None:
            _figured(self.timing, self.figures)
        return self

    @property
    def grade(self) -> Timing:
        """The figures of a channel."""
        if self.timing is not None:
            return TIMINGS[self.timing] if self.figures is None else _figured(self.timing, self.figures)
        assert self.bandwidth is not None, "it is one or the other"
        return plain_timing(self.bandwidth * (self.efficiency or 1.0), self.latency or 0)

    @property
    def refreshed(self) -> bool:
        """Whether refreshes stop it."""
        return self.timing is not None and self.refresh != "none"

    @property
    def bytes_per_second(self) -> float:
        """Peak of all channels; of a bandwidth the share that transfers reach."""
        return self.channels * self.grade.bytes_per_second


@cache
def _figured(grade: str, figures: FiguresSpec) -> Timing:
    """The speed grade with figures of a user's own; raises a PydanticCustomError where they do not go together."""
    return figures.changed(TIMINGS[grade])
