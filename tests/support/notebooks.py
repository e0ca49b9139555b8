"""Notebooks, executed: each in a file of its own, so that they are tried side by side."""

from __future__ import annotations

import pytest

from bench.notebooks import executed, shown, texts
from tests.support.sampled import EVERY_TEST


def said(name: str, always: bool = False) -> tuple[list[str], list[str]]:
    """What the notebook of that *name* shows and what it comes to; *always*, or with STALLSCOPE_TESTS=all alone."""
    if not (always or EVERY_TEST):
        pytest.skip("takes a minute: STALLSCOPE_TESTS=all")
    for package in ("ipykernel", "nbclient", "pandas"):
        pytest.importorskip(package)
    return texts(shown(name)), texts(executed(name))
