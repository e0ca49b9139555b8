"""What commands whose product is files tell of them as JSON."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

KINDS = {".md": "page", ".svg": "figure", ".png": "figure", ".csv": "table", ".json": "data"}


class Written(NamedTuple):
    """A file that was written: what it is, what that is called, and where it is, as the user named the place."""

    kind: str
    name: str
    path: Path


def written(path: Path) -> Written:
    """The file at *path*, whose suffix says of which kind it is."""
    return Written(KINDS[path.suffix.lower()], path.stem, path)


def rows(files: Iterable[Written]) -> list[dict[str, str]]:
    """An object with ``kind``, ``name`` and ``path`` for each of *files*."""
    return [{"kind": file.kind, "name": file.name, "path": str(file.path)} for file in files]


def as_json(found: Mapping[str, Any]) -> str:
    """What was *found* under the version: two spaces, one newline at the end. No number in it may be infinite."""
    from json import dumps

    from sim.version import __version__

    return dumps({"version": __version__, **found}, indent=2, ensure_ascii=False, allow_nan=False) + "\n"
