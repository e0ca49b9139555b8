"""Where workloads, machines and named mappings are found: a path, or the name of a shipped YAML file."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

from sim.files.errors import InputError, Problem

KINDS = {"workload": "workloads", "machine": "hw", "mapping": "workloads/mappings"}


def shipped(kind: str) -> dict[str, Path]:
    """Name -> file of every shipped ``workload``, ``machine`` or ``mapping``."""
    package, _, below = KINDS[kind].partition("/")
    folder = Path(str(files(package))) / below
    return {path.stem: path for path in sorted(folder.glob("*.yaml"))}


def find(kind: str, name: str) -> Path:
    """The file that *name* means: an existing path, else a shipped file of that name (folder and suffix optional).

    Raises InputError, listing what is shipped, if there is neither.
    """
    path = Path(name)
    if path.is_file():
        return path
    known = shipped(kind)
    stem = path.name.removesuffix(".yaml")
    if str(path.parent) in (".", KINDS[kind]) and stem in known:
        return known[stem]
    listed = ", ".join(known)
    raise InputError(Problem(f"no such file, and no shipped {kind} has that name; shipped are {listed}", name))
