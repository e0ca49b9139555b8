"""What all products share as text: heads, residuals, CSV."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Sequence
from io import StringIO
from pathlib import PurePosixPath
from typing import Any
from urllib.parse import quote

from sim.presentation.escaping import for_markdown
from sim.version import __version__

Found = dict[str, list[dict[str, Any]]]
"""What came out of a product, as data: what the rows are -> an object for each of them."""
NOT_AVAILABLE, OURS, NOT_MEASURED = "N/A", "†", "not measured"


def head(title: str, product: str) -> list[str]:
    """The first lines of a page: what it is, and the command and version that wrote it."""
    return [f"# {title}", "", f"Written by `{written_by(product)}`, stallscope {__version__}."]


def written_by(product: str) -> str:
    """The command that writes *product*."""
    return f"python -m sim reproduce {product}"


def excess(value: float, reference: float) -> float:
    """How much more *value* is than *reference*, in percent of it: a residual, or a penalty."""
    return 100 * (value / reference - 1)


def signed(percent: float | None, digits: int = 1) -> str:
    """*percent* with its sign; nothing for None, no sign for what rounds to zero."""
    if percent is None:
        return ""
    rounded = round(percent, digits)
    return f"{rounded:+.{digits}f} %" if rounded else f"{0:.{digits}f} %"


def link(file: str) -> str:
    """A link to a *file* below the page's folder, by its name without folder and suffix."""
    return f"[{for_markdown(PurePosixPath(file).stem)}]({quote(file)})"


def comma_separated(product: str, header: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """CSV with the command and version in a comment; None is an empty cell."""
    text = StringIO()
    text.write(f"# {written_by(product)}, stallscope {__version__}\n")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(header)
    writer.writerows(rows)
    return text.getvalue()
