"""The way of somebody who has never been here, from a clone to a sweep of his own: writes results/stranger.md.

python -m bench.stranger [-o FILE.md]

In a temporary folder a clean clone of what is committed, then every command of the README's first listing, which sets
up an environment of its own, and of its listing "Your own machine and recurrence", with changes of the files that they
write. A command that fails ends it with exit code 1 and what the command printed, and nothing is written. It takes the
network for what pip installs.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from argparse import ArgumentParser
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import Final, NamedTuple

from sim.files.outputs import write_text
from sim.presentation.markdown import table
from sim.version import __version__

ROOT: Final = Path(__file__).parents[1]
TARGET: Final = ROOT / "results" / "stranger.md"
OWN: Final = "## Your own machine and recurrence"
LISTING: Final = re.compile(r"(?:^    \S.*\n)+", re.MULTILINE)
FIRST, LAST = 2, 4  # lines of what a command prints, of which the page shows no others
STANDING: Final = ". "  # how a command begins that holds for the rest of the terminal's session
HIDDEN: Final = ("PYTHONPATH", "VIRTUAL_ENV")  # of the environment: they would lead to what is installed already

Changes = Mapping[str, Mapping[str, str]]
"""File -> how a line of it begins -> what stands there instead; nothing takes the line out."""
CHANGES: Final[Changes] = {
    "mine.yaml": {"  lanes: 32": "  lanes: 64"},
    "own.yaml": {
        "    - [update,": '    - [update, state, "h[t,i] = a[t,i] * h[t-1,i] '
        '+ (1 - a[t,i]) * tanh(x[t,i] + b_h[i] * h[t-1,i])"]',
    },
    "few.yaml": {
        "workload:": "workload: own.yaml",
        "machine:": "machine: mine.yaml",
        "  simd.lanes:": "  simd.lanes: [32, 64, 128]",
        "  sram.capacity:": "  sram.capacity: [1MiB, 2MiB]",
        "  shape:": "",
        "    mac_array.rows:": "",
        "    mac_array.columns:": "",
        "constraints:": "constraints: []",
        "  - simd.lanes <=": "",
    },
}


class Done(NamedTuple):
    """A command that went well: how long it took, what it wrote and printed, and what was changed then."""

    command: str
    seconds: float
    wrote: str
    printed: str
    changed: str


def commands(readme: str) -> list[str]:
    """What the *readme* says to type: its first listing, and that of a machine and a recurrence of one's own."""
    start, own = LISTING.search(readme), LISTING.search(readme, readme.index(OWN))
    assert start is not None and own is not None
    lines = (start[0] + own[0]).splitlines()
    return [re.split(r" {3,}", line.strip())[0] for line in lines]


def walk(typed: Sequence[str], folder: Path, settings: Mapping[str, str], changes: Changes) -> Iterator[Done]:
    """Type each command in *folder*, and make the *changes* as soon as their file is there; exits where one fails."""
    left, standing = dict(changes), ""
    for command in typed:
        done = type_in(command, standing, folder, settings)
        if command.startswith(STANDING):
            standing += f"{command} && "
        ready = [name for name in left if (folder / name).exists()]
        yield done._replace(changed="".join(change(folder / name, left.pop(name)) for name in ready))


def type_in(command: str, standing: str, folder: Path, settings: Mapping[str, str], shown: str = "") -> Done:
    """Do *command* in *folder*, after what is *standing*; it is told as *shown*. Exits if it fails.

    What it writes to standard error is told only then: there pip names places of this computer.
    """
    before = set(_files(folder))
    start = perf_counter()
    shell = standing + command
    ran = subprocess.run(shell, shell=True, cwd=folder, env=dict(settings), capture_output=True, text=True, check=False)
    seconds = perf_counter() - start
    if ran.returncode:
        sys.exit(f"{ran.stdout}{ran.stderr}\n{command}: exit code {ran.returncode} after {seconds:.1f} s")
    print(f"{seconds:6.1f} s  {shown or command}", flush=True)
    lines = [line.rstrip().replace(str(folder), ".") for line in ran.stdout.strip().splitlines()]
    if len(lines) > FIRST + LAST:
        lines[FIRST:-LAST] = ["..."]
    return Done(shown or command, seconds, written(set(_files(folder)) - before, folder), "\n".join(lines), "")


def change(path: Path, lines: Mapping[str, str]) -> str:
    """Change the *lines* of the file at *path*; what was changed. Exits if one of them is not there once."""
    before = path.read_text(encoding="utf-8").splitlines()
    found = {begins: [at for at, line in enumerate(before) if line.startswith(begins)] for begins in lines}
    if wrong := [f"{path.name}: found {len(at)} lines like {begins!r}" for begins, at in found.items() if len(at) != 1]:
        sys.exit("\n".join(wrong))
    instead = {at[0]: lines[begins] for begins, at in found.items()}
    after = [instead.get(at, line) for at, line in enumerate(before) if instead.get(at) != ""]
    write_text(path, "\n".join(after) + "\n")
    told = [f"-{before[at]}" + (f"\n+{new}" if new else "") for at, new in sorted(instead.items())]
    return f"--- {path.name}\n" + "\n".join(told) + "\n"


def written(new: set[Path], folder: Path) -> str:
    """The files that are *new* in *folder*, those of a folder by their number."""
    single = [f"`{path.name}`, {_size(folder / path)}" for path in sorted(new) if len(path.parts) == 1]
    within = Counter(path.parts[0] for path in new if len(path.parts) > 1)
    return "; ".join([*single, *(f"`{name}/`, {count:,} files" for name, count in sorted(within.items()))]) or "nothing"


def _size(path: Path) -> str:
    return f"{max(1, round(path.stat().st_size / 1000)):,} kB"


def _files(folder: Path) -> Iterator[Path]:
    """All files below *folder* but Python's caches, relative to it."""
    for place, _, names in os.walk(folder):
        if not place.endswith("__pycache__"):
            yield from (Path(place, name).relative_to(folder) for name in names)


def page(found: Sequence[Done], python: str, cores: int) -> str:
    """The page about what was *found*, with this *python* on so many *cores*."""
    rows = [[f"`{each.command}`", each.wrote, f"{each.seconds:.1f}"] for each in found]
    parts = [
        "# From a clone to a sweep of your own",
        f"Written by `python -m bench.stranger`, stallscope {__version__}, in an empty folder: a clean clone, then "
        "what [README.md](../README.md) says to type, word for word. Every command ended with exit code 0; if one does "
        "not, this page is not written.",
        f"{python}, {cores} cores. Seconds depend on the computer, on what else it does, and, of the set-up, on the "
        f"network: all together {sum(each.seconds for each in found):.0f} s here.",
        table(["command", "wrote", "seconds"], rows, left=2),
        "## What they printed, and what was changed",
    ]
    for number, each in enumerate(found, 1):
        if each.printed or each.changed:
            parts.append(f"{number}. `{each.command}`")
        if each.printed:
            parts.append(f"```\n{each.printed}\n```")
        if each.changed:
            parts.append(f"Then, in an editor:\n\n```diff\n{each.changed}```")
    return "\n\n".join(parts) + "\n"


def main() -> None:
    """Go all of the way, and write the page."""
    parser = ArgumentParser(description=__doc__)
    parser.add_argument("-o", "--output", type=Path, default=TARGET)
    target: Path = parser.parse_args().output
    settings = {key: value for key, value in os.environ.items() if key not in HIDDEN} | {"COLUMNS": "112"}
    with TemporaryDirectory() as scratch:
        clone = f"git -c advice.detachedHead=false clone -q '{ROOT}' stallscope"
        found = [type_in(clone, "", Path(scratch), settings, "git clone REPOSITORY stallscope && cd stallscope")]
        folder = Path(scratch) / "stallscope"
        typed = commands((folder / "README.md").read_text(encoding="utf-8"))
        found += walk(typed, folder, settings, CHANGES)
        version = subprocess.run(["python3", "--version"], env=settings, capture_output=True, text=True, check=True)
    write_text(target, page(found, version.stdout.strip(), os.cpu_count() or 1))


if __name__ == "__main__":
    main()
