"""The peers' environments: which Python makes them, and what is said in one line where none can."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from bench.peers import environment
from bench.peers.environment import PEERS, STAMP, NoPeer, find_python, installed, interpreter


def program(path: Path, script: str) -> str:
    """A shell script at *path* that stands for a Python."""
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    return str(path)


@pytest.fixture
def alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that is all of the path but for the shell."""
    monkeypatch.setattr(environment, "CANDIDATES", (str(tmp_path / "python3.12"), str(tmp_path / "python3.13")))
    monkeypatch.setattr("shutil.which", lambda name: None)
    return tmp_path


def test_the_first_that_starts_and_is_new_enough(alone: Path) -> None:
    program(alone / "python3.12", "echo 'not installed' >&2; exit 127")  # as the shim of a version manager
    newer = program(alone / "python3.13", "echo 3 13")
    assert find_python() == newer


def test_without_one_it_is_said_in_a_line(alone: Path) -> None:
    program(alone / "python3.12", "echo 3 11")
    with pytest.raises(NoPeer) as told:
        find_python()
    text = str(told.value)
    assert re.fullmatch(
        r"the peers need Python 3\.12 or newer, found none as .* and none by uv or pyenv: say --python PATH", text
    )
    with pytest.raises(NoPeer, match=r"found none as nothing-here: say --python PATH"):
        find_python("nothing-here")


def test_what_is_installed_is_not_installed_again(tmp_path: Path) -> None:
    python = tmp_path / "stream" / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.touch()
    assert interpreter("stream", tmp_path) is None
    (tmp_path / "stream" / STAMP).write_text("\n".join(PEERS["stream"].requirements))
    assert interpreter("stream", tmp_path) == python == installed("stream", tmp_path, "nothing-here")
    (tmp_path / "stream" / STAMP).write_text("stream-dse==0.0.8")
    assert interpreter("stream", tmp_path) is None


def test_a_package_that_cannot_be_had_is_a_line(tmp_path: Path) -> None:
    script = 'case "$*" in *version_info*) echo 3 12;; *venv*) mkdir -p "$3/bin"; cp "$0" "$3/bin/python";; *) '
    own = program(tmp_path / "python", script + "echo 'ERROR: No matching distribution found' >&2; exit 1;; esac")
    with pytest.raises(NoPeer, match=r"^scalesim: pip cannot install it: ERROR: No matching distribution found$"):
        installed("scalesim", tmp_path / "made", own)
    assert interpreter("scalesim", tmp_path / "made") is None


def test_a_name_that_is_none_is_a_line(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as told:
        environment.main(["zigzag"])
    assert told.value.code == 2
    assert capsys.readouterr().err == "bench.peers: found 'zigzag', expected some of stream, scalesim\n"


def test_every_version_is_pinned() -> None:
    assert "stream-dse==2.1.1" in PEERS["stream"].requirements
    assert "scalesim==3.0.0" in PEERS["scalesim"].requirements
