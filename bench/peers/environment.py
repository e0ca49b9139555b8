"""Environments of the peers: a virtual environment each, made when it is first needed, of a Python that they run on.

    python -m bench.peers.environment NAME ...

makes those where `bench.peers` and the tests look for them; exit code 2 where one cannot be made.

The peers' packages and versions are pinned here. stream-dse 2.1.1 declares Python 3.12, without six it does not start,
and on an older Python pip takes another version without a word; scalesim 3.0.0 needs an older numpy and pandas.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from itertools import chain
from pathlib import Path
from typing import Final, NamedTuple


class Peer(NamedTuple):
    """A tool: what pip installs, and the module whose import shows that it is there."""

    requirements: tuple[str, ...]
    module: str


PEERS: Final = {
    "stream": Peer(("stream-dse==2.1.1", "six==1.17.0"), "stream"),
    "scalesim": Peer(("scalesim==3.0.0", "numpy<2.3", "pandas<3"), "scalesim"),
}
LEAST: Final = (3, 12)
CANDIDATES: Final = ("python3.12", "python3.13", "python3")
STAMP: Final = "peers-requirements.txt"
"""Written into an environment when all of it is installed."""


class NoPeer(RuntimeError):
    """A peer that cannot be run here, and in one line what is missing."""


def usual_folder() -> Path:
    """Where environments are kept unless something else is said."""
    cache = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(cache) / "stallscope" / "peers"


def interpreter(name: str, folder: Path) -> Path | None:
    """The Python in which the peer called *name* is installed below *folder*; None if it is not."""
    made = folder / name
    stamp, python = made / STAMP, made / "bin" / "python"
    wanted = "\n".join(PEERS[name].requirements)
    return python if stamp.is_file() and stamp.read_text(encoding="utf-8") == wanted and python.exists() else None


def installed(name: str, folder: Path, python: str | None = None) -> Path:
    """The Python of the peer called *name*, installed below *folder* by *python* if it is not yet; raises NoPeer."""
    found = interpreter(name, folder)
    if found is not None:
        return found
    made, peer = folder / name, PEERS[name]
    if made.exists():
        shutil.rmtree(made)
    own = made / "bin" / "python"
    _run([find_python(python), "-m", "venv", str(made)], f"{name}: no virtual environment could be made")
    _run([str(own), "-m", "pip", "install", "-q", "--no-compile", *peer.requirements], f"{name}: pip cannot install it")
    _run([str(own), "-c", f"import {peer.module}"], f"{name}: is installed, but cannot be imported")
    (made / STAMP).write_text("\n".join(peer.requirements), encoding="utf-8")
    return own


def find_python(given: str | None = None) -> str:
    """A Python that the peers run on: *given*, or the first on the path, or uv's or pyenv's; raises NoPeer."""
    for candidate in [given] if given else chain(CANDIDATES, _of_uv(), _of_pyenv()):
        version = _version(candidate)
        if version is not None and version >= LEAST:
            return candidate
    looked = given or f"{', '.join(CANDIDATES)} on the path, and none by uv or pyenv"
    raise NoPeer(f"the peers need Python {LEAST[0]}.{LEAST[1]} or newer, found none as {looked}: say --python PATH")


def _of_uv() -> Iterator[str]:
    """The interpreter that uv has for the least version, if there is uv."""
    if shutil.which("uv") is None:
        return
    done = subprocess.run(["uv", "python", "find", ".".join(map(str, LEAST))], capture_output=True, text=True)
    if done.returncode == 0:
        yield done.stdout.strip()


def _of_pyenv() -> Iterator[str]:
    """The interpreters that pyenv has, whichever of them its shims stand for here."""
    if shutil.which("pyenv") is None:
        return
    done = subprocess.run(["pyenv", "root"], capture_output=True, text=True)
    if done.returncode == 0:
        yield from sorted(map(str, Path(done.stdout.strip()).glob("versions/*/bin/python3")))


def _version(python: str) -> tuple[int, ...] | None:
    """(major, minor) of an interpreter; None if it does not start, as the shims of version managers may not."""
    try:
        asked = [python, "-c", "import sys; print(*sys.version_info[:2])"]
        done = subprocess.run(asked, capture_output=True, text=True, check=True)
        return tuple(map(int, done.stdout.split()))
    except (OSError, subprocess.CalledProcessError, ValueError):
        return None


def _run(command: Sequence[str], fault: str) -> None:
    """Run *command*; raises NoPeer that says its *fault* and the last line of what it said."""
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        said = [line for line in done.stderr.splitlines() if line.strip() and not line.startswith("WARNING")]
        raise NoPeer(f"{fault}: {said[-1].strip() if said else f'exit code {done.returncode}'}")


def main(names: Sequence[str]) -> None:
    """Make the environments of the peers called *names*."""
    try:
        for name in names:
            if name not in PEERS:
                raise NoPeer(f"found {name!r}, expected some of {', '.join(PEERS)}")
            installed(name, usual_folder())
    except NoPeer as why:
        print(f"bench.peers: {why}", file=sys.stderr)
        raise SystemExit(2) from None


if __name__ == "__main__":
    main(sys.argv[1:])
