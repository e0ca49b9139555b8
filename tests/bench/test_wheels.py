"""What goes into a wheel is what is in version control, and what is said of it is one version."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

from bench.wheels import ROOT, RUN, VERSIONS, sources
from sim.version import __version__
from tests.support.command_line import call


def test_sources_are_those_in_version_control(tmp_path: Path) -> None:
    if not (ROOT / ".git").exists():
        pytest.skip("no repository")
    found = sources(tmp_path)
    assert (found / "setup.py").is_file() and (found / "sim" / "version.py").is_file()
    assert not list(found.rglob("*.so"))


def test_every_version_that_is_tried_is_built_for_all_platforms() -> None:
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["cibuildwheel"]
    assert settings["build"].split() == [f"cp{version.replace('.', '')}-*" for version in VERSIONS]
    assert "hw.COMPILED" in settings["test-command"]
    assert call(*RUN)[0] == 0


def test_the_citation_has_the_version() -> None:
    said = re.search(r"^version: (\S+)$", (ROOT / "CITATION.cff").read_text(encoding="utf-8"), re.MULTILINE)
    assert said is not None and said[1] == __version__
