"""The gallery has a picture, a command and a page to lead to for each exhibit, and pictures are small."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path
from random import Random
from subprocess import CalledProcessError
from typing import TYPE_CHECKING

import pytest

from bench.gallery import (
    COLOURS,
    EXHIBITS,
    MARGIN,
    MOST_BYTES,
    TARGET,
    VERDICT,
    Exhibit,
    compressed,
    live,
    made,
    page,
    picture,
)
from sim.commands.cli import COMMANDS

if TYPE_CHECKING:
    from playwright.sync_api import Browser

Image = pytest.importorskip("PIL.Image")
pytest_plugins = ["tests.support.browser"]
MOST_OF_ALL = 3_000_000  # bytes of all that the repository keeps of the gallery
BOX = '<p id="{0}" style="margin: 0; height: {1}px; background: {2}">{0}</p>'


def test_what_is_kept_is_what_the_commands_make() -> None:
    text, pictures = TARGET.read_text(encoding="utf-8"), TARGET.with_suffix("")
    kept = {path.name: path.stat().st_size for path in pictures.iterdir()}
    assert set(kept) == {f"{exhibit.name}.png" for exhibit in EXHIBITS}
    assert max(kept.values()) <= MOST_BYTES and sum(kept.values()) < MOST_OF_ALL
    for exhibit in EXHIBITS:
        commands = "".join(f"    python -m sim {command}\n" for command in exhibit.command.splitlines())
        assert commands in text and exhibit.look in text
        assert f"![{exhibit.title}](gallery/{exhibit.name}.png)" in text


def test_commands_make_the_pages_that_they_stand_beside() -> None:
    assert len({exhibit.name for exhibit in EXHIBITS}) == len(EXHIBITS)
    for exhibit in EXHIBITS:
        typed = [command.split() for command in exhibit.command.splitlines()]
        assert {verb for verb, *_ in typed} <= set(COMMANDS) and exhibit.page.partition("/")[0] in typed[-1]


def test_pages_are_what_the_commands_write(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("bench.gallery.EXHIBITS", [Exhibit("a.json", "", "count mamba2 --json a.json", "")])
    assert '"mamba2"' in (made(tmp_path / "pages") / "a.json").read_text(encoding="utf-8")
    monkeypatch.setattr("bench.gallery.EXHIBITS", [Exhibit("a.json", "", "count none --json a.json", "")])
    with pytest.raises(CalledProcessError):
        made(tmp_path / "pages")


def test_on_the_site_a_picture_leads_to_its_page() -> None:
    text = page({"answer.html": 1_000_000, "least_area.svg": 100_000}, {"answer.html": "MAC array works *hard*"})
    assert "have 1.1 MB" in text and "*MAC array works \\*hard\\**" in text
    led = live(text)
    placed_as = {"batches": "batches.html", "least_area": "least_area.svg", "mamba1-edge": "mamba1-edge.html"}
    for name, placed in placed_as.items():
        assert f'<a href="gallery/{placed}">![' in led and f"](gallery/{name}.png)</a>" in led
    assert led.count("<a href=") == 2 * len(EXHIBITS)


def test_a_picture_has_as_few_colours_as_make_it_small(monkeypatch: pytest.MonkeyPatch) -> None:
    png = BytesIO()
    Image.frombytes("RGB", (64, 64), Random(0).randbytes(64 * 64 * 3)).save(png, "PNG")
    largest = len(compressed(png.getvalue()))
    monkeypatch.setattr("bench.gallery.MOST_BYTES", largest - 1)
    smaller = compressed(png.getvalue())
    assert len(smaller) < largest and len(Image.open(BytesIO(smaller)).getcolors()) == COLOURS[1]
    monkeypatch.setattr("bench.gallery.MOST_BYTES", 100)
    with pytest.raises(ValueError, match="expected a picture of 100 bytes at most, found"):
        compressed(png.getvalue())


def test_a_verdict_is_told_by_its_first_sentence() -> None:
    found = VERDICT.search('<p>x</p><p class="verdict">SIMD works 9.5% of it (0.3%). MAC array &lt; it.</p>')
    assert found is not None and found[1] == "SIMD works 9.5% of it (0.3%)."
    assert VERDICT.search('<p class="verdict"></p>\n<p>Written by. It</p>') is None


def test_a_picture_shows_from_the_first_element_to_the_last(chromium: Browser, tmp_path: Path) -> None:
    path = tmp_path / "page.html"
    parts = [("above", 100, "red"), ("one", 200, "lime"), ("two", 50, "blue"), ("below", 900, "red")]
    path.write_text("".join(BOX.format(*part) for part in parts))
    shown = Image.open(BytesIO(picture(chromium, path, Exhibit("page.html", "", "", "", "#one", "#two"))))
    assert shown.size[1] == 200 + 50 + 2 * MARGIN
    colours = {shown.convert("RGB").getpixel((600, y)) for y in range(MARGIN + 1, 250 + MARGIN - 1)}
    assert (0, 255, 0) in colours and (0, 0, 255) in colours and (255, 0, 0) not in colours
    with pytest.raises(ValueError, match="nothing to show from #one to #below"):
        path.write_text(BOX.format("one", 10, "red") + '<p id="below" style="display: none">x</p>')
        picture(chromium, path, Exhibit("page.html", "", "", "", "#one", "#below"))
