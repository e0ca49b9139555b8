"""The checker of recorded runs stands alone: it takes nothing from the simulator, and says what it cannot check."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.folders import ROOT
from tests.support.legality.__main__ import main
from tests.support.recorded import SMALL, recorded

PACKAGE = ROOT / "tests" / "support" / "legality"
OURS = ("sim", "hw", "workloads", "stallscope", "bench")
BLOCKED = f"""
import runpy, sys

class Blocked:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {OURS!r}:
            raise ImportError(name + " is blocked")

sys.meta_path.insert(0, Blocked())
sys.argv = ["legality", *sys.argv[1:]]
runpy.run_module("tests.support.legality", run_name="__main__")
"""

Files = tuple[Path, Path, Path]


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Files:
    return recorded(tmp_path_factory.mktemp("run"), SMALL.replace("--layers 2", "--layers 1"))


def imported(path: Path) -> set[str]:
    """The modules that a file imports, wherever it does."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {each.name for each in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, f"{path.name} imports by a relative name"
            found.add(node.module or "")
    return found


def test_it_imports_nothing_of_the_simulator() -> None:
    modules = {name for path in PACKAGE.glob("*.py") for name in imported(path)}
    own = {name for name in modules if name.startswith("tests.")}
    assert {name for name in own if not name.startswith("tests.support.legality")} == set()
    strangers = {name.partition(".")[0] for name in modules - own} - sys.stdlib_module_names
    assert strangers == {"numpy"}


def test_it_runs_where_there_is_no_simulator(files: Files) -> None:
    command = [sys.executable, "-c", BLOCKED, *map(str, files)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("legal: ")


def test_the_block_blocks() -> None:
    script = BLOCKED.replace('runpy.run_module("tests.support.legality", run_name="__main__")', "import sim")
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=False)
    assert "ImportError: sim is blocked" in done.stderr


def test_a_legal_run_says_what_was_not_checked(files: Files, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(list(map(str, files))) == 0
    said = capsys.readouterr().out
    assert "not checked: of the result: version" in said
    assert "not checked: accounts of DRAM channels" in said


def test_an_illegal_run_says_what_is_wrong(files: Files, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    trace, result, program = files
    changed = tmp_path / "changed.json"
    found = json.loads(result.read_text())
    changed.write_text(json.dumps(found | {"makespan_cycles": found["makespan_cycles"] + 1}))
    assert main([str(trace), str(changed), str(program)]) == 1
    said = capsys.readouterr().out
    assert said.startswith("NOT LEGAL: ")
    assert "accounts: wrong makespan: makespan_cycles" in said


def test_files_that_are_none_are_one_line(files: Files, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    trace, result, program = map(str, files)
    for arguments in ([trace, result], [result, result, program], [trace, str(tmp_path / "no.json"), program]):
        assert main(arguments) == 2
        assert capsys.readouterr().err.count("\n") == 1


def test_files_of_two_runs_do_not_fit_together(files: Files, capsys: pytest.CaptureFixture[str]) -> None:
    trace, result, _ = files
    assert main([str(trace), str(result), str(result)]) == 1
    assert "files do not fit together" in capsys.readouterr().out


def test_of_fewer_layers_than_the_model_has_the_accounts_are_not_checked(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    files = recorded(tmp_path, SMALL.replace("--layers 2", "--layers 3") + " --simulate-layers 2")
    assert main(list(map(str, files))) == 0
    assert "not checked: accounts: the time of 1 layers is scaled" in capsys.readouterr().out
