"""Runs that are traced once for all tests of traces."""

from __future__ import annotations

from pathlib import Path

import pytest

from sim.accounting.result import Result
from tests.support.traces import FORMATTED, Rows, Written, needs, read, traced


@pytest.fixture(scope="session")
def whole(tmp_path_factory: pytest.TempPathFactory) -> tuple[Result, Rows]:
    """A run of two layers, and all rows of its trace."""
    path = tmp_path_factory.mktemp("trace") / "t.json.gz"
    return traced(path, layers=2, sequence_length=70), read(path)


@pytest.fixture(scope="session")
def written(tmp_path_factory: pytest.TempPathFactory) -> Written:
    """The trace of the same run in each format."""
    folder = tmp_path_factory.mktemp("traces")

    def write(suffix: str) -> Path:
        needs(suffix)
        path = folder / f"t{suffix}"
        if not path.exists():
            traced(path, **FORMATTED)
        return path

    return write


@pytest.fixture(scope="session")
def reference(tmp_path_factory: pytest.TempPathFactory) -> tuple[Result, Path]:
    """The run of ``written``, and its trace in CSV."""
    path = tmp_path_factory.mktemp("trace") / "t.csv.gz"
    return traced(path, **FORMATTED), path
