"""Addresses that no file of a site answers are found."""

from __future__ import annotations

from pathlib import Path

from bench.site.links import broken


def test_only_what_is_not_there_is_broken(tmp_path: Path) -> None:
    (tmp_path / "gallery").mkdir()
    (tmp_path / "gallery" / "a b.svg").write_text("<svg/>")
    good = ["gallery/a%20b.svg#x", "#here", "https://example.org/none", "data:,", "mailto:a@b.c", "gallery/?x=1", ""]
    links = "".join(f'<a href="{address}">x</a>' for address in good)
    (tmp_path / "index.html").write_text(links + '<img src="none.png"><a href="gallery/none.html">x</a>')
    (tmp_path / "gallery" / "page.html").write_text('<a href="../index.html">x</a><a href="index.html">x</a>')
    assert broken(tmp_path) == [
        "gallery/page.html: index.html", "index.html: gallery/none.html", "index.html: none.png",
    ]  # fmt: skip
