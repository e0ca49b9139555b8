"""Notebooks, executed: each in a file of its own, so that they are tried side by side."""

from __future__ import annotations

import pytest

from bench.notebooks import executed, shown, texts


def check(name: str) -> None:
    """The notebook of that *name* comes to what it shows."""
    for package in ("ipykernel", "nbclient", "pandas"):
        pytest.importorskip(package)
    said = texts(shown(name))
    assert len(said) > 5
    assert texts(executed(name)) == said
