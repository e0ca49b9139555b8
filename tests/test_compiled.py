"""The event loop compiled by mypyc: the same results, byte for byte. Skipped where there is no compiler."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PARTS = ("sim", "hw", "workloads", "setup.cfg", "setup.py", "pyproject.toml", "README.md", "LICENSE")
CASES = [
    ("mamba3_mimo", "edge", ("layers=2", "sequence_length=128", "mapping.token_tile=32")),
    ("mamba1-d384", "edge_flexpe", ("layers=2", "sequence_length=512", "mapping.token_tile=16")),
    ("mamba2-130m", "edge", ("phase=decode", "head=true")),
]
RUN = """
import sys
import sim.scheduler
from sim.simulation import prepare, run
print(sim.scheduler.__file__)
print(run(prepare(sys.argv[1], sys.argv[2], sys.argv[3:]), critical_path=True).to_json())
"""


@pytest.fixture(scope="module")
def compiled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the project whose event loop is compiled."""
    pytest.importorskip("mypyc", reason="mypy is not installed")
    if not shutil.which("gcc") and not shutil.which("cc"):
        pytest.skip("there is no C compiler")
    folder = tmp_path_factory.mktemp("compiled")
    for part in PARTS:
        source = ROOT / part
        if source.is_dir():
            shutil.copytree(source, folder / part, ignore=shutil.ignore_patterns("__pycache__", "*.so"))
        else:
            shutil.copy(source, folder / part)
    command = [sys.executable, "setup.py", "-q", "build_ext", "--inplace"]
    environment = {**os.environ, "STALLSCOPE_COMPILE": "1", "MYPYC_OPT_LEVEL": "1", "PYTHONPATH": str(folder)}
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return folder


def result_in(folder: Path, workload: str, machine: str, assignments: tuple[str, ...]) -> tuple[Path, str]:
    """The file that the scheduler came from, and the result as JSON."""
    command = [sys.executable, "-c", RUN, workload, machine, *assignments]
    environment = {**os.environ, "PYTHONPATH": str(folder)}
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=True)
    origin, text = done.stdout.split("\n", 1)
    return Path(origin), text


@pytest.mark.parametrize(("workload", "machine", "assignments"), CASES)
def test_compiled_results_are_the_same(
    compiled: Path, workload: str, machine: str, assignments: tuple[str, ...]
) -> None:
    ours, theirs = (result_in(folder, workload, machine, assignments) for folder in (ROOT, compiled))
    assert theirs[0].is_relative_to(compiled) and theirs[0].suffix != ".py"
    assert ours[1] == theirs[1]
