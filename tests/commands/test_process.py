"""Whole processes: signals, broken and full outputs, encodings. Nothing is lost or left behind; never a traceback."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.folders import ROOT
from tests.support.traces import traced

SMALL = "run mamba2 --layers 1 --seq-len 8 --stride tile"
ENVIRONMENT = {**os.environ, "PYTHONPATH": str(ROOT)}


def shell(command: str, folder: Path, **environment: str) -> tuple[int, str, str]:
    """(exit code, standard output, standard error) of a line of bash in which ``S`` is the program."""
    line = f'S() {{ "{sys.executable}" -m sim "$@"; }}; {command}'
    surroundings = {**ENVIRONMENT, **environment}
    done = subprocess.run(
        ["bash", "-c", line], cwd=folder, env=surroundings, capture_output=True, text=True, check=False
    )
    return done.returncode, done.stdout, done.stderr


@pytest.mark.parametrize(
    ("command", "code", "error"),
    [
        pytest.param(f"S {SMALL} >&-", 0, "", id="closed output"),
        pytest.param(f"S {SMALL} >&- 2>&-", 0, "", id="both closed"),
        pytest.param(f"S {SMALL} > /dev/full", 1, "stallscope: output: No space left on device\n", id="full output"),
        pytest.param(
            f"S {SMALL} -q --json - > /dev/full", 1, "stallscope: output: No space left on device\n", id="full json"
        ),
        pytest.param(
            f"S {SMALL} -q --json /dev/full", 1, "stallscope: output: No space left on device\n", id="full device"
        ),
        pytest.param("S list | true; exit ${PIPESTATUS[0]}", 1, "", id="nobody reads"),
        pytest.param("S list > /dev/full; S list | head -1 > /dev/null", 0, None, id="somebody reads a line"),
        pytest.param("S run nothing 2>&-", 2, "", id="nobody hears of a mistake"),
    ],
)
def test_an_output_that_breaks_is_a_line_or_silence(tmp_path: Path, command: str, code: int, error: str | None) -> None:
    done, _, said = shell(command, tmp_path)
    assert "Traceback" not in said and "Exception ignored" not in said
    assert done == code or (code == 1 and done == 0 and not said)  # what fits into a pipe's buffer may go unnoticed
    assert error is None or said in (error, "")
    assert list(tmp_path.iterdir()) == []


def test_characters_that_an_encoding_lacks_are_replaced(tmp_path: Path) -> None:
    code, output, error = shell("S graph mamba1-d96", tmp_path, PYTHONIOENCODING="ascii")
    assert (code, error) == (0, "") and output.isascii()
    code, output, error = shell(f"S {SMALL} --json - -q", tmp_path, PYTHONIOENCODING="ascii")
    assert (code, error) == (0, "") and output.endswith("}\n")


def test_process_substitution_is_written_to(tmp_path: Path) -> None:
    code, output, error = shell(f"S {SMALL} -q --json >(tail -n 1) | cat", tmp_path)
    assert (code, output, error) == (0, "}\n", "")


@pytest.mark.parametrize("sent", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT, signal.SIGKILL], ids=lambda s: s.name)
@pytest.mark.parametrize("output", ["--trace t.json.gz", "--trace t.pftrace", "--trace t.parquet", "--trace t.vcd"])
def test_a_signal_leaves_what_was_there(tmp_path: Path, sent: signal.Signals, output: str) -> None:
    name = output.split()[-1]
    (tmp_path / name).write_text("old")
    program = [sys.executable, "-m", "sim", "run", "mamba2", "-q", *output.split()]
    process = subprocess.Popen(program, cwd=tmp_path, env=ENVIRONMENT, stderr=subprocess.PIPE, text=True)
    wait_until(lambda: len(list(tmp_path.iterdir())) > 1)  # it has begun to write
    process.send_signal(sent)
    _, error = process.communicate(timeout=60)
    assert "Traceback" not in error
    assert process.returncode == -sent
    assert (tmp_path / name).read_text() == "old"
    if sent != signal.SIGKILL:  # which nobody can heed
        assert [path.name for path in tmp_path.iterdir()] == [name]


def test_a_signal_ends_a_query_at_once(tmp_path: Path) -> None:
    """It would take minutes; DuckDB is at work in C, and has a folder for what has no room."""
    pytest.importorskip("duckdb")
    traced(tmp_path / "t.csv.gz", layers=1, sequence_length=20)
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    sql = "SELECT count(*) FROM slices a, slices b, slices c, slices d"
    program = [sys.executable, "-m", "sim", "trace", "query", str(tmp_path / "t.csv.gz"), sql]
    environment = ENVIRONMENT | {"TMPDIR": str(scratch)}
    process = subprocess.Popen(program, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    wait_until(lambda: list(scratch.iterdir()) != [])
    time.sleep(1)
    process.send_signal(signal.SIGINT)
    assert process.communicate(timeout=10) == ("", "")
    assert process.returncode == -signal.SIGINT
    assert list(scratch.iterdir()) == []


def wait_until(holds: Callable[[], bool]) -> None:
    """Wait, a minute at most."""
    for _ in range(1200):
        if holds():
            return
        time.sleep(0.05)
    raise AssertionError("did not happen")


def test_workers_end_with_the_command(tmp_path: Path) -> None:
    program = [sys.executable, "-m", "sim", "reproduce", "table1", "-o", str(tmp_path), "--workers", "2"]
    process = subprocess.Popen(program, cwd=tmp_path, env=ENVIRONMENT, stderr=subprocess.PIPE, text=True)
    wait_until(lambda: len(children_of(process.pid)) >= 2)
    workers = children_of(process.pid)
    process.send_signal(signal.SIGTERM)
    _, error = process.communicate(timeout=30)
    assert (process.returncode, error) == (-signal.SIGTERM, "")
    wait_until(lambda: not any(Path(f"/proc/{worker}").exists() for worker in workers))
    assert list(tmp_path.iterdir()) == []


def children_of(process: int) -> list[str]:
    """The numbers of the processes that *process* has started."""
    task = Path(f"/proc/{process}/task/{process}/children")
    return task.read_text().split() if task.exists() else []
