"""What an evaluator of the artifact runs: writes results/artifact.md, or compares with it.

python -m bench.artifact [--check]

Each command's seconds and the SHA-256 of what it prints; the same input and version print the same bytes on every
computer. With ``--check`` nothing is written: what came out is held against the page, and a difference is exit code 1.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from argparse import ArgumentParser
from hashlib import sha256
from pathlib import Path
from time import perf_counter
from typing import Final, NamedTuple

from sim.files.outputs import write_text
from sim.presentation.markdown import table
from sim.version import __version__

TARGET: Final = Path(__file__).parents[1] / "results" / "artifact.md"
ROWS: Final = ("mamba1", "mamba1_pscan", "mamba2", "mamba2_ssd", "mamba3_mimo", "mamba3_mimo_ssd")
HASH: Final = re.compile(r"^\| `(python -m sim [^`]+)` \|.*\| `([0-9a-f]{64})` \|$", re.MULTILINE)


class Step(NamedTuple):
    """A command, and what it is evidence for."""

    command: str
    shows: str


STEPS: Final = (
    *(Step(f"python -m sim run {row} --json - -q", f"Table 1, row {row}: 48 layers, 1,024 tokens") for row in ROWS),
    Step("python -m sim run mamba3_mimo --phase decode --batch 8 --json - -q", "decode of eight sequences"),
    Step("python -m sim explain mamba3_mimo --json - -q", "from the roofline to the run, and what would help"),
    Step("python -m sim compare mamba2 mamba3_mimo --json - -q", "what the difference of two models is made of"),
    Step("python -m sim count mamba3_mimo --json - -q", "operations and parameters by the paper's convention"),
    Step("python -m sim prove mamba3_mimo_ssd --json - -q", "chunks compute what the loop over tokens does"),
)
REPRODUCED: Final = (
    "`python -m sim reproduce all` writes Table 1, both figures, the official Mamba-3, the ranking, the claims and the "
    "GPU page again, `python -m sim validate` the evidence. What they are expected to write is in `results/`: "
    "`git diff results/` is empty afterwards, but for the version in the heads of pages that an earlier one wrote."
)


class Done(NamedTuple):
    """What a step took, and the hash of what it printed."""

    step: Step
    seconds: float
    digest: str


def done(step: Step) -> Done:
    """Do *step*; raises CalledProcessError if it fails."""
    words = step.command.split()
    start = perf_counter()
    settings = os.environ | {"COLUMNS": "112"}
    printed = subprocess.run([sys.executable, *words[1:]], check=True, capture_output=True, env=settings).stdout
    return Done(step, perf_counter() - start, sha256(printed).hexdigest())


def page(found: list[Done]) -> str:
    """The page about what was *found*."""
    rows = [[f"`{each.step.command}`", each.step.shows, f"{each.seconds:.1f}", f"`{each.digest}`"] for each in found]
    parts = [
        "# For evaluators of the artifact",
        f"Written by `python -m bench.artifact`, stallscope {__version__}; `python -m bench.artifact --check` does it "
        "again and compares. Seconds are those of one core here; hashes are the same everywhere.",
        "Set up by the README's first command: Python 3.11 or newer, a C compiler for the quick event loop, no network "
        "after that. `Dockerfile` does the same in a container.",
        table(["command", "what it shows", "seconds", "SHA-256 of what it prints"], rows, left=2),
        "## The rest",
        REPRODUCED,
    ]
    return "\n\n".join(parts) + "\n"


def differences(found: list[Done], expected: str) -> list[str]:
    """Commands of *found* whose hash is not that of the *expected* page."""
    known = dict(HASH.findall(expected))
    return [each.step.command for each in found if known.get(each.step.command) != each.digest]


def main() -> None:
    """Do every step, and write or compare."""
    parser = ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true")
    check = parser.parse_args().check
    found: list[Done] = []
    for step in STEPS:
        found.append(done(step))
        print(f"{found[-1].seconds:6.1f} s  {step.command}", flush=True)
    if not check:
        write_text(TARGET, page(found))
        return
    wrong = differences(found, TARGET.read_text(encoding="utf-8"))
    print("all as expected" if not wrong else "\n".join(f"differs: {command}" for command in wrong))
    sys.exit(bool(wrong))


if __name__ == "__main__":
    main()
