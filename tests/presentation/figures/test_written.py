"""Files that a command wrote tell what they are."""

from __future__ import annotations

import json
from pathlib import Path

from sim.presentation.figures.written import read_evidence
from tests.support.figures import write_results


def test_files_tell_what_they_are(tmp_path: Path) -> None:
    write_results(tmp_path)
    assert read_evidence(tmp_path / "run.json").result is not None
    assert read_evidence(tmp_path / "explain.json").explanation is not None
    assert read_evidence(tmp_path / "compare.json").comparison is not None
    assert json.loads((tmp_path / "run.json").read_text())["windows"]
