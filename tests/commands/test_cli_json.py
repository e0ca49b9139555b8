"""Every command tells what it found as JSON, by the same option, and refuses a place that cannot be written."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any, NoReturn

import pytest
from typer.main import get_command

from sim import validation
from sim.commands.cli import app
from sim.importing.imported import Imported
from tests.support import explanations
from tests.support.cases import case
from tests.support.command_line import call, check_refused
from tests.support.figures import SETTINGS
from tests.support.goals import in_a_thread, written_goal
from tests.support.reproduction import known_runs
from tests.support.sweeps import written

SERVES = ["mcp"]  # JSON-RPC, to whoever calls
PRINTS_JSON = ["schema"]
SMALL = ["mamba2", *SETTINGS]
DECODE = [word for each in explanations.DECODE for word in ("--set", each)]
ARGUMENTS = {
    "run": SMALL,
    "graph": ["mamba2-d96"],
    "count": ["mamba2-d96"],
    "memory": ["mamba2-d96"],
    "prove": ["mamba2-d96", "--seq-len", "4"],
    "gemm": ["8", "8", "8"],
    "validate": ["systolic", "-o", "out"],
    "dram": ["INPUTS/requests.txt", "--preset", "lpddr5-6400"],
    "list": ["machine"],
    "init": ["machine", "mine"],
    "import torch": ["made.py:made", "-o", "mine.yaml"],
    "import onnx": ["made.onnx", "-o", "mine.yaml"],
    "export zigzag": ["edge", "-o", "out"],
    "schema": [],
    "explain": ["mamba3_mimo-d192", *DECODE, "--layers", "1", "--robust", "0"],
    "compare": ["INPUTS/run.json", "INPUTS/run.json"],
    "sweep": ["INPUTS/sweep.yaml", "-o", "out"],
    "search": ["INPUTS/goal.yaml", "-o", "out"],
    "pareto": ["INPUTS"],
    "plot": ["units", "INPUTS/run.json", "-o", "units.svg"],
    "reproduce": ["ranking", "-o", "out"],
    "trace view": ["INPUTS/run.csv.gz", "--no-browser"],
    "trace summary": ["INPUTS/run.csv.gz"],
    "trace query": ["INPUTS/run.csv.gz", "SELECT count(*) AS slices FROM slices"],
}
"""For each command arguments that take little time."""


EQUATIONS = {
    "sizes": {"d": 8}, "input": "u[t,d]", "operations": [["y", "gate", "y[t,d] = tanh(u[t,d])"]], "output": "y",
}  # fmt: skip


def commands(group: Any, words: tuple[str, ...] = ()) -> Iterator[tuple[str, Any]]:
    """All that there are, groups gone through, by their words."""
    for name in group.list_commands(None):
        found = group.get_command(None, name)
        if hasattr(found, "list_commands"):
            yield from commands(found, (*words, name))
        else:
            yield " ".join((*words, name)), found


COMMANDS = dict(commands(get_command(app)))


@pytest.fixture(scope="module")
def inputs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with what the commands read."""
    folder = tmp_path_factory.mktemp("inputs")
    outputs = ["--critical-path", "--json", str(folder / "run.json"), "--trace", str(folder / "run.csv.gz")]
    assert call("run", *SMALL, *outputs, "-q")[0] == 0
    (folder / "requests.txt").write_text("R 0 512\n")
    (folder / "results.csv").write_text("seconds,energy,busiest_unit,largest_stall,error\n1,2,simd,start,\n")
    (folder / "answer.json").write_text('{"minimise": ["seconds", "energy"], "maximise": []}')
    written(folder, axes={"batch": [1]})
    written_goal(folder, axes={"simd.lanes": [8]}, more_is_not_slower=None)
    return folder


@pytest.fixture
def _little_work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In an empty folder: no processes and no servers are started, the paper's runs and what is imported are known."""

    class Stopped(SimpleNamespace):
        def serve_forever(self) -> NoReturn:
            raise KeyboardInterrupt

    @contextmanager
    def server(file: Path, port: int) -> Iterator[Stopped]:
        yield Stopped(server_port=8_000)

    monkeypatch.chdir(tmp_path)
    for module in ("torch_export", "onnx_model"):
        made = SimpleNamespace(imported=lambda source: Imported(EQUATIONS, {}, (8,), lambda inputs: inputs))
        monkeypatch.setitem(sys.modules, f"sim.importing.{module}", made)
    monkeypatch.setattr("sim.files.extras.find_spec", lambda name: name)
    monkeypatch.setattr("sim.commands.explain._workers", lambda: 0)
    monkeypatch.setattr("sim.studies.workers.processes", lambda count: in_a_thread())
    monkeypatch.setattr("sim.paper.runs.parallel_runs", known_runs)
    monkeypatch.setattr("sim.trace.read.viewer.server", server)
    monkeypatch.setitem(validation.SUITES, "systolic", lambda: [case(100, 101)])


def arguments(command: str, inputs: Path) -> list[str]:
    """The words of *command* and what follows."""
    return [*command.split(), *(each.replace("INPUTS", str(inputs)) for each in ARGUMENTS[command])]


def no_number(text: str) -> NoReturn:
    raise AssertionError(f"{text} is not JSON")


def test_every_command_has_the_option() -> None:
    assert [*ARGUMENTS, *SERVES] == list(COMMANDS), "a new command needs a row in ARGUMENTS"
    for name, command in COMMANDS.items():
        options = [(each.metavar, each.help) for each in command.params if "--json" in each.opts]
        expected = [] if name in SERVES + PRINTS_JSON else [("FILE|-", "Write what was found as JSON.")]
        assert options == expected, name


@pytest.mark.parametrize("command", ARGUMENTS)
@pytest.mark.usefixtures("_little_work")
def test_what_was_found_is_one_document(command: str, inputs: Path) -> None:
    asked = [] if command in PRINTS_JSON else ["--json", "-"]
    code, output, error = call(*arguments(command, inputs), *asked)
    assert (code, error) == (0, "")
    found = json.loads(output, parse_constant=no_number)
    assert isinstance(found, dict | list) and found
    for file in found.get("written", []) if isinstance(found, dict) else []:
        assert set(file) == {"kind", "name", "path"} and Path(file["path"]).is_file()


@pytest.mark.parametrize(
    ("target", "message"),
    [
        pytest.param("folder", "folder: is a folder, expected a file to write", id="folder"),
        pytest.param("no/x.json", "the folder 'no' does not exist", id="no folder"),
    ],
)
@pytest.mark.parametrize("command", [name for name in ARGUMENTS if name not in PRINTS_JSON])
@pytest.mark.usefixtures("_little_work")
def test_a_place_that_cannot_be_written(command: str, target: str, message: str, inputs: Path) -> None:
    Path("folder").mkdir()
    check_refused([*arguments(command, inputs), "--json", target], message)
    assert [path for path in Path().rglob("*") if path.is_file()] == []
