"""Pages that are followed to the letter: their listings make files, their commands are run.

The first line of a listing names its file; the lines are added at its end, and make a new file where there is none. Of
a console listing the lines after ``$`` are run in a shell; what is shown below them has to be in what they print, but
for rounding errors, which differ from one library of linear algebra to another, and where the largest of them is.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from tests.support.folders import DOCS, ROOT

FOLLOWED = (ROOT / "EXTENDING.md", DOCS / "your-accelerator.md", DOCS / "your-recurrence.md")
LISTING = re.compile(r"^```(\w+)\n(.*?)^```$", re.M | re.S)
ROUNDING = re.compile(r"\d\.\de-1[3-9]|(?<=e-1\d)  \w+, token \d+ *$", re.M)
Listings = Sequence[tuple[str, str]]
"""(language, text) of each, in their order."""


def follow(folder: Path, listings: Listings, tree: Path) -> None:
    """Do in *folder* what *listings* say, with the packages of *tree*."""
    assert any(language == "console" for language, _ in listings)  # something is run, and its output looked at
    for language, listing in listings:
        _converse(folder, listing, tree) if language == "console" else _add(folder, listing)


def _add(folder: Path, listing: str) -> None:
    """Add *listing* to the file that its first line names."""
    name = listing.partition("\n")[0].removeprefix("# ")
    lines = listing if (folder / name).exists() else listing.partition("\n")[2]
    with (folder / name).open("a", encoding="utf-8") as file:
        file.write(lines)


def _converse(folder: Path, dialogue: str, tree: Path) -> None:
    """Run the commands of a console listing, and look for what it says that they print."""
    environment = {**os.environ, "PYTHONPATH": str(tree), "COLUMNS": "112"}
    for exchange in re.split(r"^\$ ", dialogue, flags=re.M)[1:]:
        command, *shown = exchange.splitlines()
        typed = re.sub(r"^python\b", sys.executable, command)
        done = subprocess.run(typed, shell=True, cwd=folder, env=environment, capture_output=True, text=True)
        assert done.returncode == 0, f"{command}\n{done.stdout}{done.stderr}"
        printed = _but_for_rounding(done.stdout)
        assert [line for line in shown if _but_for_rounding(line) not in printed] == [], f"{command}\n{done.stdout}"


def _but_for_rounding(text: str) -> str:
    return ROUNDING.sub("...", text)
