"""Reading traces back: what is no trace is told."""

from __future__ import annotations

from pathlib import Path

import pytest

from sim.files.errors import InputError
from sim.trace.read.rows import rows
from tests.support.traces import SUFFIXES, needs


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_what_is_no_trace_is_told(tmp_path: Path, suffix: str) -> None:
    needs(suffix)
    path = tmp_path / f"t{suffix}"
    path.write_bytes(b"something else\n")
    with pytest.raises(InputError, match="is not a trace that stallscope wrote"):
        list(rows(path))
    with pytest.raises(InputError, match="is not a file"):
        list(rows(tmp_path / f"absent{suffix}"))
