"""Build a wheel for each Python and try it in an environment that has nothing else: python -m bench.wheels [-o FOLDER]

For every interpreter of VERSIONS that is on the path: build the wheel, install it alone into an environment of its
own, look whether the loop in it is compiled, and run a model with it. All have to come to the same bytes. Other
platforms are built by cibuildwheel (pyproject.toml).
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from argparse import ArgumentParser
from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

ROOT: Final = Path(__file__).parents[1]
VERSIONS: Final = ("3.11", "3.12", "3.13")
RUN: Final = ("run", "mamba2", "--layers", "2", "--seq-len", "64", "-q", "--json", "-")
COMPILED: Final = "import hw, sys; sys.exit(not hw.COMPILED)"


def tried(python: str, target: Path) -> tuple[str, str]:
    """The wheel that *python* builds into *target*, and the hash of a run with it; raises CalledProcessError."""
    with TemporaryDirectory() as folder:
        work = Path(folder)
        _call([python, "-m", "venv", str(work / "build")])
        pip = [str(work / "build" / "bin" / "python"), "-m", "pip", "-q"]
        _call([*pip, "wheel", "--no-deps", "-w", str(work / "wheels"), str(sources(work))])
        (wheel,) = (work / "wheels").iterdir()
        _call([python, "-m", "venv", str(work / "clean")])
        own = str(work / "clean" / "bin" / "python")
        _call([own, "-m", "pip", "-q", "install", str(wheel)])
        _call([own, "-c", COMPILED], cwd=work)
        printed = subprocess.run([own, "-m", "stallscope", *RUN], cwd=work, check=True, capture_output=True).stdout
        target.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(wheel, target / wheel.name)
        return wheel.name, sha256(printed).hexdigest()


def sources(work: Path) -> Path:
    """A copy of what is in version control: building leaves files beside the sources."""
    target = work / "sources"
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, check=True, capture_output=True, text=True).stdout
    for name in filter(None, listed.split("\0")):
        if (ROOT / name).is_file():
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(ROOT / name, target / name)
    return target


def _call(command: Sequence[str], cwd: Path | None = None) -> None:
    clean = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    subprocess.run(command, check=True, cwd=cwd, env=clean)


def main() -> None:
    """Build and try a wheel for each Python that there is; exit code 1 if they differ."""
    parser = ArgumentParser(description=__doc__)
    parser.add_argument("-o", "--output", type=Path, default=Path("dist"))
    target = parser.parse_args().output
    hashes: set[str] = set()
    for version in VERSIONS:
        python = shutil.which(f"python{version}")
        if python is None or subprocess.run([python, "--version"], check=False, capture_output=True).returncode:
            print(f"python{version}: not on the path, left out")
            continue
        wheel, digest = tried(python, target)
        hashes.add(digest)
        print(f"python{version}: {wheel}, run {digest[:16]}", flush=True)
    if len(hashes) != 1:
        sys.exit("the runs differ" if hashes else "no Python was found")


if __name__ == "__main__":
    main()
