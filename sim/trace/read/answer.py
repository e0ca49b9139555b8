"""The answer to a query, for people and for scripts: whole, whatever is in it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from decimal import Decimal
from itertools import zip_longest
from math import isfinite
from typing import Any

from rich.cells import cell_len

from sim.files.characters import visible

GAP = "  "


@dataclass(frozen=True)
class Answer:
    """Rows of values, as DuckDB gives them, below the names of their ``columns``."""

    columns: list[str]
    rows: list[tuple[Any, ...]]

    def to_json(self) -> str:
        """A list with an object for each row; of columns with the same name the second is NAME_1.

        Numbers are numbers, one that is not finite is null; a list, a struct and a map are what they are; what JSON has
        no word for is text: dates and times as ISO 8601 has them, bytes in hexadecimal.
        """
        names = _distinct(self.columns)
        records = [dict(zip(names, map(_plain, row), strict=True)) for row in self.rows]
        return json.dumps(records, indent=2, allow_nan=False) + "\n"

    def to_text(self) -> str:
        """A table, as wide as it has to be, and how many rows there are."""
        cells = [[_cell(value) for value in row] for row in self.rows]
        heads = [[visible(name)] for name in self.columns]
        columns = list(zip(heads, *cells, strict=True))
        widths = [max(cell_len(line) for cell in column for line in cell) for column in columns]
        right = [self._has_numbers(number) for number in range(len(columns))]
        lines = []
        for row in [heads, *cells]:
            for texts in zip_longest(*row, fillvalue=""):
                padded = [_padded(*each) for each in zip(texts, widths, right, strict=True)]
                lines.append(GAP.join(padded).rstrip())
        count = len(self.rows)
        return "\n".join([*lines, f"{count:,} row{'' if count == 1 else 's'}"]) + "\n"

    def _has_numbers(self, column: int) -> bool:
        kinds = {type(row[column]) for row in self.rows} - {type(None)}
        return bool(kinds) and kinds <= {int, float, Decimal}


def _padded(text: str, width: int, right: bool) -> str:
    blanks = " " * (width - cell_len(text))
    return blanks + text if right else text + blanks


def _distinct(names: list[str]) -> list[str]:
    """*names*, the later ones of the same name with a number."""
    found: dict[str, None] = {}
    for name in names:
        number, free = 0, name
        while free in found:
            number += 1
            free = f"{name}_{number}"
        found[free] = None
    return list(found)


def _cell(value: Any) -> list[str]:
    """*value* as lines of a table."""
    if value is None:
        return [""]
    if isinstance(value, list | tuple | dict):
        return [visible(json.dumps(_plain(value), ensure_ascii=False))]
    text = value.hex() if isinstance(value, bytes) else str(value)
    return [visible(line) for line in text.split("\n")]


def _plain(value: Any) -> Any:
    """*value* as JSON has it."""
    if value is None or isinstance(value, bool | int | str):
        return value
    if isinstance(value, float | Decimal):
        return _number(value)
    if isinstance(value, list | tuple):
        return [_plain(each) for each in value]
    if isinstance(value, dict):
        return {key if isinstance(key, str) else str(_plain(key)): _plain(each) for key, each in value.items()}
    if isinstance(value, bytes):
        return value.hex()
    return value.isoformat() if hasattr(value, "isoformat") else str(value)


def _number(value: float | Decimal) -> int | float | None:
    if isinstance(value, Decimal) and value == value.to_integral_value():
        return int(value)
    return float(value) if isfinite(value) else None
