"""Notebooks, executed: each in a file of its own, so that they are tried side by side."""

from __future__ import annotations

import os

import pytest

from bench.notebooks import executed, shown, texts


def check(name: str, always: bool = False) -> None:
    """The notebook of that *name* comes to what it shows; tried *always*, or with STALLSCOPE_NOTEBOOKS=all alone."""
    if not always and os.environ.get("STALLSCOPE_NOTEBOOKS") != "all":
        pytest.skip("takes a minute: STALLSCOPE_NOTEBOOKS=all")
    for package in ("ipykernel", "nbclient", "pandas"):
        pytest.importorskip(package)
    said = texts(shown(name))
    assert len(said) > 5
    assert texts(executed(name)) == said
