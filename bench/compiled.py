"""A copy of the project whose event loop is compiled by mypyc, to measure it and to compare its results."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent
PARTS = ("sim", "hw", "workloads", "bench", "setup.cfg", "setup.py", "pyproject.toml", "README.md", "LICENSE")


def build(folder: Path, optimisation: int = 3) -> None:
    """Copy the project into *folder* and compile it there; raises CalledProcessError, with what was said."""
    for part in PARTS:
        source = ROOT / part
        if source.is_dir():
            shutil.copytree(source, folder / part, ignore=shutil.ignore_patterns("__pycache__", "*.so"))
        else:
            shutil.copy(source, folder / part)
    command = [sys.executable, "setup.py", "-q", "build_ext", "--inplace"]
    settings = {"STALLSCOPE_COMPILE": "1", "MYPYC_OPT_LEVEL": str(optimisation)}
    subprocess.run(command, cwd=folder, env=environment(folder) | settings, capture_output=True, text=True, check=True)


def environment(folder: Path) -> dict[str, str]:
    """That of a process which takes the packages from *folder*."""
    return {**os.environ, "PYTHONPATH": str(folder)}
