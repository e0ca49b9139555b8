"""Mistakes in named mappings."""

from __future__ import annotations

from pathlib import Path

import pytest

from sim.files.errors import InputError
from sim.files.resolve import named_mapping
from sim.simulation import prepare


@pytest.mark.parametrize(
    ("text", "message"),
    [
        pytest.param("name: mine\n", "set: is missing", id="nothing set"),
        pytest.param("name: mine\nset: [mapping.lanes]\n", "must be path=value", id="no assignment"),
        pytest.param("name: mine\nset: [nothing=1]\n", "unknown key", id="unknown key"),
    ],
)
def test_mistakes(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text(text)
    with pytest.raises(InputError) as raised:
        prepare("mamba2", "edge", named_mapping(str(path)))
    assert message in str(raised.value.problems[0])
