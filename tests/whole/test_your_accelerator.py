"""docs/your-accelerator.md, followed to the letter in an empty folder."""

from __future__ import annotations

from pathlib import Path

from tests.support.folders import DOCS, ROOT
from tests.support.recipes import LISTING, follow


def test_the_guide(tmp_path: Path) -> None:
    text = (DOCS / "your-accelerator.md").read_text(encoding="utf-8")
    listings = LISTING.findall(text)
    assert len(listings) == text.count("\n```") / 2
    follow(tmp_path, listings, tree=ROOT)
    assert "extends" not in (tmp_path / "finch.yaml").read_text(encoding="utf-8")
