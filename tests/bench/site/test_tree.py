"""Every page is in the site, where its links hold, and in a section of it."""

from __future__ import annotations

from pathlib import Path

from bench.site.tree import ROOT, SECTIONS, gathered
from sim.commands.cli import COMMANDS


def test_every_page_is_in_a_section(tmp_path: Path) -> None:
    gathered(tmp_path)
    index = (tmp_path / "index.md").read_text(encoding="utf-8")
    for page in (*tmp_path.rglob("*.md"), *tmp_path.rglob("*.ipynb")):
        name = page.relative_to(tmp_path).as_posix()
        assert name == "index.md" or f"\n{name}\n" in index, name
    assert all((tmp_path / page).is_file() for of_section in SECTIONS.values() for page in of_section)


def test_links_lead_to_what_is_there(tmp_path: Path) -> None:
    gathered(tmp_path)
    architecture = (tmp_path / "ARCHITECTURE.md").read_text(encoding="utf-8")
    assert "docs/glossary.md" in architecture and "](README.md" not in architecture
    assert (tmp_path / "docs" / "stalls.svg").read_bytes() == (ROOT / "docs" / "stalls.svg").read_bytes()


def test_the_reference_has_every_command_and_every_name(tmp_path: Path) -> None:
    gathered(tmp_path)
    commands = (tmp_path / "reference" / "commands.md").read_text(encoding="utf-8")
    assert all(f"\n## {name}\n" in commands for name in COMMANDS)
    assert "Usage: stallscope trace query" in commands and "--simulate-layers" in commands
    python = (tmp_path / "reference" / "python.md").read_text(encoding="utf-8")
    assert "autofunction:: sim.simulation.simulate" in python and "autoclass:: sim.files.described.Machine" in python
