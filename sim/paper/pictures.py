"""What all figures share: a column of print, 8 pt, colours for the colour-blind with a marker each, the same bytes.

Colours are those of Okabe and Ito; markers and line styles tell the series apart in grey.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

import matplotlib
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from sim.files.outputs import writing
from sim.presentation.figures.canvas import PRINT

COLUMN_INCHES = 3.4
DOTS_PER_INCH = 300
_RC = PRINT | {"legend.fontsize": 8}


@dataclass(frozen=True)
class Style:
    """How a series is drawn."""

    colour: str
    marker: str
    line: str


STYLES = (
    Style("#000000", "o", "-"),
    Style("#e69f00", "D", ":"),
    Style("#0072b2", "s", "-"),
    Style("#d55e00", "^", "--"),
    Style("#009e73", "v", "-."),
)


def draw_series(axes: Axes, style: Style, x: Sequence[float], y: Sequence[float], label: str) -> None:
    """A line with markers that are hollow, so that one shows through another."""
    axes.plot(
        x, y, style.line, color=style.colour, marker=style.marker, markersize=4, markerfacecolor="white",
        markeredgewidth=0.9, linewidth=1.0, label=label, zorder=3,
    )  # fmt: skip


def print_style() -> AbstractContextManager[None]:
    """A context in which figures are made and saved."""
    return matplotlib.rc_context(_RC)  # type: ignore[arg-type]


def write_figure(figure: Figure, folder: Path, name: str) -> None:
    """Write *figure* as NAME.svg and NAME.png: no date, no random ids, no versions."""
    for format, metadata in (("svg", {"Date": None}), ("png", {"Software": None})):
        image = BytesIO()
        figure.savefig(image, format=format, dpi=DOTS_PER_INCH, facecolor="white", metadata=metadata)
        with writing(folder / f"{name}.{format}") as stream:
            stream.write(image.getvalue())


def millions(parameters: float) -> str:
    """*parameters* as on an axis: ``3.3 M``, ``890 M``, ``1,241 M``."""
    count = parameters / 1e6
    return f"{count:.1f} M" if count < 10 else f"{count:,.0f} M"
