"""SQL over traces of every format, and the examples of the documentation."""

from __future__ import annotations

import re
from itertools import pairwise
from pathlib import Path

import pytest

from sim.accounting.result import Result
from sim.files.errors import InputError
from sim.trace.columns import COLUMNS
from sim.trace.read.query import query
from sim.trace.write.csv import write_csv
from tests.support.folders import DOCS
from tests.support.traces import ACCOUNTED, SUFFIXES, Written, expected


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_sql_over_every_format(written: Written, reference: tuple[Result, Path], suffix: str) -> None:
    pytest.importorskip("duckdb")
    result, _ = reference
    sql = "SELECT unit, sum(end_cycle - start_cycle)::BIGINT FROM slices WHERE kind = 'work' GROUP BY unit"
    columns, found = query(written(suffix), sql)
    busy = dict(found)
    assert columns[0] == "unit"
    assert {unit: busy[unit] for unit in ACCOUNTED} == {u: result.units[u].busy_cycles for u in ACCOUNTED}


EXAMPLES = re.findall(r"```sql\n(.*?)```", (DOCS / "traces.md").read_text(), re.DOTALL)


@pytest.mark.parametrize("number", range(len(EXAMPLES)))
def test_examples_of_the_documentation(reference: tuple[Result, Path], number: int) -> None:
    pytest.importorskip("duckdb")
    result, path = reference
    columns, found = query(path, EXAMPLES[number])
    assert found
    if "what" in columns:
        accounts = {(unit, what): cycles for unit, what, cycles in found if unit in ACCOUNTED and cycles}
        assert accounts == {(unit, what): n for unit in ACCOUNTED for what, n in expected(result, unit).items() if n}
    if EXAMPLES[number].startswith("WITH RECURSIVE"):
        assert found[-1][4] < found[0][4] and all(later[4] >= earlier[5] for later, earlier in pairwise(found))


def test_a_mistake_in_sql_is_told(reference: tuple[Result, Path]) -> None:
    pytest.importorskip("duckdb")
    with pytest.raises(InputError, match="SQL: Catalog Error: Table with name slice does not exist"):
        query(reference[1], "SELECT * FROM slice")


def test_a_name_that_is_quoted_far_below(tmp_path: Path) -> None:
    """DuckDB guesses how a table is written from its first 20,480 rows."""
    pytest.importorskip("duckdb")
    table = tmp_path / "t.csv.gz"
    plain = dict.fromkeys(COLUMNS) | {"kind": "work", "unit": "simd", "name": "plain", "start_cycle": 0, "end_cycle": 1}
    write_csv(table, [*[plain] * 25_000, plain | {"operations": 'a, "b"'}])
    _, found = query(table, "SELECT operations FROM slices WHERE operations IS NOT NULL")
    assert found == [('a, "b"',)]
