"""Build the site: python -m bench.site [-o FOLDER] [--gallery PAGES]

A link or an anchor that leads nowhere is an error. The pages of the gallery are those in PAGES, which
``python -m bench.gallery --pages PAGES`` has made, or made now, which takes some minutes. Needs the extra ``docs``.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from argparse import ArgumentParser
from pathlib import Path
from tempfile import TemporaryDirectory

from bench.gallery import EXHIBITS, PLACE, made
from bench.site.links import broken
from bench.site.tree import gathered

MARK = "objects.inv"  # what Sphinx leaves in every site


def build(target: Path, pages: Path | None = None) -> int:
    """Build the site into *target*, which is replaced once it is whole; the exit code of Sphinx, 1 for broken links.

    The gallery leads to what is in *pages*; they are made if none are given.
    """
    with TemporaryDirectory() as folder:
        work = Path(folder)
        gathered(work / "pages")
        options = ["-b", "html", "--fail-on-warning", "--keep-going", "--quiet", "-c", str(Path(__file__).parent)]
        command = [sys.executable, "-m", "sphinx", *options, str(work / "pages"), str(work / "site")]
        code = subprocess.run(command, check=False).returncode
        if code == 0:
            code = _with_gallery(work / "site", pages or made(work / "gallery"))
        if code == 0:
            shutil.rmtree(target, ignore_errors=True)
            shutil.move(work / "site", target)
    return code


def _with_gallery(site: Path, pages: Path) -> int:
    """Put the gallery's *pages* into *site*; 1 if something in it leads nowhere then, which is told."""
    (site / PLACE).mkdir(parents=True, exist_ok=True)
    for exhibit in EXHIBITS:
        shutil.copyfile(pages / exhibit.page, site / PLACE / exhibit.placed)
    wrong = broken(site)
    print("".join(f"{each}: leads nowhere\n" for each in wrong), end="", file=sys.stderr)
    return bool(wrong)


def main() -> None:
    """Build it where ``-o`` says."""
    parser = ArgumentParser(description=__doc__)
    parser.add_argument("-o", "--output", type=Path, default=Path("site"))
    parser.add_argument("--gallery", type=Path, help="the gallery's pages, if there are some already")
    arguments = parser.parse_args()
    target: Path = arguments.output
    if target.exists() and not (target / MARK).is_file():
        sys.exit(f"{target}: is there and no site: expected a folder that is not there, or one with {MARK}")
    pages: Path | None = arguments.gallery
    lacking = [each.page for each in EXHIBITS if pages and not (pages / each.page).is_file()]
    if lacking:
        sys.exit(f"{pages}: lacks {', '.join(lacking)}: expected what python -m bench.gallery --pages {pages} makes")
    raise SystemExit(build(target, pages))


if __name__ == "__main__":
    main()
