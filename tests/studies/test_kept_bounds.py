"""Bounds that are kept beside outcomes."""

from __future__ import annotations

from pathlib import Path

import pytest

from sim.files.errors import InputError
from sim.studies.kept_bounds import bounds_in
from sim.studies.store import opened


def test_bounds_are_kept_in_the_file_of_the_store(tmp_path: Path) -> None:
    path = tmp_path / "store.sqlite"
    with opened(path), bounds_in(path) as bounds:
        assert bounds.get("a") is None
        bounds.add("a", 7)
    with opened(path) as store, bounds_in(path) as bounds:
        assert bounds.get("a") == 7 and store.known(["a"]) == {}


def test_what_is_no_store(tmp_path: Path) -> None:
    path = tmp_path / "text"
    path.write_text("no database at all, but long enough to be looked at as one" * 20)
    with pytest.raises(InputError, match="cannot be used as a store"), bounds_in(path):
        pass
