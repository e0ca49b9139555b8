"""What a command imports: only what it needs, so that it starts at once."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.support.folders import ROOT

NEVER = {
    "networkx",
    "matplotlib",
    "numba",
    "numpy",
    "perfetto",
    "pyarrow",
    "sim.presentation.figures",
    "sim.presentation.html",
    "sim.trace",
}
LATER = NEVER - {"numpy"}  # choosing a mapping needs it
SMALL = ["mamba2", "--layers", "1", "--seq-len", "8", "--set", "mapping.token_tile=8", "--set", "mapping.blocks=1"]


@pytest.mark.parametrize(
    ("arguments", "unwanted"),
    [
        pytest.param(["--help"], NEVER | {"pydantic", "rich", "ruamel", "simpy", "sim.simulation"}, id="help"),
        pytest.param(["run", "--help"], NEVER | {"rich", "ruamel", "simpy", "sim.simulation"}, id="run-help"),
        pytest.param(["run", "mamba2", "--hw", "nothing"], NEVER | {"simpy", "sim.simulation"}, id="wrong"),
        pytest.param(
            ["run", *SMALL, "--quiet"], LATER | {"rich", "sim.explanation.explain", "sim.paper"}, id="quiet-run"
        ),
        pytest.param(["run", *SMALL], LATER | {"sim.explanation.explain", "sim.paper"}, id="run"),
        pytest.param(["graph", "mamba2"], NEVER | {"rich"}, id="graph"),
    ],
)
def test_imports_only_what_it_needs(arguments: list[str], unwanted: set[str]) -> None:
    code = (
        "import atexit, sys; from sim.commands.process import main\n"
        "atexit.register(lambda: print(*sorted(sys.modules), file=sys.stderr)); main()"
    )
    command = [sys.executable, "-c", code, *arguments]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=False)
    assert done.returncode in (0, 2)
    assert unwanted & set(done.stderr.split()) == set()


def test_a_run_without_a_trace_knows_nothing_of_traces() -> None:
    code = (
        "import sys; from typer.testing import CliRunner; from sim.commands.cli import app; "
        "done = CliRunner().invoke(app, ['run', 'mamba2', '--layers', '1', '--seq-len', '4', '-q']); "
        "print(done.exit_code, [name for name in sys.modules if name.startswith('sim.trace.')])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "0 []"
