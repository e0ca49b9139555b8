"""Names as files have them, made harmless for each kind of output: one function a kind.

A name may hold anything: control characters that would move a terminal's cursor, characters that turn the direction of
the text around them, surrogates that no file can hold, and whatever means something to Markdown, HTML or XML. Terminals
and figures take what :func:`~sim.files.characters.visible` makes of it; the functions here do that as well.
"""

from __future__ import annotations

import re
from html import escape

from sim.files.characters import visible

_MARKDOWN = re.compile(r"[\\`*\[\]<>|~$#&]|(?<![^\W_])_|_(?![^\W_])")
_BLOCK = re.compile(r"^(?:[-+=]|(\d+)(?=[.)]))")


def for_html(text: str) -> str:
    """*text* within an element or a quoted attribute of HTML or XML."""
    return escape(visible(text))


def for_markdown(text: str) -> str:
    """*text* within a paragraph, a heading or a cell of a table; an underscore within a word needs no escape."""
    escaped = _MARKDOWN.sub(lambda found: "\\" + found[0], visible(text))
    return _BLOCK.sub(lambda found: f"{found[1]}\\" if found[1] else f"\\{found[0]}", escaped)


def code_for_markdown(text: str) -> str:
    """*text* as a span of code: between more backticks than it has in a row."""
    shown = visible(text)
    fence = "`" * (1 + max(map(len, re.findall("`+", shown)), default=0))
    space = " " if shown.startswith("`") or shown.endswith("`") else ""
    return f"{fence}{space}{shown}{space}{fence}"
