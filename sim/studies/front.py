"""The front of a table: rows that no other row betters in one figure without being worse in another, and its knee.

The knee is the row of the front that lies furthest from the line between its ends, on the side of the better, with each
figure scaled so that its best value on the front is 0 and its worst 1; of three figures from the plane through three
ends, each the best in one figure and the worst in the others. It is the distance of I. Das, "On characterizing the
'knee' of the Pareto curve based on normal-boundary intersection", Structural Optimization 18 (1999). Where no row lies
on that side there is no knee.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import sqrt
from pathlib import Path
from typing import Any, Final

from sim.files.errors import InputError, Problem, did_you_mean
from sim.studies.answer import MEETS
from sim.studies.table import ERROR
from sim.studies.tradeoffs import unbeaten

FIGURES: Final = (2, 3)
KNEE_ABOVE: Final = 1e-9  # of the distance between the ends
Row = dict[str, Any]


@dataclass(frozen=True)
class Front:
    """``rows`` of a table, the best of the first figure first, ``others`` that some of them better, and the ``knee``.

    ``names`` are the figures, ``most`` those of which more is better. ``knee`` is a place in ``rows``.
    """

    names: tuple[str, ...]
    most: frozenset[str]
    rows: list[Row]
    others: list[Row]
    knee: int | None


def front(rows: Iterable[Row], minimise: Sequence[str], maximise: Sequence[str]) -> Front:
    """The front of *rows* that have all those figures; raises ValueError for a name that no row has as a number.

    >>> found = front([{"s": 1, "mJ": 4}, {"s": 2, "mJ": 1}, {"s": 5, "mJ": 0}, {"s": 3, "mJ": 3}], ["s", "mJ"], [])
    >>> found.rows, found.knee
    ([{'s': 1, 'mJ': 4}, {'s': 2, 'mJ': 1}, {'s': 5, 'mJ': 0}], 1)
    """
    listed, names = list(rows), (*minimise, *maximise)
    sound = [row for row in listed if all(_is_number(row.get(name)) for name in names)]
    for name in names:
        if not any(_is_number(row.get(name)) for row in listed):
            known = dict.fromkeys(key for row in listed for key, value in row.items() if _is_number(value))
            raise ValueError(f"no row has a number that is called {name!r}{did_you_mean(name, known)}")
    values = [tuple(-row[name] if name in maximise else row[name] for name in names) for row in sound]
    kept = unbeaten(values)
    others = [row for number, row in enumerate(sound) if number not in set(kept)]
    return Front(names, frozenset(maximise), [sound[n] for n in kept], others, knee([values[n] for n in kept]))


def as_json(found: Front) -> str:
    """The front as text: what is wanted, its rows with the best of the first figure first, and which is the knee."""
    wanted = {
        "minimise": [name for name in found.names if name not in found.most],
        "maximise": [name for name in found.names if name in found.most],
    }
    rows = [row | {"knee": number == found.knee} for number, row in enumerate(found.rows)]
    return json.dumps(wanted | {"front": rows, "others": len(found.others)}, indent=1, ensure_ascii=False) + "\n"


def knee(values: Sequence[tuple[float, ...]]) -> int | None:
    """The place of the knee among the *values* of a front, of which less is better; None if there is none.

    >>> knee([(0.0, 10.0), (1.0, 2.0), (10.0, 0.0)]), knee([(0.0, 1.0), (1.0, 0.0)])
    (1, None)
    """
    distances = [
        (1.0 - sum(each)) / sqrt(len(each)) for each in zip(*map(_scaled, zip(*values, strict=True)), strict=True)
    ]
    best = max(range(len(distances)), key=lambda number: distances[number], default=None)
    return None if best is None or distances[best] <= KNEE_ABOVE else best


def _scaled(column: tuple[float, ...]) -> list[float]:
    """From 0, the best, to 1, the worst."""
    least, width = min(column), max(column) - min(column)
    return [(value - least) / width if width else 0.0 for value in column]


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def read_rows(path: Path) -> list[Row]:
    """The rows of the table that a sweep or a search wrote at *path*, without those that failed or miss a constraint.

    Raises InputError if it is none.
    """
    try:
        with path.open(encoding="utf-8", newline="") as stream:
            reader = csv.DictReader(stream, strict=True)
            if ERROR not in (reader.fieldnames or ()):
                raise InputError(Problem(f"is no table of a sweep or a search: it has no column {ERROR!r}", str(path)))
            rows = [{name: _read(text) for name, text in row.items()} for row in reader]
    except OSError as error:
        told = "no such file; sweep and search write it" if isinstance(error, FileNotFoundError) else error.strerror
        raise InputError(Problem(str(told), str(path))) from None
    except (csv.Error, UnicodeDecodeError, TypeError, AttributeError):
        raise InputError(Problem("is no table in CSV", str(path))) from None
    sound = [row for row in rows if not row[ERROR] and row.get(MEETS) is not False]
    if not sound:
        raise InputError(Problem("has no row without an error that meets the constraints", str(path)))
    return sound


def _read(text: str) -> Any:
    """A value as table.py writes it."""
    try:
        found = json.loads(text)
    except ValueError:
        return text
    return found if isinstance(found, int | float | bool) else text


def wishes(folder: Path) -> tuple[list[str], list[str]]:
    """What the goal of a search in *folder* minimises and maximises; nothing where there is no answer."""
    try:
        found = json.loads((folder / "answer.json").read_text(encoding="utf-8"))
        return list(map(str, found["minimise"])), list(map(str, found["maximise"]))
    except (OSError, ValueError, TypeError, KeyError):
        return [], []
