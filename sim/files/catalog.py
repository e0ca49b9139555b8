"""Where workloads, machines and named mappings are found: a path, or the name of a shipped YAML file."""

from __future__ import annotations

from importlib.resources import files
from os.path import isfile
from pathlib import Path

from sim.files.errors import InputError, Problem, did_you_mean, quoted

KINDS = {"workload": "workloads", "machine": "hw", "mapping": "workloads/mappings"}


def shipped(kind: str) -> dict[str, Path]:
    """Name -> file of every shipped ``workload``, ``machine`` or ``mapping``."""
    package, _, below = KINDS[kind].partition("/")
    folder = Path(str(files(package))) / below
    return {path.stem: path for path in sorted(folder.glob("*.yaml"))}


def find(kind: str, name: str) -> Path:
    """The file that *name* means: an existing path, else a shipped file of that name (folder and suffix optional).

    Raises InputError, which guesses at what was meant, if there is neither.
    """
    path = Path(name)
    if isfile(path):
        return path
    found = _shipped_as(kind, path)
    if found is not None:
        return found
    wanted = name.removesuffix(".yaml")
    message = f"no such file, and no shipped {kind} is called {quoted(wanted)}"
    hint = did_you_mean(path.stem, shipped(kind)).removesuffix("?")
    raise InputError(Problem(f"{message}{hint}; `python -m sim list {kind}` names all", name))


def find_base(kind: str, file: Path, name: str) -> Path:
    """The file that *name* means in the key ``extends`` of *file*: one beside it, else a shipped one of that name.

    A file never means itself. Raises ValueError with what was expected.
    """
    for path in (file.parent / name, file.parent / f"{name}.yaml"):
        if isfile(path) and path.resolve() != file.resolve():
            return path
    found = _shipped_as(kind, Path(name))
    if found is not None and found.resolve() != file.resolve():
        return found
    hint = did_you_mean(Path(name).stem, shipped(kind))
    raise ValueError(f"another file beside this one, or the name of a shipped {kind}{hint}")


def _shipped_as(kind: str, path: Path) -> Path | None:
    inside = str(path.parent) in (".", KINDS[kind])
    return shipped(kind).get(path.name.removesuffix(".yaml")) if inside else None
