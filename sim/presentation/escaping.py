"""Names as files have them, made harmless for each kind of output: one function a kind.

A name may hold anything: control characters that would move a terminal's cursor, characters that turn the direction of
the text around them, surrogates that no file can hold, and whatever means something to Markdown, HTML or XML.
"""

from __future__ import annotations

import re
from html import escape
from unicodedata import category

_JOINERS = "\u200c\u200d"  # parts of words in some scripts, and of emoji
_MARKDOWN = re.compile(r"[\\`*\[\]<>|~$#&]|(?<![^\W_])_|_(?![^\W_])")
_BLOCK = re.compile(r"^(?:[-+=]|(\d+)(?=[.)]))")


def plain(text: str) -> str:
    r"""*text* on one line without invisible characters, which are shown as Python escapes: ``\x1b``, ``\u202e``.

    This is what terminals and figures take; the other functions do it as well.
    """
    if text.isascii() and text.isprintable():
        return text
    return "".join(char.encode("unicode_escape").decode() if _invisible(char) else char for char in text)


def _invisible(char: str) -> bool:
    kind, code = category(char), ord(char)
    unassigned = 0xFDD0 <= code <= 0xFDEF or code & 0xFFFE == 0xFFFE  # XML forbids them
    return unassigned or (kind in ("Cc", "Cf", "Cs", "Zl", "Zp") and char not in _JOINERS)


def for_html(text: str) -> str:
    """*text* within an element or a quoted attribute of HTML or XML."""
    return escape(plain(text))


def for_markdown(text: str) -> str:
    """*text* within a paragraph, a heading or a cell of a table; an underscore within a word needs no escape."""
    escaped = _MARKDOWN.sub(lambda found: "\\" + found[0], plain(text))
    return _BLOCK.sub(lambda found: f"{found[1]}\\" if found[1] else f"\\{found[0]}", escaped)


def code_for_markdown(text: str) -> str:
    """*text* as a span of code: between more backticks than it has in a row."""
    shown = plain(text)
    fence = "`" * (1 + max(map(len, re.findall("`+", shown)), default=0))
    space = " " if shown.startswith("`") or shown.endswith("`") else ""
    return f"{fence}{space}{shown}{space}{fence}"
