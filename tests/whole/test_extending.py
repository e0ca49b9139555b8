"""EXTENDING.md, followed to the letter: each section in a copy of the source tree (tests/support/recipes.py)."""

from __future__ import annotations

import os
import re
import shutil
from pathlib import Path

import pytest

from tests.support.folders import ROOT
from tests.support.recipes import LISTING, follow

COPIED = ("hw", "sim", "workloads", "stallscope.py")
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


@pytest.mark.parametrize("title", RECIPES)
def test_recipe(title: str, tmp_path: Path) -> None:
    copy_tree(tmp_path)
    follow(tmp_path, RECIPES[title], tree=tmp_path)


def test_every_listing_belongs_to_a_recipe() -> None:
    text = (ROOT / "EXTENDING.md").read_text()
    assert sum(len(found) for found in RECIPES.values()) == text.count("\n```") / 2
    assert {language for found in RECIPES.values() for language, _ in found} == {"python", "yaml", "console"}
