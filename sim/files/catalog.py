"""Where workloads, machines and named mappings are found: a path, or the name of a shipped YAML file."""

from __future__ import annotations

from importlib.resources import files
from os.path import isfile
from pathlib import Path

from sim.files.errors import InputError, Problem, did_you_mean, quoted

KINDS = {
    "workload": "workloads", "machine": "hw", "mapping": "workloads/mappings", "equations": "workloads/equations",
    "sweep": "workloads/sweeps", "goal": "workloads/goals",
}  # fmt: skip
PUBLISHED = {"machine": "published"}
"""The folder below a kind's own that has what others have published: a name in it begins with the folder's."""


def shipped(kind: str) -> dict[str, Path]:
    """Name -> file of every shipped ``workload``, ``machine`` or ``mapping``; see :func:`published` for more."""
    return {path.stem: path for path in sorted(_folder(kind).glob("*.yaml"))}


def published(kind: str) -> dict[str, Path]:
    """Name -> file of what is shipped of others' making, such as ``published/vck190``: machines, so far."""
    below = PUBLISHED.get(kind)
    found = sorted((_folder(kind) / below).glob("*.yaml")) if below else []
    return {f"{below}/{path.stem}": path for path in found}


def _folder(kind: str) -> Path:
    package, _, below = KINDS[kind].partition("/")
    return Path(str(files(package))) / below


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
    hint = _guess(kind, path).removesuffix("?")
    raise InputError(Problem(f"{message}{hint}; `python -m sim list {kind}` names all", name, unknown=True))


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
    hint = _guess(kind, Path(name))
    raise ValueError(f"another file beside this one, or the name of a shipped {kind}{hint}")


def _shipped_as(kind: str, path: Path) -> Path | None:
    folder, stem = path.parent.as_posix(), path.name.removesuffix(".yaml")
    if folder in (".", KINDS[kind]):
        return shipped(kind).get(stem)
    return published(kind).get(f"{folder.removeprefix(KINDS[kind] + '/')}/{stem}")


def _guess(kind: str, path: Path) -> str:
    """What may have been meant, with its folder if that was left out."""
    others = {name.rpartition("/")[2]: name for name in published(kind)}
    if path.stem in others:
        return f"; did you mean {quoted(others[path.stem])}?"
    return did_you_mean(path.stem, shipped(kind))
