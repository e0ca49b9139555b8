"""What the reproduction writes is the same each time."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from sim.paper.figure1 import write_figure1
from sim.paper.figure2 import write_figure2
from sim.paper.gpu.page import write_gpu
from sim.paper.official import write_official
from sim.paper.ranking_page import write_ranking
from sim.paper.runs import Runs
from sim.paper.table1 import write_table1
from tests.support.reproduction import contents, fake


@pytest.mark.parametrize(
    "write", [write_table1, write_figure1, write_figure2, write_official, write_ranking, write_gpu]
)
def test_the_same_runs_give_the_same_bytes(write: Callable[[Path, Runs], list[Path]], tmp_path: Path) -> None:
    written = []
    for name in ("first", "second"):
        folder = tmp_path / name
        folder.mkdir()
        paths = write(folder, Runs(simulate=fake))
        assert sorted(path.name for path in paths) == sorted(contents(folder))
        written.append(contents(folder))
    assert written[0] == written[1]
    for name, content in written[0].items():
        assert content.startswith(b"\x89PNG") or (b"svg" in content[:200] or b"python -m sim reproduce" in content), (
            name
        )
