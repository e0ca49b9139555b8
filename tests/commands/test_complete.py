"""What shells complete."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from sim.commands.cli import COMMANDS, app
from tests.support.folders import ROOT


def completed(line: str) -> list[str]:
    """What bash is told for the last word of *line*."""
    words = line.split(" ")
    environment = {
        "_STALLSCOPE_COMPLETE": "complete_bash",
        "COMP_WORDS": line,
        "COMP_CWORD": str(len(words) - 1),
    }
    return CliRunner().invoke(app, [], prog_name="stallscope", env=environment).stdout.split()


@pytest.mark.parametrize(
    ("line", "words"),
    [
        pytest.param("stallscope ", list(COMMANDS), id="commands"),
        pytest.param("stallscope re", ["reproduce"], id="a command"),
        pytest.param("stallscope run mamba2-1", ["mamba2-1.3b", "mamba2-130m"], id="workloads"),
        pytest.param("stallscope run mamba2 --hw edge_", ["edge_2x512", "edge_flexpe", "edge_sfu"], id="machines"),
        pytest.param("stallscope run mamba2 --hw published/v", ["published/vck190"], id="published machines"),
        pytest.param("stallscope run mamba2 --mapping s", ["stream-like"], id="mappings"),
        pytest.param("stallscope run mamba2 --set simd.l", ["simd.lanes="], id="settings"),
        pytest.param("stallscope run mamba2 --seq", ["--seq-len"], id="options"),
        pytest.param("stallscope run mamba2 --phase ", ["prefill", "decode", "generate"], id="choices"),
        pytest.param("stallscope explain mamba3-mimo-1", ["mamba3-mimo-1.5b"], id="another command"),
        pytest.param("stallscope compare mamba2 mamba2-2", ["mamba2-2.7b"], id="one of several"),
        pytest.param("stallscope plot wa", ["waterfall"], id="figures"),
        pytest.param("stallscope plot sram mamba2-2", ["mamba2-2.7b"], id="what is drawn"),
        pytest.param("stallscope dram x --preset lpddr5x", ["lpddr5x-8533"], id="speed grades"),
        pytest.param("stallscope trace s", ["summary"], id="a command of a group"),
        pytest.param("stallscope list m", ["machine", "mapping"], id="kinds"),
        pytest.param("stallscope run ./m", [], id="files are the shell's"),
    ],
)
def test_words(line: str, words: list[str]) -> None:
    assert completed(line) == words


@pytest.mark.skipif(shutil.which("bash") is None, reason="there is no bash")
def test_in_bash(tmp_path: Path) -> None:
    """The script that is shown, read by a shell that then completes a word."""
    command = tmp_path / "stallscope"
    command.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m sim "$@"\n')
    command.chmod(0o755)
    environment = os.environ | {"PATH": f"{tmp_path}:{os.environ['PATH']}", "PYTHONPATH": str(ROOT)}
    script = (
        'eval "$(_STALLSCOPE_COMPLETE=source_bash stallscope)"; COMP_WORDS=(stallscope run mamba1_); COMP_CWORD=2; '
        '_stallscope_completion stallscope; echo "${COMPREPLY[@]}"; complete -p stallscope'
    )
    done = subprocess.run(["bash", "-c", script], capture_output=True, text=True, env=environment, check=True)
    assert done.stdout.splitlines() == ["mamba1_pscan", "complete -o default -F _stallscope_completion stallscope"]


def test_it_can_be_installed() -> None:
    assert "--install-completion" in CliRunner().invoke(app, ["--help"]).stdout
