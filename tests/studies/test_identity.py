"""What tells runs apart in a store."""

from __future__ import annotations

from pathlib import Path

import pytest

from sim.files.documents import Document
from sim.files.resolve import read_inputs
from sim.studies import identity
from sim.studies.identity import code, key
from sim.version import __version__


def inputs(*assignments: str, workload: str = "mamba2") -> tuple[Document, Document]:
    """The documents of a workload on hw/edge."""
    return read_inputs(workload, "edge", assignments)


def test_the_same_content_has_one_key_however_it_was_said() -> None:
    assert key(inputs("simd.lanes=48"), None, 2) == key(inputs("simd.lanes=48"), None, 2)
    assert key(inputs("simd.lanes=32"), None, 2) == key(inputs(), None, 2)  # what the file says


def test_another_content_has_another_key() -> None:
    others = [
        key(inputs("simd.lanes=48"), None, 2), key(inputs("batch=2"), None, 2), key(inputs(), "short", 2),
        key(inputs(), None, None), key(inputs(workload="mamba1"), None, 2), key(inputs(workload="gla"), None, 2),
        key(inputs("equations.sizes.n=32", workload="gla"), None, 2),
    ]  # fmt: skip
    assert len({key(inputs(), None, 2), *others}) == 8


def test_the_model_keeps_its_number_of_layers() -> None:
    assert key(inputs("layers=2"), None, 2) != key(inputs("layers=3"), None, 2)


def test_another_simulator_has_another_key(monkeypatch: pytest.MonkeyPatch) -> None:
    before = key(inputs(), None, 2)
    monkeypatch.setattr(identity, "code", lambda: "other")
    assert key(inputs(), None, 2) != before
    assert code().startswith(f"{__version__}+")


def test_every_folder_that_results_are_made_by_is_hashed() -> None:
    root = Path(identity.__file__).parent.parent.parent
    assert all((root / name).exists() for name in identity.SOURCES)
    left_of_explanation = {"files", "importing", "components", "lowering", "execution", "search", "accounting"}
    named = {Path(name).name for name in identity.SOURCES if name.startswith("sim/")}
    assert named == left_of_explanation - {"importing"} | {"simulation.py"}
