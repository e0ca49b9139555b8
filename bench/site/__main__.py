"""Build the site: python -m bench.site [-o FOLDER]

A link or an anchor that leads nowhere is an error. Needs the extra ``docs``.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from argparse import ArgumentParser
from pathlib import Path
from tempfile import TemporaryDirectory

from bench.site.tree import gathered

MARK = "objects.inv"  # what Sphinx leaves in every site


def build(target: Path) -> int:
    """Build the site into *target*, which is replaced once it is whole; the exit code of Sphinx."""
    with TemporaryDirectory() as folder:
        work = Path(folder)
        gathered(work / "pages")
        options = ["-b", "html", "--fail-on-warning", "--keep-going", "--quiet", "-c", str(Path(__file__).parent)]
        command = [sys.executable, "-m", "sphinx", *options, str(work / "pages"), str(work / "site")]
        code = subprocess.run(command, check=False).returncode
        if code == 0:
            shutil.rmtree(target, ignore_errors=True)
            shutil.move(work / "site", target)
    return code


def main() -> None:
    """Build it where ``-o`` says."""
    parser = ArgumentParser(description=__doc__)
    parser.add_argument("-o", "--output", type=Path, default=Path("site"))
    target: Path = parser.parse_args().output
    if target.exists() and not (target / MARK).is_file():
        sys.exit(f"{target}: is there and no site: expected a folder that is not there, or one with {MARK}")
    raise SystemExit(build(target))


if __name__ == "__main__":
    main()
