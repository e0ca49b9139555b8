"""EXTENDING.md, followed to the letter: each of its sections, in a copy of the source tree.

The first line of a listing names its file; the lines are added at its end, and make a new file where there is none. Of
a console listing the lines after ``$`` are run in a shell; what is shown below them has to be in what they print.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
COPIED = ("hw", "sim", "workloads", "stallscope.py")
LISTING = re.compile(r"^```(\w+)\n(.*?)^```$", re.M | re.S)
SECTIONS = dict(re.findall(r"^## (.+?)\n(.*?)(?=^## |\Z)", (ROOT / "EXTENDING.md").read_text(), re.M | re.S))
RECIPES = {title: found for title, text in SECTIONS.items() if (found := LISTING.findall(text))}


def copy_tree(folder: Path) -> None:
    """The source tree in *folder*; what is compiled, and never changed by a recipe, as links."""

    def copy(source: str, target: str) -> None:
        (os.symlink if source.endswith((".so", ".pyd")) else shutil.copyfile)(source, target)

    for name in COPIED:
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, folder / name, copy_function=copy, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copyfile(source, folder / name)
    (folder / "tests").mkdir()


def add(folder: Path, listing: str) -> None:
    """Add *listing* to the file that its first line names."""
    name = listing.partition("\n")[0].removeprefix("# ")
    lines = listing if (folder / name).exists() else listing.partition("\n")[2]
    with (folder / name).open("a", encoding="utf-8") as file:
        file.write(lines)


def converse(folder: Path, dialogue: str) -> None:
    """Run the commands of a console listing, and look for what it says that they print."""
    environment = {**os.environ, "PYTHONPATH": str(folder), "COLUMNS": "112"}
    for exchange in re.split(r"^\$ ", dialogue, flags=re.M)[1:]:
        command, *shown = exchange.splitlines()
        typed = re.sub(r"^python\b", sys.executable, command)
        done = subprocess.run(typed, shell=True, cwd=folder, env=environment, capture_output=True, text=True)
        assert done.returncode == 0, f"{command}\n{done.stdout}{done.stderr}"
        assert [line for line in shown if line not in done.stdout] == [], f"{command}\n{done.stdout}"


@pytest.mark.parametrize("title", RECIPES)
def test_recipe(title: str, tmp_path: Path) -> None:
    copy_tree(tmp_path)
    assert any(language == "console" for language, _ in RECIPES[title])  # something is run, and its output looked at
    for language, listing in RECIPES[title]:
        converse(tmp_path, listing) if language == "console" else add(tmp_path, listing)


def test_every_listing_belongs_to_a_recipe() -> None:
    text = (ROOT / "EXTENDING.md").read_text()
    assert sum(len(found) for found in RECIPES.values()) == text.count("\n```") / 2
    assert {language for found in RECIPES.values() for language, _ in found} == {"python", "yaml", "console"}
