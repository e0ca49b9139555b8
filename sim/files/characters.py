"""Text that is shown or written: characters that are not to be seen, or that turn a line round, are escaped."""

from __future__ import annotations


def visible(text: str) -> str:
    """*text* with what is not printable (control and bidirectional characters, ends of lines) as Python escapes it.

    >>> visible("two\\nlines")
    'two\\\\nlines'
    """
    return text if text.isprintable() else "".join(map(_escaped, text))


def _escaped(character: str) -> str:
    return character if character.isprintable() else character.encode("unicode_escape").decode("ascii")
