"""The stranger types what the README says; a small part of the way is gone here, in the environment of the tests."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from bench.stranger import CHANGES, OWN, TARGET, change, commands, page, type_in, walk
from tests.support.folders import ROOT

README = (ROOT / "README.md").read_text(encoding="utf-8")
MAPPING = "mapping: {placement: simd, token_tile: 16, blocks: 1, lanes: 1, weight_slot_kib: 32}"  # none is looked for
SMALL = CHANGES | {
    "own.yaml": CHANGES["own.yaml"] | {
        "  sizes:": "  sizes: {d: 32, i: 2 * d}", "layers:": f"layers: 1\n{MAPPING}",
        "sequence_length:": "sequence_length: 32",
    },
    "few.yaml": CHANGES["few.yaml"] | {
        "  sequence_length:": "  sequence_length: 32", "  simd.lanes:": "  simd.lanes: [32, 64]",
        "  sram.capacity:": "", "simulate_layers:": "simulate_layers: 1",
    },
}  # fmt: skip


def test_the_steps_are_those_that_the_readme_names() -> None:
    typed = commands(README)
    assert typed[0].startswith("python3 -m venv .venv && .venv/bin/pip install ")
    assert typed[0].endswith("python -m sim run workloads/mamba3_mimo.yaml")
    own = README.partition(OWN)[2].partition("\n## ")[0]
    listing = [line.strip() for line in own.splitlines() if line.startswith("    ")]
    assert typed[1:] == [line.split("   ")[0] for line in listing] and len(listing) >= 7
    assert [f"{each.split()[-1]}.yaml" for each in typed if " init " in each] == list(CHANGES)
    told = TARGET.read_text(encoding="utf-8")
    assert [command for command in typed if f"| `{command}` |" not in told] == []


def test_the_way_is_gone(tmp_path: Path) -> None:
    """From the machine on: the environment is that of the tests."""
    work = tmp_path / "work"
    for folder in (work, tmp_path / "bin"):
        folder.mkdir()
    python = tmp_path / "bin" / "python"
    python.write_text(f'#!/bin/sh\nexec "{sys.executable}" "$@"\n')
    python.chmod(0o755)
    path = f"{python.parent}{os.pathsep}{os.environ['PATH']}"
    settings = os.environ | {"PATH": path, "PYTHONPATH": str(ROOT), "COLUMNS": "112"}
    typed = commands(README)[2:]
    found = list(walk(typed, work, settings, SMALL))
    assert [each.command for each in found] == typed
    assert found[3].printed.startswith("own on mine: prefill, L = 32") and "`own.html`, " in found[3].wrote
    assert found[0].wrote.startswith("`machine.schema.json`, ") and "\n+  lanes: 64\n" in found[0].changed
    assert (work / "few" / "report.html").is_file()
    assert len((work / "few" / "results.csv").read_text().splitlines()) == 1 + 2
    text = page(found, "Python 3", 2)
    assert "Python 3, 2 cores. Seconds depend on the computer" in text and str(tmp_path) not in text


def test_a_command_that_fails_ends_it_with_what_it_printed(tmp_path: Path) -> None:
    with pytest.raises(SystemExit) as ended:
        list(walk(["echo before", "echo wrong; echo why >&2; exit 3", "touch never"], tmp_path, os.environ, {}))
    assert str(ended.value).startswith("wrong\nwhy\n\necho wrong; echo why >&2; exit 3: exit code 3 after ")
    assert not (tmp_path / "never").exists()


def test_what_stands_holds_for_what_follows(tmp_path: Path) -> None:
    (tmp_path / "set").write_text("WORD=here")
    (*_, last) = walk([". ./set", "echo $WORD"], tmp_path, os.environ, {})
    assert last.printed == "here"


def test_what_was_written_is_told_by_file_or_folder(tmp_path: Path) -> None:
    done = type_in("mkdir a && touch a/b a/c && echo x > d && echo said >&2", "", tmp_path, os.environ)
    assert (done.wrote, done.printed) == ("`d`, 1 kB; `a/`, 2 files", "")


def test_a_line_that_is_not_there_once_is_not_changed(tmp_path: Path) -> None:
    path = tmp_path / "a.yaml"
    path.write_text("x: 1\nx: 2\ny: 3\n")
    with pytest.raises(SystemExit, match=r"a.yaml: found 2 lines like 'x:'\na.yaml: found 0 lines like 'z:'"):
        change(path, {"x:": "", "z:": "z: 1"})
    assert change(path, {"y:": "", "x: 2": "x: 4"}) == "--- a.yaml\n-x: 2\n+x: 4\n-y: 3\n"
    assert path.read_text() == "x: 1\nx: 4\n"
