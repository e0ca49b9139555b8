"""What the Dockerfile does, done here in a folder and an environment that have nothing else: two minutes of a core.

``STALLSCOPE_TESTS=all pytest -q tests/bench/test_container.py`` does it; otherwise only its lines are read.
"""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest

from bench.wheels import COMPILED, ROOT, RUN, sources
from sim.version import __version__
from tests.support.sampled import EVERY_TEST


def instructions() -> dict[str, list[str]]:
    """Instruction -> what follows it, for each time that it occurs."""
    found: dict[str, list[str]] = {}
    for line in (ROOT / "Dockerfile").read_text(encoding="utf-8").splitlines():
        if line and not line.startswith("#"):
            name, _, rest = line.partition(" ")
            found.setdefault(name, []).append(rest)
    return found


def test_it_does_what_the_readme_says() -> None:
    found = instructions()
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert found["COPY"] == [". ."]
    assert found["RUN"][0].startswith("apt-get update && apt-get install -y --no-install-recommends gcc libc6-dev ")
    command, workload = json.loads(found["CMD"][0])
    assert f"{found['RUN'][1]} && .venv/bin/python -m sim {command} {workload}" in readme


@pytest.mark.skipif(not EVERY_TEST, reason="two minutes: STALLSCOPE_TESTS=all")
def test_its_commands_run(tmp_path: Path) -> None:
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
