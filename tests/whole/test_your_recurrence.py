"""docs/your-recurrence.md, followed to the letter in an empty folder."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

from tests.support.folders import DOCS, ROOT
from tests.support.recipes import LISTING, follow

TORCH = ("cell.py", "mingru.yaml")  # what the second example has to do with, for which PyTorch is needed


def test_the_guide(tmp_path: Path) -> None:
    text = (DOCS / "your-recurrence.md").read_text(encoding="utf-8")
    listings = LISTING.findall(text)
    assert len(listings) == text.count("\n```") / 2
    if find_spec("torch") is None:
        listings = [each for each in listings if not any(name in each[1] for name in TORCH)]
    follow(tmp_path, listings, tree=ROOT)
