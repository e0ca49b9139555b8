"""A gallery of report pages: writes results/gallery.md, and a picture of each page beside it.

python -m bench.gallery [--pages FOLDER]

Each page is made by the command that stands beside its picture; the pages themselves are kept in FOLDER only, if one is
named, from which ``python -m bench.site --gallery FOLDER`` takes them. The same version makes the same pages, byte for
byte; the bytes of pictures hang on the browser and its fonts. Needs Chromium and playwright (extra ``test``).
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from argparse import ArgumentParser
from collections.abc import Mapping
from html import unescape
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import TYPE_CHECKING, Final, NamedTuple

from bench.browser import chromium, missing
from sim.files.outputs import write_text, writing
from sim.presentation.escaping import for_markdown
from sim.version import __version__

if TYPE_CHECKING:
    from playwright.sync_api import Browser

ROOT: Final = Path(__file__).parents[1]
PLACE: Final = "results/gallery"  # of the pictures, in the repository and in the site
TARGET: Final = ROOT / f"{PLACE}.md"
MOST_BYTES: Final = 150_000  # of a picture
COLOURS: Final = (256, 128, 64, 32)  # of a picture: the most with which it is small enough
SIZE: Final = {"width": 1160, "height": 800}  # of the window, in which a page is at its widest
MARGIN: Final = 12  # around what is shown, in pixels
VERDICT: Final = re.compile(r'<p class="verdict">([^<]+?\.)(?: [A-Z][^<]*)?</p>')  # its first sentence
PICTURE: Final = re.compile(r"^!\[(.*)\]\((gallery/([\w.-]+)\.png)\)$", re.MULTILINE)


class Exhibit(NamedTuple):
    """A page, the commands that make it, one a line, what to look at, and the elements between which it is shown."""

    page: str
    title: str
    command: str
    look: str
    first: str = "header"
    last: str = "header"

    @property
    def name(self) -> str:
        """The page's name, and that of its picture, without a suffix."""
        return self.page.replace("/report", "").rpartition(".")[0]

    @property
    def placed(self) -> str:
        """What the page is called in the site, where it stands beside the pictures."""
        return f"{self.name}{Path(self.page).suffix}"


def _row(model: str, machine: str, title: str, look: str, first: str, last: str = "") -> Exhibit:
    """The page about a whole run of *model* on *machine*, shown from one element to another."""
    page = f"{model}-{machine}.html"
    return Exhibit(page, title, f"run {model} --hw {machine} --report {page}", look, first, last or first)


EXHIBITS: Final = (
    _row(
        "mamba1", "edge", "Mamba-1 on edge: the top of a page",
        "Look at the steps of the waterfall: what each adds to the paper's roofline, down to the simulated time.",
        "header", "#waterfall figure",
    ),
    _row(
        "mamba1", "edge_flexpe", "Mamba-1 on edge_flexpe: classes on the roofline",
        "Look at which class of operations lies far below the ceiling of its unit, and whether memory or edges hold it "
        "down.", "#roofline", "#roofline figure",
    ),
    _row(
        "mamba2", "edge", "Mamba-2 on edge: where each unit's cycles went",
        "Look at the hatched parts of the bars: cycles in which a unit waited, by what it waited for.", "#units",
    ),
    _row(
        "mamba2", "edge_flexpe", "Mamba-2 on edge_flexpe: what is buffered",
        "Look at how much of the SRAM each buffer takes, and how much is left.", "#sram",
    ),
    _row(
        "mamba3_mimo", "edge", "Mamba-3 MIMO on edge: the timeline",
        "Look at the array and the lanes in turn: which of them works while the other one waits.", "#timeline",
    ),
    _row(
        "mamba3_mimo", "edge_flexpe", "Mamba-3 MIMO on edge_flexpe: the critical path",
        "Look at what the time from end to end hangs on, by unit and class, and how much of it is no work at all.",
        "#critical-path",
    ),
    Exhibit(
        "falcon-h1-0.5b.html", "A hybrid, Falcon-H1: time by class",
        "run falcon-h1-0.5b --search short --set head=true --report falcon-h1-0.5b.html",
        "Look at how attention, state-space layers and MLPs share the time, and where the bytes of DRAM go.",
        "#breakdown", "#breakdown",
    ),
    Exhibit(
        "answer.html", "A prompt and its answer",
        "run qwen2.5-0.5b --phase generate --seq-len 512 --generate 64 --search short --report answer.html",
        "Look at the line below the name: when the first token is there, and how long each of the others takes.",
    ),
    Exhibit(
        "batches/report.html", "A sweep: maps, and throughput against cost", "sweep batches -o batches --format html",
        "Look at where more sequences side by side no longer pay: the best of each map, and what binds there.",
        "#maps", "#tradeoffs figure",
    ),
    Exhibit(
        "least_area.svg", "A search: the smallest machines that are quick enough",
        "search least_area -o least_area\n"
        "pareto least_area --minimise area_mm2 --maximise tokens_per_second -o least_area.svg",
        "Look at what the next tokens a second cost beyond the 100 that are wanted: of a large grid these machines "
        "were run and are quick enough.",
        "svg", "svg",
    ),
    Exhibit(
        "explain.html", "An explanation: what would help", "explain mamba3_mimo --report explain.html",
        "Look at how little most changes of the machine buy, and which few do help.", "#what-ifs", "#what-ifs figure",
    ),
    Exhibit(
        "compare.html", "A comparison of three models", "compare mamba1 mamba2 mamba3_mimo --report compare.html",
        "Look at what a token of one model spends more time on than one of another.", "#comparison", "#comparison",
    ),
)  # fmt: skip


def made(folder: Path) -> Path:
    """*folder*, in which every page has been made; raises CalledProcessError if a command fails."""
    settings = {**os.environ, "PYTHONPATH": str(ROOT), "COLUMNS": "112"}
    folder.mkdir(parents=True, exist_ok=True)
    for exhibit in EXHIBITS:
        for command in exhibit.command.splitlines():
            start = perf_counter()
            subprocess.run([sys.executable, "-m", "sim", *command.split(), "-q"], check=True, cwd=folder, env=settings)
            print(f"{perf_counter() - start:6.1f} s  {command}", flush=True)
    return folder


def picture(browser: Browser, page: Path, exhibit: Exhibit) -> bytes:
    """A PNG of what *exhibit* shows of its *page*, of MOST_BYTES at most."""
    opened = browser.new_page(viewport=SIZE, color_scheme="light", reduced_motion="reduce")  # type: ignore[arg-type]
    if page.suffix == ".svg":
        opened.set_content(f"<style>svg {{ width: 100%; height: auto }}</style>{page.read_text(encoding='utf-8')}")
    else:
        opened.goto(page.resolve().as_uri())
    boxes = [opened.locator(where).first.bounding_box() for where in (exhibit.first, exhibit.last)]
    if boxes[0] is None or boxes[1] is None:
        raise ValueError(f"{page}: nothing to show from {exhibit.first} to {exhibit.last}")
    left, top = max(0, boxes[0]["x"] - MARGIN), max(0, boxes[0]["y"] - MARGIN)
    width = min(SIZE["width"], boxes[0]["x"] + boxes[0]["width"] + MARGIN) - left
    height = boxes[1]["y"] + boxes[1]["height"] + MARGIN - top
    taken = opened.screenshot(full_page=True, clip={"x": left, "y": top, "width": width, "height": height})
    opened.close()
    return compressed(taken)


def compressed(png: bytes) -> bytes:
    """*png* with as many colours as leave it MOST_BYTES at most; raises ValueError if that is none."""
    from PIL import Image

    with Image.open(BytesIO(png)) as image:
        for colours in COLOURS:
            target = BytesIO()
            image.convert("RGB").quantize(colours).save(target, "PNG", optimize=True)
            if target.tell() <= MOST_BYTES:
                return target.getvalue()
    raise ValueError(f"expected a picture of {MOST_BYTES} bytes at most, found {target.tell()}")


def page(sizes: Mapping[str, int], verdicts: Mapping[str, str]) -> str:
    """The gallery, by what each page says of its run, and how many bytes it has."""
    parts = [
        "# Gallery",
        f"Written by `python -m bench.gallery`, stallscope {__version__}. Parts of {len(sizes)} pages: how a page is "
        "read, and what else is on it, says [docs/report.md](../docs/report.md). The commands are typed in an "
        "environment in which stallscope is installed.",
        f"The pages have {sum(sizes.values()) / 1e6:.1f} MB, so they are not kept here. Each command makes its page "
        "again, the same bytes; `python -m bench.gallery --pages FOLDER` makes all; on the site each picture leads to "
        "its page.",
    ]
    for exhibit in EXHIBITS:
        verdict = verdicts.get(exhibit.page)
        parts += [
            f"## {exhibit.title}",
            exhibit.look + (f" The page begins: *{for_markdown(verdict)}*" if verdict else ""),
            "\n".join(f"    python -m sim {command}" for command in exhibit.command.splitlines()),
            f"![{exhibit.title}](gallery/{exhibit.name}.png)",
        ]
    return "\n\n".join(parts) + "\n"


def live(text: str) -> str:
    """The *text* of the gallery, each of whose pictures leads to the page beside it, as do words below it."""
    pages = {exhibit.name: exhibit.placed for exhibit in EXHIBITS}

    def leading(found: re.Match[str]) -> str:
        to = f'<a href="gallery/{pages[found[3]]}">'
        return f"{to}{found[0]}</a>\n\n{to}The page itself</a>"

    return PICTURE.sub(leading, text)


def main() -> None:
    """Make the pages, their pictures, and the gallery."""
    parser = ArgumentParser(description=__doc__)
    parser.add_argument("--pages", type=Path, help="where to keep the pages")
    kept: Path | None = parser.parse_args().pages
    if missing():
        sys.exit(f"{missing()}: expected Chromium and playwright (extra test) for pictures")
    with TemporaryDirectory() as scratch:
        show(made(kept or Path(scratch)))


def show(folder: Path) -> None:
    """Write the pictures of the pages in *folder*, and the gallery."""
    pictures = TARGET.with_suffix("")
    pictures.mkdir(exist_ok=True)
    texts = {exhibit.page: (folder / exhibit.page).read_text(encoding="utf-8") for exhibit in EXHIBITS}
    with chromium() as browser:
        for exhibit in EXHIBITS:
            with writing(pictures / f"{exhibit.name}.png") as stream:
                stream.write(picture(browser, folder / exhibit.page, exhibit))
    verdicts = {name: unescape(found[1]) for name, text in texts.items() if (found := VERDICT.search(text))}
    write_text(TARGET, page({name: len(text.encode()) for name, text in texts.items()}, verdicts))


if __name__ == "__main__":
    main()
