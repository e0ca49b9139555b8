"""The command line as a program: its version, its help, and both ways to start it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from sim import __version__
from tests.support.command_line import check_prints
from tests.support.folders import ROOT


@pytest.mark.parametrize(
    ("arguments", "parts"),
    [
        pytest.param(["--version"], [__version__], id="version"),
        pytest.param(["--help"], ["run", "graph", "list"], id="help"),
    ],
)
def test_prints(arguments: list[str], parts: list[str]) -> None:
    check_prints(arguments, parts)


def test_module_and_console_script_are_the_same_program() -> None:
    for command in ([sys.executable, "-m", "sim"], [str(Path(sys.executable).parent / "stallscope")]):
        done = subprocess.run([*command, "--version"], capture_output=True, text=True, cwd=ROOT, check=False)
        assert done.stdout.strip() == __version__, done.stderr
