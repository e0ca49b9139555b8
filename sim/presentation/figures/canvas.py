"""What all figures share: print style, a title and marks that a page can explain, legends, axes, texts on bars."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from textwrap import wrap

import matplotlib
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Patch
from matplotlib.patheffects import withStroke
from matplotlib.text import Text

from sim.presentation.escaping import plain
from sim.presentation.figures.palette import FAINT, GRID, HALO, INK, ON_FILL, Fill

PAGE_INCHES = 7.0  # across two columns of print
ROW_INCHES = 0.27
WIDE = 5.0  # inches from which on there is room for more text
VISIBLE = 0.001  # least share of a unit's cycles that is worth an entry in a legend
_LEGEND_INCHES = 1.65  # of an entry
_LETTERS = 7  # an inch of the figure that a name beside it may have
_LEGEND_LETTERS = 40
PRINT = {  # what figures of any kind look like on paper, and the same bytes each time
    "svg.hashsalt": "stallscope",
    "font.family": "DejaVu Sans",
    "font.size": 8,
    "axes.titlesize": 8,
    "axes.labelsize": 8,
    "xtick.labelsize": 8,
    "ytick.labelsize": 8,
    "axes.linewidth": 0.6,
    "xtick.major.width": 0.6,
    "ytick.major.width": 0.6,
}
_RC = PRINT | {
    "pdf.fonttype": 42,
    "text.parse_math": False,  # a $ in a name is a $
    "legend.fontsize": 7.5,
    "text.color": INK,
    "axes.labelcolor": INK,
    "axes.edgecolor": FAINT,
    "xtick.color": INK,
    "ytick.color": INK,
    "hatch.linewidth": 0.5,
    "patch.linewidth": 0.4,
}


@dataclass(frozen=True)
class Mark:
    """What a drawn thing stands for: a sentence for people, and values for scripts."""

    text: str
    data: dict[str, str]


@dataclass
class Drawing:
    """A figure, what it is called, what it says, and the marks of its parts by their id."""

    figure: Figure
    title: str
    description: str
    marks: dict[str, Mark] = field(default_factory=dict)

    def mark(self, artist: Artist, text: str, **data: str | int) -> None:
        """Let *artist* stand for what *text* and *data* say."""
        name = f"mark{len(self.marks)}"
        artist.set_gid(name)
        self.marks[name] = Mark(plain(text), {key: plain(str(value)) for key, value in data.items()})


def print_style() -> AbstractContextManager[None]:
    """A context in which figures are made and saved."""
    return matplotlib.rc_context(_RC)  # type: ignore[arg-type]


def figure(width: float, height: float) -> tuple[Figure, Axes]:
    """A figure of *width* x *height* inches with one pair of axes."""
    made = Figure(figsize=(width, height), layout="constrained")
    made.get_layout_engine().set(w_pad=0.05, h_pad=0.05)  # type: ignore[union-attr,call-arg]
    return made, made.subplots()


def legend_rows(entries: int, width: float) -> int:
    """How many rows a legend below a figure of *width* inches takes."""
    return -(-entries // _legend_columns(width))


def _legend_columns(width: float) -> int:
    return max(1, int(width / _LEGEND_INCHES))


def legend_inches(entries: int, width: float) -> float:
    """How high it is."""
    return 0.16 * legend_rows(entries, width) + 0.12


def draw_legend(made: Figure, handles: Sequence[Artist], width: float) -> None:
    """A legend below everything; whatever the entries are called."""
    names = [str(handle.get_label()) for handle in handles]
    legend = made.legend(
        handles=list(handles), labels=["x"] * len(names), loc="outside lower center",
        ncols=min(len(handles), _legend_columns(width)), frameon=False, handlelength=1.6, handleheight=1.0,
        columnspacing=1.2, borderaxespad=0.1, labelspacing=0.35,
    )  # fmt: skip
    for text, name in zip(legend.get_texts(), names, strict=True):
        text.set_text(fitted(name, _LEGEND_LETTERS))


def _lines(name: str, letters: int) -> list[str]:
    """*name* in lines of so many *letters*, two at most."""
    lines = wrap(plain(name), letters, break_long_words=False, break_on_hyphens=False) or [""]
    return [fitted(line, letters) for line in (lines if len(lines) < 3 else [lines[0], " ".join(lines[1:])])]


def fitted(name: str, letters: int) -> str:
    """*name* as a figure has room for it: what is longer than so many *letters* loses its middle."""
    shown = plain(name)
    return shown if len(shown) <= letters else f"{shown[: letters // 2]}…{shown[letters // 2 + 1 - letters :]}"


def swatch(fill: Fill, label: str) -> Patch:
    """An entry of a legend."""
    return Patch(facecolor=fill.colour, hatch=fill.hatch, edgecolor=FAINT, label=label)


def horizontal(axes: Axes, names: Iterable[str]) -> None:
    """Make *axes* those of horizontal bars called *names*, from top to bottom."""
    letters = int(_LETTERS * axes.get_figure().get_figwidth())  # type: ignore[union-attr]
    listed = ["\n".join(_lines(name, letters)) for name in names]
    axes.set_yticks(range(len(listed)), listed)
    axes.set_ylim(len(listed) - 0.45, -0.55)
    axes.tick_params(axis="y", length=0)
    axes.spines[["top", "right", "left"]].set_visible(False)
    axes.grid(axis="x", color=GRID, linewidth=0.5)
    axes.set_axisbelow(True)


def outlined(text: Text) -> Text:
    """*text* with a white border, readable on hatches and on any colour."""
    text.set_color(ON_FILL)
    text.set_path_effects([withStroke(linewidth=2.2, foreground=HALO)])
    return text


def scaled(cycles: float) -> tuple[float, str]:
    """What to divide cycles of this size by on an axis, and its name."""
    for factor, name in ((1e9, "billion cycles"), (1e6, "million cycles"), (1e3, "thousand cycles")):
        if cycles >= 2 * factor:
            return factor, name
    return 1.0, "cycles"
