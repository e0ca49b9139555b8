"""The tests stand in the folders of what they test: whoever renames or moves a module takes its tests along."""

from __future__ import annotations

import re

from tests.support.folders import ROOT

EXEMPT = {"data", "support", "whole"}  # what belongs to no one module
OF_SIM = {path.name for path in (ROOT / "sim").iterdir() if path.is_dir()}
TESTS = [path.relative_to(ROOT / "tests") for path in sorted((ROOT / "tests").rglob("test_*.py"))]


def test_a_test_is_called_after_a_module_of_its_folder() -> None:
    """Or after a module and the side of it that it looks at: ``test_run_stride`` is about ``run``."""
    strangers = []
    for path in TESTS:
        if path.parts[0] in EXEMPT:
            continue
        folder = ROOT / "sim" / path.parent if path.parts[0] in OF_SIM else ROOT / path.parent
        name = f"{path.stem.removeprefix('test_')}_"
        if not any(name.startswith(f"{module.stem}_") for module in folder.glob("*.py")):
            strangers.append(str(path))
    assert strangers == []


def test_what_tests_share_is_support() -> None:
    shared = re.compile(r"^ *(?:from|import) tests\.(?!support)", re.MULTILINE)
    assert [str(path) for path in TESTS if shared.search((ROOT / "tests" / path).read_text())] == []
