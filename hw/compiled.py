"""Whether the core is compiled, and whether what was compiled belongs to the sources beside it.

The core are the modules with a .pxd beside them. An installation compiles all of them or none, and leaves a record of
the sources, one line a file: its hash (the one that Python keeps in .pyc files: importing hashlib takes longer than all
of this) and its name. Modules of the core are laid out in memory by each other's .pxd, so that a mixture would crash or
give wrong results: it is an error to import one. SHARED is compiled with them: what each needs and Cython provides.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from importlib.machinery import EXTENSION_SUFFIXES
from importlib.util import source_hash

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
FOLDERS = ("hw", "sim")
SHARED = "hw/_shared"  # has no source
RECORD = f"hw/_compiled{EXTENSION_SUFFIXES[0]}.txt"  # one for each version of Python
HINT = "install again: pip install -e ."


class CompiledError(ImportError):
    """What is compiled cannot be used; the message is one line."""

    def __init__(self, message: str) -> None:
        super().__init__(message, name=__name__)


def find(root: str = ROOT) -> tuple[list[str], dict[str, str]]:
    """The modules of the core, as paths in *root* without an ending, and the compiled file of each that has one."""
    core: list[str] = []
    compiled: dict[str, str] = {}
    folders = list(FOLDERS)
    for folder in folders:
        with os.scandir(os.path.join(root, folder)) as entries:
            for entry in entries:
                stem, dot, ending = entry.name.partition(".")
                path = f"{folder}/{stem}"
                if ending == "pxd":
                    core.append(path)
                elif dot + ending in EXTENSION_SUFFIXES:
                    compiled[path] = f"{folder}/{entry.name}"
                elif not dot and not stem.startswith("_") and entry.is_dir():
                    folders.append(path)
    return sorted(core), compiled


def record(core: Iterable[str], root: str = ROOT) -> str:
    """What the record says of the sources of *core* as they are now, and that SHARED was compiled with them."""
    lines = [f"{'0' * 16} {SHARED}\n"]
    for path in (f"{module}{ending}" for module in core for ending in (".pxd", ".py")):
        with open(os.path.join(root, path), "rb") as file:
            lines.append(f"{source_hash(file.read()).hex()} {path}\n")
    return "".join(lines)


def check(root: str = ROOT) -> bool:
    """Whether the core in *root* is compiled; raises CompiledError if not all of it is, or not from these sources."""
    core, compiled = find(root)
    if not compiled:
        return False
    try:
        with open(os.path.join(root, RECORD), encoding="utf-8") as file:
            lines = set(file)
    except FileNotFoundError:
        lines = set()
    modules = [*core, SHARED]
    recorded = {line.split()[1].partition(".")[0] for line in lines}
    for module, path in sorted(compiled.items()):
        if module not in modules or module not in recorded:
            raise CompiledError(f"{path} is left over from another installation: {HINT}")
    for module in modules:
        if module not in compiled:
            raise CompiledError(f"{module} is not compiled, unlike {max(compiled)}: {HINT}")
    for line in record(core, root).splitlines(keepends=True):
        if line not in lines:
            raise CompiledError(f"{line.split()[1]} has changed since it was compiled: {HINT}")
    return True


def advice() -> str:
    """What to tell who runs a core that is not compiled."""
    return (
        "The core is not compiled, hence many times slower: where there is a C compiler, pip install -e . compiles it."
    )
