"""What goes into a wheel is what is in version control, and what is said of it is one version; likewise a container.

``STALLSCOPE_TESTS=all`` does what the Dockerfile says, in a folder and an environment of its own: two minutes.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import tomllib
from pathlib import Path

import pytest

from bench.wheels import COMPILED, ROOT, RUN, VERSIONS, sources
from sim.version import __version__
from tests.support.command_line import call
from tests.support.sampled import EVERY_TEST


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


def instructions() -> dict[str, list[str]]:
    """Instruction -> what follows it, for each time that it occurs."""
    found: dict[str, list[str]] = {}
    for line in (ROOT / "Dockerfile").read_text(encoding="utf-8").splitlines():
        if line and not line.startswith("#"):
            name, _, rest = line.partition(" ")
            found.setdefault(name, []).append(rest)
    return found


def test_the_container_does_what_the_readme_says() -> None:
    found = instructions()
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert found["COPY"] == [". ."]
    assert found["RUN"][0].startswith("apt-get update && apt-get install -y --no-install-recommends gcc libc6-dev ")
    command, workload = json.loads(found["CMD"][0])
    assert f"{found['RUN'][1]} && .venv/bin/python -m sim {command} {workload}" in readme


@pytest.mark.skipif(not EVERY_TEST, reason="two minutes: STALLSCOPE_TESTS=all")
def test_the_containers_commands_run(tmp_path: Path) -> None:
    """All but apt's, of whose packages the compiler has to be there; the entry point takes a small run."""
    found, work = instructions(), sources(tmp_path)
    pip = {name: value for name, value in os.environ.items() if name.startswith("PIP_")}
    clean = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), **pip}
    for command in found["RUN"][1:]:
        subprocess.run(command, shell=True, check=True, cwd=work, env=clean)
    entry = json.loads(found["ENTRYPOINT"][0])
    done = subprocess.run([*entry, *RUN], check=True, cwd=work, env=clean, capture_output=True, text=True)
    assert json.loads(done.stdout)["version"] == __version__
    subprocess.run([entry[0], "-c", COMPILED], check=True, cwd=work, env=clean)
