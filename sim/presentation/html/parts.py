"""What a page is made of: sections with words, figures and tables, as HTML; all text is escaped here."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from sim.files.numbers import percent
from sim.presentation.escaping import for_html
from sim.presentation.figures.canvas import PAGE_INCHES, Drawing, print_style
from sim.presentation.figures.catalogue import Evidence, draw
from sim.presentation.figures.export import as_svg
from sim.presentation.figures.palette import FAINT, GRID, INK, PAPER, QUIET_COLOURS, TOTAL

_MOST_ROWS = 16  # of a table that is not folded
_NUMBER = ' class="n"'
_THEME = {INK: "ink", FAINT: "faint", GRID: "grid", PAPER: "paper", TOTAL: "total"} | {
    colour: key.replace("_", "-") for key, colour in QUIET_COLOURS.items()
}
_INKS = re.compile("|".join(_THEME) + r"(?=[;\"]|$)")


@dataclass(frozen=True)
class Cell:
    """A cell of a table: what is read, behind it in small what it is a share of, and its exact value for scripts.

    ``code`` is something to be typed, whole, which a click selects; ``link`` is a place on the page.
    """

    text: str
    share: str = ""
    value: int | float | None = None
    code: bool = False
    link: str = ""


@dataclass(frozen=True)
class Row:
    """A row; ``key`` names what it is about, so that it lights up with the same key in a figure."""

    cells: Sequence[Cell | str]
    key: str = ""
    strong: bool = False


@dataclass(frozen=True)
class Table:
    """A table whose first *left* columns are text; *name* is its id. A long one is folded, unless it is ``open``."""

    name: str
    header: Sequence[str]
    rows: Sequence[Row]
    left: int = 1
    open: bool = False


@dataclass(frozen=True)
class Section:
    """A section of a page. ``body`` is HTML; ``words`` is text that stands above it."""

    name: str
    title: str
    words: str
    body: str


def cycles_cell(cycles: int, whole: int) -> Cell:
    """Cycles, and their share of *whole*."""
    return Cell(f"{cycles:,}", percent(cycles / whole) if cycles else "", cycles)


def number_cell(value: int | float, format: str = ",") -> Cell:
    """A number, and its exact value."""
    return Cell(f"{value:{format}}", "", value)


def table_html(table: Table) -> str:
    """*table* as HTML, wide ones in a box that scrolls."""
    head = "".join(
        f'<th scope="col"{"" if number < table.left else _NUMBER}>{for_html(name)}</th>'
        for number, name in enumerate(table.header)
    )
    rows = "\n".join(_row(row, table.left) for row in table.rows)
    body = f"<thead><tr>{head}</tr></thead>\n<tbody>\n{rows}\n</tbody>"
    html = f'<div class="wide"><table id="{for_html(table.name)}">\n{body}\n</table></div>\n'
    if table.open or len(table.rows) <= _MOST_ROWS:
        return html
    return f"<details>\n<summary>Table of {len(table.rows)} rows</summary>\n{html}</details>\n"


def _row(row: Row, left: int) -> str:
    cells = [_cell(Cell(cell) if isinstance(cell, str) else cell, n, left) for n, cell in enumerate(row.cells)]
    key = f' data-key="{for_html(row.key)}"' if row.key else ""
    strong = ' class="strong"' if row.strong else ""
    return f"<tr{key}{strong}>{''.join(cells)}</tr>"


def _cell(cell: Cell, number: int, left: int) -> str:
    value = "" if cell.value is None else f' data-value="{cell.value}"'
    share = f" <small>{for_html(cell.share)}</small>" if cell.share else ""
    text = f"<code>{for_html(cell.text)}</code>" if cell.code else for_html(cell.text)
    text = f'<a href="#{for_html(cell.link)}">{text}</a>' if cell.link else text
    if number == 0:
        return f'<th scope="row"{value}>{text}{share}</th>'
    return f"<td{'' if number < left else _NUMBER}{value}>{text}{share}</td>"


def figure_html(name: str, known: Evidence, prefix: str = "") -> str:
    """The figure *name* of *known*, with its title below; *prefix* tells figures of several runs apart."""
    with print_style():
        return drawing_html(name, draw(name, known, PAGE_INCHES, "report"), prefix)


def drawing_html(name: str, drawing: Drawing, prefix: str = "") -> str:
    """The figure *name* as it was drawn, in print style, with its title below."""
    svg = themed(as_svg(drawing, f"figure-{prefix}{name}"))
    return f'<figure class="figure-{name}">\n{svg}<figcaption>{for_html(drawing.title)}</figcaption>\n</figure>\n'


def themed(svg: str) -> str:
    """*svg*, or a colour, in which ink, grid, paper and what is near to it are those of the page, light or dark."""
    return _INKS.sub(lambda found: f"var(--{_THEME[found[0]]})", svg)


def section_html(section: Section) -> str:
    """*section* as HTML."""
    words = "".join(f"<p>{for_html(paragraph)}</p>\n" for paragraph in section.words.split("\n") if paragraph)
    title = f"<h2>{for_html(section.title)}</h2>"
    return f'<section id="{for_html(section.name)}">\n{title}\n{words}{section.body}</section>\n'
