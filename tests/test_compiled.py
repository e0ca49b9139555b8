"""The event loop compiled by mypyc: the same results, byte for byte. Skipped where there is no compiler."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from bench.compiled import build, environment

ROOT = Path(__file__).parent.parent
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
    build(folder, optimisation=1)
    return folder


def result_in(folder: Path, workload: str, machine: str, assignments: tuple[str, ...]) -> tuple[Path, str]:
    """The file that the scheduler came from, and the result as JSON."""
    command = [sys.executable, "-c", RUN, workload, machine, *assignments]
    done = subprocess.run(command, cwd=folder, env=environment(folder), capture_output=True, text=True, check=True)
    origin, text = done.stdout.split("\n", 1)
    return Path(origin), text


@pytest.mark.parametrize(("workload", "machine", "assignments"), CASES)
def test_compiled_results_are_the_same(
    compiled: Path, workload: str, machine: str, assignments: tuple[str, ...]
) -> None:
    ours, theirs = (result_in(folder, workload, machine, assignments) for folder in (ROOT, compiled))
    assert theirs[0].is_relative_to(compiled) and theirs[0].suffix != ".py"
    assert ours[1] == theirs[1]
