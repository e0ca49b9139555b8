"""The figure of the SRAM: bytes by buffer, the largest first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter

from hw.quantities import format_bytes
from sim.accounting.result import MappingReport
from sim.presentation.figures.canvas import (
    ROW_INCHES,
    WIDE,
    Drawing,
    draw_legend,
    figure,
    horizontal,
    legend_inches,
    swatch,
)
from sim.presentation.figures.palette import FAINT, ROLE_COLOURS, Fill
from sim.presentation.figures.stacked_bars import BAR, write_beside
from sim.presentation.numbers import number, percent, plural

_MOST_ROWS = 14


@dataclass(frozen=True)
class BufferBytes:
    """A buffer in SRAM: ``size_bytes`` are those of all its slots."""

    name: str
    role: str
    slots: int
    slot_bytes: int

    @property
    def size_bytes(self) -> int:
        """Bytes in all."""
        return self.slots * self.slot_bytes


def buffers(mapping: MappingReport) -> list[BufferBytes]:
    """The buffers in SRAM, the largest first; they sum to ``sram_bytes``."""
    found = [BufferBytes(each.name, each.role, each.slots, each.slot_bytes) for each in mapping.buffers]
    return sorted(found, key=lambda buffer: -buffer.size_bytes)


def draw_sram(found: Sequence[BufferBytes], capacity: int | None, width: float) -> Drawing:
    """What is in SRAM: bytes by buffer, the largest first; *capacity* in bytes if the machine is known."""
    shown = list(found[:_MOST_ROWS])
    used, others = sum(buffer.size_bytes for buffer in found), found[_MOST_ROWS:]
    roles = [role for role in ROLE_COLOURS if any(buffer.role == role for buffer in found)]
    rows = [buffer.name for buffer in shown] + ([plural(len(others), "other")] if others else [])
    made, axes = figure(width, ROW_INCHES * len(rows) + 0.62 + legend_inches(len(roles), width))
    of = f" of {number(capacity / 1024)} KiB ({percent(used / capacity)})" if capacity else ""
    drawing = Drawing(made, "What is in SRAM", f"{plural(len(found), 'buffer')} take {number(used / 1024)} KiB{of}")
    horizontal(axes, rows)
    for row, buffer in enumerate(shown):
        _buffer(drawing, axes, row, 0, buffer)
        write_beside(axes, buffer.size_bytes / 1024, row, number(buffer.size_bytes / 1024))
    left = 0
    for buffer in others:
        _buffer(drawing, axes, len(shown), left, buffer)
        left += buffer.size_bytes
    if others:
        write_beside(axes, left / 1024, len(shown), number(left / 1024))
    axes.set_xlim(0, 1.13 * max(left, found[0].size_bytes) / 1024)
    axes.set_xlabel(f"KiB; {drawing.description}" if width >= WIDE else "KiB")
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.0f}"))
    draw_legend(made, [swatch(Fill(ROLE_COLOURS[role]), role) for role in roles], width)
    return drawing


def _buffer(drawing: Drawing, axes: Axes, row: int, left: int, buffer: BufferBytes) -> None:
    (patch,) = axes.barh(
        row, buffer.size_bytes / 1024, BAR, left / 1024, facecolor=ROLE_COLOURS[buffer.role], edgecolor=FAINT,
        linewidth=0.4,
    )  # fmt: skip
    cut = f"{buffer.slots} x {format_bytes(buffer.slot_bytes)}"
    said = f"{buffer.name} ({buffer.role}): {cut}, {buffer.size_bytes:,} bytes"
    drawing.mark(patch, said, figure="sram", buffer=buffer.name, bytes=buffer.size_bytes)
