"""Every notebook has a test that executes it."""

from __future__ import annotations

from bench.notebooks import names
from tests.support.folders import ROOT


def test_every_notebook_is_executed_by_a_test() -> None:
    tests = "".join(path.read_text() for path in (ROOT / "tests" / "bench").glob("test_notebooks_*.py"))
    assert names() == sorted(name for name in names() if f'said("{name}"' in tests) != []
