"""All formats of traces say the same."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from sim.accounting.result import Result
from sim.files.errors import InputError
from sim.trace import TraceWriter
from tests.support.traces import ACCOUNTED, FORMATTED, PACKAGES, SUFFIXES, Written, expected, read, sums, traced


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_every_format_has_the_same_cycles(written: Written, reference: tuple[Result, Path], suffix: str) -> None:
    result, path = reference
    found = read(written(suffix))
    assert sums(found) == sums(read(path))
    for unit in ACCOUNTED:
        assert sums(found)[unit] == expected(result, unit)


def comparable(path: Path) -> Counter[tuple[object, ...]]:
    """The rows, in any order."""
    return Counter(tuple(sorted(row.items())) for row in read(path))


@pytest.mark.parametrize("suffix", [".json.gz", ".pftrace", ".parquet"])
def test_formats_with_all_columns_have_the_same_rows(
    written: Written, reference: tuple[Result, Path], suffix: str
) -> None:
    assert comparable(written(suffix)) == comparable(reference[1])


def test_value_changes_have_every_request(written: Written, reference: tuple[Result, Path]) -> None:
    def requests(path: Path) -> set[tuple[object, ...]]:
        work = [row for row in read(path) if row["kind"] == "work" and row["start_cycle"] < row["end_cycle"]]
        return {(row["unit"], row["id"], row["name"], row["start_cycle"], row["end_cycle"]) for row in work}

    assert requests(written(".vcd")) == requests(reference[1])


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_the_same_run_gives_the_same_bytes(tmp_path: Path, written: Written, suffix: str) -> None:
    again = tmp_path / f"again{suffix}"
    assert written(suffix).exists()
    traced(again, **FORMATTED)
    assert again.read_bytes() == written(suffix).read_bytes()


def test_unknown_suffix_is_told(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"none of the known suffixes \.json\.gz, \.pftrace, \.parquet, \.csv\.gz, "):
        TraceWriter(tmp_path / "t.txt")


@pytest.mark.parametrize(("suffix", "package"), PACKAGES.items())
def test_missing_package_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, suffix: str, package: str) -> None:
    monkeypatch.setattr("sim.files.extras.find_spec", lambda name: None)
    name = {"vcd": "pyvcd"}.get(package, package)
    with pytest.raises(InputError) as caught:
        TraceWriter(tmp_path / f"t{suffix}")
    assert str(caught.value) == f"{suffix}: needs the package {name}: pip install 'stallscope[trace]'"
