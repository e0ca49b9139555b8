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
    answer = query(written(suffix), sql)
    busy = dict(answer.rows)
    assert answer.columns[0] == "unit"
    assert {unit: busy[unit] for unit in ACCOUNTED} == {u: result.units[u].busy_cycles for u in ACCOUNTED}


EXAMPLES = re.findall(r"```sql\n(.*?)```", (DOCS / "traces.md").read_text(), re.DOTALL)


@pytest.mark.parametrize("number", range(len(EXAMPLES)))
def test_examples_of_the_documentation(reference: tuple[Result, Path], number: int) -> None:
    pytest.importorskip("duckdb")
    result, path = reference
    answer = query(path, EXAMPLES[number])
    columns, found = answer.columns, answer.rows
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
    plain = dict.fromkeys(COLUMNS) | {"kind": "work", "unit": "simd", "track": "work", "name": "plain"}
    cycles = [{"start_cycle": cycle, "end_cycle": cycle + 1} for cycle in range(25_001)]
    write_csv(table, [*(plain | each for each in cycles[:-1]), plain | cycles[-1] | {"operations": 'a, "b"'}])
    assert query(table, "SELECT operations FROM slices WHERE operations IS NOT NULL").rows == [('a, "b"',)]


@pytest.mark.parametrize(
    ("sql", "message"),
    [
        pytest.param("", "found nothing, expected one SELECT", id="empty"),
        pytest.param("-- how many?", "found nothing, expected one SELECT", id="only a comment"),
        pytest.param("SELECT 1; SELECT 2", "found SELECT, SELECT, expected one SELECT", id="two statements"),
        pytest.param("COPY slices TO 'x.csv'", "found COPY, expected one SELECT", id="writes a file"),
        pytest.param("ATTACH 'x.db'", "found ATTACH, expected one SELECT", id="opens a file"),
        pytest.param("PRAGMA database_list", "found PRAGMA, expected one SELECT", id="pragma"),
        pytest.param("SET memory_limit = '1TB'", "found SET, expected one SELECT", id="setting"),
        pytest.param(
            "SELECT * FROM read_text('/etc/passwd')", "Permission Error: .*disabled by config", id="reads a file"
        ),
        pytest.param(
            "SELECT * FROM '/etc/passwd'", "Catalog Error: Table with name /etc/passwd", id="a file as a table"
        ),
        pytest.param("SELECT * FROM sql", "Catalog Error: Table with name sql", id="a variable of ours"),
        pytest.param("SELECT 1 FROM range(2000000)", "more than 1,000,000 rows", id="too many rows"),
        pytest.param("SELECT '\ud800'", "SQL: ", id="no text"),
        pytest.param("SELECT list(range) FROM range(10000000000)", "Out of Memory Error", id="too much memory"),
    ],
)
def test_what_a_query_may_not_is_told(reference: tuple[Result, Path], sql: str, message: str) -> None:
    pytest.importorskip("duckdb")
    with pytest.raises(InputError, match=f"^SQL: .*{message}" if message != "SQL: " else message) as caught:
        query(reference[1], sql)
    assert "\n" not in str(caught.value)


def test_a_query_without_end_is_ended(reference: tuple[Result, Path]) -> None:
    pytest.importorskip("duckdb")
    with pytest.raises(InputError, match=r"^SQL: has not been answered within 0\.2 seconds$"):
        query(reference[1], "SELECT count(*) FROM slices a, slices b, slices c", seconds=0.2)
