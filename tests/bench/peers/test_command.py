"""The command line of the comparison."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from bench.peers.command import main
from bench.peers.page import page
from tests.support.folders import ROOT

RECORDED = ROOT / "tests" / "data" / "peers.json"


def test_help_needs_no_peer() -> None:
    done = subprocess.run([sys.executable, "-m", "bench.peers", "--help"], capture_output=True, text=True, cwd=ROOT)
    assert done.returncode == 0
    for option in ("--venv", "--python", "--repeats", "--only", "--measured"):
        assert option in done.stdout


def test_the_page_of_what_was_measured(tmp_path: Path) -> None:
    import json

    main(["--measured", str(RECORDED), "-o", str(tmp_path / "peers.md")])
    assert (tmp_path / "peers.md").read_text(encoding="utf-8") == page(json.loads(RECORDED.read_text(encoding="utf-8")))


def test_without_a_python_for_them_it_is_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as told:
        main(["--venv", str(tmp_path / "none"), "--python", "nothing-here", "-o", str(tmp_path / "peers.md")])
    assert told.value.code == 2
    said = capsys.readouterr().err
    assert said.startswith("bench.peers: the peers need Python 3.12") and said.count("\n") == 1
    assert not (tmp_path / "peers.md").exists()
