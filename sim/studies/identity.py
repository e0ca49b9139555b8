"""What tells one run from another: its inputs as they stand in the files, what was asked of it, and the simulator."""

from __future__ import annotations

import json
from functools import cache
from hashlib import sha256
from importlib.resources import files
from pathlib import Path
from typing import Final

from sim.files.documents import Document
from sim.files.equations import with_equations
from sim.files.limits import Search
from sim.version import __version__

SOURCES: Final = (
    "hw", "workloads", "sim/files", "sim/components", "sim/lowering", "sim/execution", "sim/search", "sim/accounting",
    "sim/simulation.py",
)  # fmt: skip
"""What a result is made by: a change of any of these files may change it."""
SUFFIXES: Final = (".py", ".pxd", ".json")


@cache
def code() -> str:
    """The version of the simulator, with a hash of the sources that results are made by."""
    digest = sha256()
    root = Path(str(files("sim"))).parent
    for path in sorted(path for name in SOURCES for path in _files(root / name)):
        digest.update(path.relative_to(root).as_posix().encode() + b"\0" + path.read_bytes() + b"\0")
    return f"{__version__}+{digest.hexdigest()[:12]}"


def _files(path: Path) -> list[Path]:
    return [path] if path.is_file() else [each for suffix in SUFFIXES for each in path.rglob(f"*{suffix}")]


def key(documents: tuple[Document, Document], search: Search | None, simulate_layers: int | None) -> str:
    """The name of a run of *documents* in a store: 64 hexadecimal digits.

    Raises InputError if the workload names equations that there are not.
    """
    workload, machine = documents
    content = {
        "code": code(), "workload": with_equations(workload).data, "machine": machine.data,
        "model_layers": workload.replaced.get("layers"), "search": search, "simulate_layers": simulate_layers,
    }  # fmt: skip
    return sha256(json.dumps(content, sort_keys=True, default=str).encode()).hexdigest()
