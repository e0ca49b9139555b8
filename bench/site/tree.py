"""The pages of the site in one folder, as they stand to each other in the sources, so that links go on to hold."""

from __future__ import annotations

import re
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from bench import gallery
from bench.site.reference import commands_page, python_page
from sim.files.outputs import write_text

ROOT = Path(__file__).parents[2]
START = ROOT / "README.md"
LINK = re.compile(r"\]\(([^)#\s:]+)(?:#[^)\s]*)?\)")
SHOWN = ("*.md", "docs/*.md", "docs/notebooks/*.ipynb", "results/*.md", "results/*/*.md")
SECTIONS: Final = {
    "Start": (
        "results/gallery.md", "results/stranger.md", "docs/your-accelerator.md", "docs/your-recurrence.md",
        "docs/python.md",
    ),
    "Size an accelerator": (
        "docs/studies.md", "docs/goals.md", "docs/sensitivity.md", "docs/machines.md", "docs/units.md",
        "docs/precision.md",
    ),
    "Bring a model": ("docs/layers.md", "docs/import.md", "docs/memory.md", "docs/scenarios.md"),
    "Check a claim": ("docs/report.md", "docs/traces.md", "docs/simulate-layers.md"),
    "Notebooks": (
        "docs/notebooks/size-an-npu.ipynb", "docs/notebooks/compare-recurrences.ipynb",
        "docs/notebooks/review-the-paper.ipynb",
    ),
    "Concepts": (
        "docs/stalls.md", "docs/arrays.md", "docs/simd.md", "docs/dram.md", "docs/energy.md", "docs/glossary.md",
    ),
    "Reference": ("reference/commands.md", "reference/python.md", "docs/keys.md", "docs/result.md", "docs/program.md"),
    "Findings": ("docs/findings.md", "docs/predictions.md"),
    "How it works": ("ARCHITECTURE.md", "docs/decisions.md"),
    "Extending": ("EXTENDING.md", "CONTRIBUTING.md", "CHANGELOG.md", "docs/README.md"),
}  # fmt: skip
OF_EVIDENCE: Final = ("docs/evidence.md", "docs/legality.md", "docs/peers.md")
EVIDENCE: Final = "Evidence"  # these, and whatever else there is


def gathered(target: Path) -> None:
    """Copy all pages, what they link to, and what is generated of the code into *target*; write its index."""
    pages = sorted({path for pattern in SHOWN for path in ROOT.glob(pattern)})
    for path in {path for page in pages for path in _linked(page)} - set(pages):
        shutil.copyfile(path, _made(target / path.relative_to(ROOT)))
    for page in pages:
        write_text(_made(target / _place(page)), _to_index(page))
    write_text(_made(target / "reference" / "commands.md"), commands_page())
    write_text(_made(target / "reference" / "python.md"), python_page())
    index = target / "index.md"
    names = [_place(page).as_posix() for page in pages if page != START]
    write_text(index, f"{index.read_text(encoding='utf-8')}\n{_contents(names)}")


def _linked(page: Path) -> list[Path]:
    """The files that *page* links to."""
    found = (page.parent / link for link in LINK.findall(page.read_text(encoding="utf-8")))
    return [path.resolve() for path in found if path.is_file()]


def _place(page: Path) -> Path:
    """Where *page* stands in the site: the README is its index."""
    return Path("index.md") if page == START else page.relative_to(ROOT)


def _to_index(page: Path) -> str:
    """The text of *page*, whose links to the README lead to the index, and the gallery's pictures to its pages."""
    above = "../" * len(page.parent.relative_to(ROOT).parts)
    text = page.read_text(encoding="utf-8").replace(f"]({above}README.md", f"]({above}index.md")
    return gallery.live(text) if page == gallery.TARGET else text


def _made(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    return path


def _contents(pages: Sequence[str]) -> str:
    """The sections, and as evidence every one of *pages* that is in none of them."""
    named = {page for of_section in SECTIONS.values() for page in of_section} | set(OF_EVIDENCE)
    sections: dict[str, Sequence[str]] = {}
    for title, of_section in SECTIONS.items():
        if title == "Findings":
            sections[EVIDENCE] = [*OF_EVIDENCE, *(page for page in pages if page not in named)]
        sections[title] = of_section
    return "\n".join(_section(title, of_section) for title, of_section in sections.items())


def _section(title: str, pages: Sequence[str]) -> str:
    listed = "\n".join(pages)
    return f"```{{toctree}}\n:caption: {title}\n:hidden:\n:titlesonly:\n\n{listed}\n```\n"
