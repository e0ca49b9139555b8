"""Execute the notebooks of docs/notebooks/ and keep what they come to: python -m bench.notebooks [NAME ...]

A notebook is executed in an empty folder, cell after cell, and written with its outputs; a cell that fails fails all.
Needs the extra ``docs``.
"""

from __future__ import annotations

import os
from argparse import ArgumentParser
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

from sim.files.outputs import write_text

ROOT: Final = Path(__file__).parents[1]
NOTEBOOKS: Final = ROOT / "docs" / "notebooks"
SECONDS: Final = 600  # of a cell at most


def names() -> list[str]:
    """Of all notebooks."""
    return sorted(path.stem for path in NOTEBOOKS.glob("*.ipynb"))


def _format() -> Any:
    import nbformat

    return nbformat  # parts of it have no types


def shown(name: str) -> Any:
    """The notebook of that *name* as it is."""
    return _format().read(NOTEBOOKS / f"{name}.ipynb", as_version=4)


def executed(name: str) -> Any:
    """The notebook of that *name* with what its cells come to; raises nbclient's CellExecutionError."""
    from nbclient import NotebookClient

    found = shown(name)
    before = os.environ.get("PYTHONPATH")
    os.environ["PYTHONPATH"] = str(ROOT)  # the kernel is a process of its own, elsewhere
    try:
        with TemporaryDirectory() as folder:
            resources = {"metadata": {"path": folder}}
            NotebookClient(found, timeout=SECONDS, kernel_name="python3", resources=resources).execute()
    finally:
        os.environ.pop("PYTHONPATH")
        if before is not None:
            os.environ["PYTHONPATH"] = before
    for cell in found.cells:
        cell.metadata.pop("execution", None)  # when it was
    return found


def texts(notebook: Any) -> list[str]:
    """What the cells of *notebook* print and show, as text: the same on every computer."""
    said: list[str] = []
    for cell in notebook.cells:
        for output in cell.get("outputs", ()):
            said.append(output.get("text") or output.get("data", {}).get("text/plain", ""))
    return said


def main() -> None:
    """Execute those that are named, or all."""
    parser = ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", choices=[[], *names()], metavar="NAME")
    for name in parser.parse_args().names or names():
        found = executed(name)
        write_text(NOTEBOOKS / f"{name}.ipynb", _format().writes(found) + "\n")
        print(name, flush=True)


if __name__ == "__main__":
    main()
