"""Whole processes: signals, broken and full outputs, encodings. Nothing is lost or left behind; never a traceback."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import Path
from random import Random

import pytest

from tests.support.folders import ROOT
from tests.support.sampled import sampled
from tests.support.traces import traced

SMALL = "run mamba2 --layers 1 --seq-len 8 --stride tile --search short"
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


SIGNALS = [signal.SIGTERM, signal.SIGHUP, signal.SIGINT, signal.SIGKILL]
TRACES = ("json.gz", "pftrace", "parquet", "vcd", "csv.gz")
OUTPUTS = ["--json r.json", "--report r.html", *(f"--trace t.{suffix}" for suffix in TRACES)]


@pytest.mark.parametrize("sent", SIGNALS, ids=lambda sent: sent.name)
@pytest.mark.parametrize("output", OUTPUTS[2:])
def test_a_signal_leaves_what_was_there(tmp_path: Path, sent: signal.Signals, output: str) -> None:
    name = output.split()[-1]
    (tmp_path / name).write_text("old")
    process = begun(tmp_path, output)
    wait_until(lambda: is_writing(process.pid, tmp_path))
    process.send_signal(sent)
    _, error = process.communicate(timeout=60)
    assert "Traceback" not in error
    assert process.returncode == -sent
    assert (tmp_path / name).read_text() == "old"
    assert [path.name for path in tmp_path.iterdir()] == [name]


@pytest.mark.parametrize("output", sampled(OUTPUTS, 4))
def test_a_signal_at_any_moment_leaves_the_old_or_the_new(tmp_path: Path, output: str) -> None:
    """Whole files only, and no others, wherever in a run of about a second the signal comes."""
    random, name, quick = Random(output), output.split()[-1], "--layers 1 --seq-len 32 --search short"
    assert begun(tmp_path, output, quick).wait(60) == 0
    new = (tmp_path / name).read_bytes()
    for sent in random.sample(SIGNALS, 2):
        (tmp_path / name).write_bytes(b"old")
        process = begun(tmp_path, output, quick)
        wait_until(partial(heeds_signals, process.pid))
        time.sleep(random.uniform(0.0, 1.2))
        process.send_signal(sent)
        _, error = process.communicate(timeout=60)
        assert "Traceback" not in error
        assert process.returncode in (0, -sent)
        assert (tmp_path / name).read_bytes() in ((b"old", new) if process.returncode else (new,))
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


LAID = (
    "token_tile=32", "blocks=2", "lanes=2", "weight_slot_kib=128", "spill=false", "sram_kib=2048", "spare_sram=evenly",
    "head_first=false", "steps_first=false", "step_elements=128", "place.outer=simd", "place.readout=mac_array",
)  # fmt: skip
WHOLE = " ".join(f"--set mapping.{wish}" for wish in LAID)  # all layers and tokens, in a second or two


def begun(folder: Path, output: str, size: str = WHOLE) -> subprocess.Popen[str]:
    """A run in *folder* that has begun."""
    program = [sys.executable, "-m", "sim", "run", "mamba2", "-q", *size.split(), *output.split()]
    return subprocess.Popen(program, cwd=folder, env=ENVIRONMENT, stderr=subprocess.PIPE, text=True)


def heeds_signals(process: int) -> bool:
    """Whether *process* has told the system what to do when it is asked to end."""
    caught = Path(f"/proc/{process}/status").read_text().partition("SigCgt:")[2].split()[0]
    return bool(int(caught, 16) >> signal.SIGTERM - 1 & 1)


def is_writing(process: int, folder: Path) -> bool:
    """Whether *process* has a file in *folder* open, be it one without a name."""
    with suppress(OSError):  # of a file that is closed meanwhile
        return any(os.readlink(file.path).startswith(f"{folder}/") for file in os.scandir(f"/proc/{process}/fd"))
    return False


@pytest.mark.parametrize("output", OUTPUTS)
def test_a_folder_that_may_not_be_written_is_a_line(tmp_path: Path, output: str) -> None:
    """Said before the run; what stands there stays as it was. Root may write everywhere unless it gives that up."""
    closed = tmp_path / "closed"
    closed.mkdir()
    option, name = output.split()
    (closed / name).write_text("old")
    closed.chmod(0o555)
    humbly = "setpriv --bounding-set -dac_override " if os.geteuid() == 0 else ""
    if humbly and shutil.which("setpriv") is None:
        pytest.skip("root may write everywhere, and there is no setpriv")
    command = f'{humbly}"{sys.executable}" -m sim {SMALL} -q {option} closed/{name}'
    done, _, error = shell(command, tmp_path)
    assert (done, error) == (2, f"stallscope: closed/{name}: cannot be written\n")
    assert [path.read_text() for path in closed.iterdir()] == ["old"]
    closed.chmod(0o755)


@pytest.mark.parametrize("output", sampled(OUTPUTS, 4))
def test_a_full_disk_is_a_line_and_leaves_what_was_there(tmp_path: Path, output: str) -> None:
    """A limit on the size of files stands for it: a write fails half way."""
    name = output.split()[-1]
    (tmp_path / name).write_text("old")
    command = f"trap '' XFSZ; ulimit -f 1; S run mamba2 --layers 1 --seq-len 64 --search short -q {output}"
    done, _, error = shell(command, tmp_path)
    assert (done, error) == (1, "stallscope: output: File too large\n")
    assert [(path.name, path.read_text()) for path in tmp_path.iterdir()] == [(name, "old")]


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
