"""The notebooks come to what they show."""

from __future__ import annotations

from typing import Any

import pytest

from bench.notebooks import NOTEBOOKS, executed, names, texts

pytest.importorskip("nbclient")
pytest.importorskip("pandas")


def shown(name: str) -> Any:
    """The notebook as it is."""
    import nbformat

    return nbformat.read(NOTEBOOKS / f"{name}.ipynb", as_version=4)  # type: ignore[no-untyped-call]


@pytest.mark.parametrize("name", names())
def test_a_notebook_comes_to_what_it_shows(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    said = texts(shown(name))
    assert len(said) > 5
    assert texts(executed(name)) == said
