"""The pages for people hold what they say: links, paths, names, commands, and the walk through ARCHITECTURE.md."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGES = sorted(path for folder in (".", "docs", "results", "results/explain") for path in (ROOT / folder).glob("*.md"))
FENCED = re.compile(r"^```.*?^```$", re.M | re.S)
LINK = re.compile(r"\]\(([^)#\s]+)(?:#[^)\s]*)?\)")
FOLDERS = "bench|docs|hw|results|sim|tests|workloads"
FILE = re.compile(rf"(?<![\w/.-])(?:{FOLDERS})/[\w./-]*(?:\.(?:cfg|csv|css|json|js|md|pxd|py|svg|yaml)\b|/(?=`))")
WHERE = re.compile(r"\| `([\w./]+)`: `(\w+\.)?(\w+)` \|$", re.M)
MODULE = re.compile(r"`((?:hw|sim|workloads)(?:\.\w+)+)`")


def prose(path: Path) -> str:
    """What *path* says, without listings."""
    return FENCED.sub("", path.read_text(encoding="utf-8"))


def name(path: Path) -> str:
    return str(path.relative_to(ROOT))


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_links_lead_somewhere(page: Path) -> None:
    links = [link for link in LINK.findall(prose(page)) if ":" not in link]
    assert [link for link in links if not (page.parent / link).exists()] == []


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_files_that_are_named_exist(page: Path) -> None:
    files = [file for file in FILE.findall(prose(page)) if not re.search("[A-Z]{3}", file.rpartition("/")[2])]
    assert [file for file in files if not (ROOT / file).exists()] == []


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_headings_are_no_links(page: Path) -> None:
    """Sphinx, which makes the site, stumbles over one."""
    assert re.findall(r"^#+ .*\]\(.*$", prose(page), re.M) == []


def test_glossary_names_what_there_is() -> None:
    text = (ROOT / "docs" / "glossary.md").read_text()
    rows = [line for line in text.partition("## One word")[0].splitlines() if line.startswith("| ")]
    places = WHERE.findall(text)
    headers = text.partition("## One word")[0].count("| word |")
    assert len(places) == len(rows) - headers
    for file, owner, what in places:
        source = (ROOT / file).read_text()
        assert all(re.search(rf"\b{each}\b", source) for each in (owner.rstrip(".") or what, what)), (file, what)


def test_changelog_says_where_modules_are_now() -> None:
    rows = re.findall(r"^\| (`\w+\..*) \| (`\w+\..*) \|$", (ROOT / "CHANGELOG.md").read_text(), re.M)
    now = [module.replace(".", "/") for _, places in rows for module in MODULE.findall(places)]
    assert len(now) > 20
    assert [each for each in now if not ((ROOT / each).is_dir() or (ROOT / f"{each}.py").exists())] == []


def test_every_document_is_in_the_index() -> None:
    index = {link.partition("/")[0] for link in LINK.findall((ROOT / "docs" / "README.md").read_text())}
    assert {path.name for path in (ROOT / "docs").iterdir()} - {"README.md"} <= index


def test_contributing_says_what_writes_each_result() -> None:
    said = (ROOT / "CONTRIBUTING.md").read_text()
    heads = [re.search(r"^Written by (`python -m .*?`)", path.read_text(), re.M) for path in PAGES]
    commands = {head[1] for head in heads if head is not None}
    assert len(commands) > 10
    assert {command for command in commands if command not in said} == set()


def test_architecture_walks_as_it_says(tmp_path: Path) -> None:
    walk = "\n".join(re.findall(r"^```python\n(.*?)^```$", (ROOT / "ARCHITECTURE.md").read_text(), re.M | re.S))
    assert walk.count(">>> ") > 20
    (tmp_path / "walk.txt").write_text(walk)
    command = [sys.executable, "-m", "doctest", str(tmp_path / "walk.txt")]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
