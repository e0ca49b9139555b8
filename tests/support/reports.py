"""Pages of small runs, as commands write them, and what can be read from a page."""

from __future__ import annotations

import json
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

from tests.support.command_line import call

PINNED = ("mapping.token_tile=16", "mapping.blocks=2", "mapping.lanes=1", "mapping.weight_slot_kib=32")
SMALL = ("dimensions.d_model=256", "sequence_length=64", "mapping.placement=simd", *PINNED)
WORK = [argument for assignment in (*SMALL, "dimensions.head_dim=32") for argument in ("--set", assignment)]
COMMANDS = {
    "run": ["run", "mamba2", *WORK, "--layers", "2", "--quiet"],
    "explain": ["explain", "mamba2", *WORK, "--simulate-layers", "1"],
    "compare": ["compare", "mamba2", "mamba1", *WORK[:-2], "--layers", "1"],
}


class Report(HTMLParser):
    """Everything in a page that has values for scripts, and every address that it names."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tables: dict[str, list[list[str | None]]] = {}  # id -> rows of exact values
        self.keys: dict[str, list[str | None]] = {}  # id -> the rows' keys
        self.marks: list[dict[str, str | None]] = []
        self.headline: dict[str, str] = {}
        self.titles: dict[str, str] = {}  # id of a figure -> its title
        self.addresses: list[str] = []
        self._table = ""
        self._scripts: list[dict[str, str | None]] = []
        self.data: dict[str, Any] = {}
        self.text = ""
        self._title: str | None = None
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        self.addresses += [value or "" for key, value in attrs if key in ("src", "href", "xlink:href", "action")]
        if tag == "table":
            self._table = found["id"] or ""
            self.tables[self._table], self.keys[self._table] = [], []
        elif tag == "tr":
            self.tables[self._table].append([])
            self.keys[self._table].append(found.get("data-key"))
        elif tag in ("td", "th"):
            self.tables[self._table][-1].append(found.get("data-value"))
        elif tag == "script":
            self._scripts.append(found)
        elif tag == "title" and (found.get("id") or "").startswith("figure-"):
            self._title = found["id"]
        if found.get("class") == "mark":
            self.marks.append(found)
        if "data-name" in found:
            self.headline[found["data-name"] or ""] = found["data-value"] or ""

    def handle_endtag(self, tag: str) -> None:
        if tag == "title":
            self._title = None

    def handle_data(self, data: str) -> None:
        self.text += data
        if self._title:
            self.titles[self._title] = data
        if self._scripts and self._scripts[-1].get("type") == "application/json":
            self.data = json.loads(data)
            self._scripts.append({})

    def of(self, figure: str) -> list[dict[str, str | None]]:
        """The marks of *figure*."""
        return [mark for mark in self.marks if mark["data-figure"] == figure]


def written(folder: Path, name: str, *more: str) -> tuple[Path, str]:
    """The page and the JSON text that the command writes."""
    page, text = folder / f"{name}.html", folder / f"{name}.json"
    code, _, error = call(*COMMANDS[name], "--report", str(page), "--json", str(text), *more)
    assert code == 0, error
    return page, text.read_text()
