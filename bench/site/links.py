"""What a site leads to: every address of its pages that is not another place's has to be a file of it."""

from __future__ import annotations

from html.parser import HTMLParser
from pathlib import Path
from typing import Final
from urllib.parse import unquote, urlsplit

NAMED_BY: Final = ("href", "src")


class _Addresses(HTMLParser):
    """The addresses that a page names."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: set[str] = set()
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note the addresses of an element."""
        self.found |= {value for key, value in attrs if key in NAMED_BY and value}


def broken(site: Path) -> list[str]:
    """Each address in a page of *site* that no file of it answers, behind the page's name."""
    wrong = []
    for page in sorted(site.rglob("*.html")):
        for address in sorted(_Addresses(page.read_text(encoding="utf-8")).found):
            parts = urlsplit(address)
            if parts.scheme or parts.netloc or not parts.path:
                continue  # elsewhere, or a place in the page itself, which Sphinx has seen to
            if not (page.parent / unquote(parts.path)).exists():
                wrong.append(f"{page.relative_to(site)}: {address}")
    return wrong
