"""Files that are read back and have been damaged: each ends in a sane result or in one line, in bounded time, memory.

The cases are the same every time. ``STALLSCOPE_FUZZ_CASES=20000 pytest tests/whole/test_damaged_files.py`` has so many
of them in all, instead of the few that are enough to notice that something has gone.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from random import Random

import pytest

from sim.components.dram import replay_trace
from sim.files.errors import InputError
from sim.files.resolve import resolve
from sim.presentation.figures.canvas import print_style
from sim.presentation.figures.catalogue import FIGURES, draw
from sim.presentation.figures.export import as_svg
from sim.presentation.figures.written import read_evidence
from sim.trace.read.opening import opening_of
from sim.trace.read.query import query
from sim.trace.read.rows import rows
from sim.trace.read.summary import TraceSummary, summarise
from sim.trace.read.viewer import SHOWN, clock_of_shown
from tests.support.bounded import failures
from tests.support.figures import write_results
from tests.support.folders import CONFIGS
from tests.support.mutations import damaged, damaged_batches, damaged_gzip, damaged_json, damaged_parquet
from tests.support.traces import SUFFIXES, needs, traced

CASES = int(os.environ.get("STALLSCOPE_FUZZ_CASES", "0"))
SQL = "SELECT unit, kind, count(*), sum(end_cycle - start_cycle) FROM slices GROUP BY ALL ORDER BY ALL"


@dataclass(frozen=True)
class Kind:
    """A kind of file: how it is damaged, what is done with it, and how many cases of it are tried every time."""

    damage: Callable[[bytes, Random], bytes]
    work: Callable[[Path, int], None]
    cases: int


def _read_trace(path: Path, number: int) -> None:
    """Everything that can be done with a trace, a query now and then; what is said of it is the same each time."""
    said: list[str] = []
    found: list[TraceSummary] = []
    with _one_line(said):
        found.append(summarise(rows(path)))
        json.loads(found[0].model_dump_json())
        assert all(cycles >= 0 for cycles in found[0].busy_cycles.values())
    if number % 4 == 0:
        with _one_line(said):
            answer = query(path, SQL)
            json.loads(answer.to_json())
            if found:
                assert sum(row[3] for row in answer.rows if row[1] == "work") == sum(found[0].busy_cycles.values())
            else:
                assert path.name.endswith(".csv.gz"), (
                    f"only DuckDB, which takes 1e3 for 1000, found {answer}, not {said}"
                )
    assert len(set(said)) <= 1, said
    if path.name.endswith(SHOWN):
        with _one_line([]):
            opening_of(rows(path), clock_of_shown(path))


def _draw(path: Path, number: int) -> None:
    """Every figure that the file tells enough for, one of them as a whole."""
    with _one_line([]):
        known = read_evidence(path)
        for name in islice(FIGURES, number % len(FIGURES), None):
            try:
                with print_style():
                    as_svg(draw(name, known, 7.0, path.name), "figure")
                return
            except InputError as error:
                assert "cannot be drawn" in str(error)


def _resolve(path: Path, number: int) -> None:
    with _one_line([]):
        resolve(str(path), "edge")


def _replay(path: Path, number: int) -> None:
    with _one_line([]):
        replay_trace(path, "lpddr5-6400", 2, "transaction" if number % 2 else "command", "all-bank")


class _one_line:
    """The block may raise InputError, each of whose problems is one printable line that names what is wrong."""

    def __init__(self, said: list[str]) -> None:
        self._said = said

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: object, error: object, trace: object) -> bool:
        if not isinstance(error, InputError):
            return False
        for problem in error.problems:
            text = str(problem)
            assert text.isprintable() and 10 < len(text) < 3000, text
            assert "/f." in text, text
        self._said.append(str(error.problems[0]))
        return True


KINDS = {
    "json.gz": Kind(damaged_gzip, _read_trace, 32),
    "pftrace": Kind(damaged_batches, _read_trace, 32),
    "parquet": Kind(damaged_parquet, _read_trace, 32),
    "csv.gz": Kind(damaged_gzip, _read_trace, 32),
    "vcd": Kind(damaged, _read_trace, 32),
    "run.json": Kind(damaged_json, _draw, 32),
    "explain.json": Kind(damaged_json, _draw, 24),
    "compare.json": Kind(damaged_json, _draw, 32),
    "config.json": Kind(damaged_json, _resolve, 24),
    "tr": Kind(damaged, _replay, 32),
}


@pytest.fixture(scope="session")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str], bytes]]:
    """A sound file of each kind."""
    folder = tmp_path_factory.mktemp("sound")
    write_results(folder)
    (folder / "config.json").write_bytes(min(CONFIGS.glob("*.json")).read_bytes())
    (folder / "f.tr").write_text("# reads\n" + "".join(f"{'RW'[i % 2]} {i * 512:x} 512\n" for i in range(40)))

    def read(kind: str) -> bytes:
        path = folder / (f"f.{kind}" if kind == "tr" or f".{kind}" in SUFFIXES else kind)
        if not path.exists():
            needs(f".{kind}")
            small = {"dimensions__d_model": 256, "mapping__token_tile": 4, "sequence_length": 4}
            traced(path, window="cycle:0-3000", layers=1, **small)
        return path.read_bytes()

    yield read


@pytest.mark.parametrize("name", KINDS)
def test_a_damaged_file_ends_in_a_line(name: str, sound: Callable[[str], bytes], tmp_path: Path) -> None:
    kind, data, path = KINDS[name], sound(name), tmp_path / f"f.{name}"
    share = kind.cases / sum(each.cases for each in KINDS.values())

    def work(number: int) -> None:
        path.write_bytes(kind.damage(data, Random(f"{name} {number}")))
        kind.work(path, number)

    path.write_bytes(data)
    kind.work(path, 0)
    assert failures(work, range(max(kind.cases, round(CASES * share)))) == []
