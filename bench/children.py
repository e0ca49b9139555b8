"""Measures processes: what a command or a task took, in a process of its own."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, TypeVar

from bench.ceiling import schedule_rate

ROOT = Path(__file__).parent.parent
PACKAGES = ("sim", "hw", "workloads", "bench")
NOT_COMPILED = shutil.ignore_patterns("__pycache__", "*.so", "*.pyd", "_compiled.*")
Found = TypeVar("Found")


@dataclass(frozen=True)
class Spent:
    """What a process took, CPU seconds being those of user and system, and what it wrote."""

    cpu_s: float
    wall_s: float
    peak_bytes: int
    output: str

    @property
    def peak_mb(self) -> float:
        """Most memory that it had."""
        return self.peak_bytes / 1e6


def python(*arguments: str, folder: Path = ROOT, errors: int | None = None) -> Spent:
    """Run Python with *arguments* on the packages in *folder*, as :func:`command` does."""
    settings = {**os.environ, "PYTHONPATH": str(folder), "PYTHONDONTWRITEBYTECODE": ""}
    return command([sys.executable, *arguments], folder, settings, errors)


def command(
    words: Sequence[str], folder: Path, settings: Mapping[str, str] | None = None, errors: int | None = None
) -> Spent:
    """Run the command *words*, its program by its path, in *folder*; raises CalledProcessError if it fails.

    *settings* are its environment, that of this process unless given; *errors* is where what it says of errors goes.
    """
    with TemporaryDirectory() as made:
        target = Path(made) / "spent.json"
        launched = [sys.executable, "-S", str(ROOT / "bench" / "launch.py"), str(target), *words]
        done = subprocess.run(
            launched, stdout=subprocess.PIPE, stderr=errors, text=True, check=True, cwd=folder, env=settings
        )
        return Spent(**json.loads(target.read_text()), output=done.stdout)


def task(name: str, folder: Path = ROOT, **fields: Any) -> tuple[dict[str, Any], Spent]:
    """What the task *name* of bench/tasks.py found, and what its process took."""
    spent = python("-m", "bench.tasks", name, json.dumps(fields), folder=folder)
    found: dict[str, Any] = json.loads(spent.output)
    return found, spent


@contextmanager
def uncompiled() -> Iterator[Path]:
    """A folder with the packages, none of them compiled, while the block runs."""
    with TemporaryDirectory() as name:
        for package in PACKAGES:
            shutil.copytree(ROOT / package, Path(name) / package, ignore=NOT_COMPILED)
        yield Path(name)


def beside(measure: Callable[[], Found]) -> tuple[Found, float]:
    """What *measure* returns, and the events a second of bare ``env.schedule``: the mean of just before and after."""
    before = schedule_rate()
    found = measure()
    return found, (before + schedule_rate()) / 2
