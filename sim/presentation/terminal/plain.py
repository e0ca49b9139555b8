"""What the terminal shows, as text without colours and for notebooks."""

from __future__ import annotations

import io
from html import escape

from rich.console import Console, RenderableType

WIDTH = 112
_STYLE = "line-height:1.25;background:transparent;color:inherit;overflow-x:auto"


def as_text(shown: RenderableType, width: int = WIDTH) -> str:
    """*shown* without colours, so many characters wide."""
    text = io.StringIO()
    Console(width=width, file=text, no_color=True, force_terminal=False).print(shown)
    return "\n".join(line.rstrip() for line in text.getvalue().splitlines())


def as_html(shown: RenderableType) -> str:
    """*shown* as an HTML fragment, as wide as its notebook and in its colours."""
    return f'<pre style="{_STYLE}">{escape(as_text(shown))}</pre>\n'
