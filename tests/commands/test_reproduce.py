"""The command reproduce: mistakes."""

from __future__ import annotations

from pathlib import Path

from sim.paper.products import OTHER_PAPERS, PRODUCTS
from tests.support.command_line import call


def test_an_unknown_product_is_one_line() -> None:
    code, _, error = call("reproduce", "table9")
    known = ", ".join((*PRODUCTS, *OTHER_PAPERS))
    assert (code, error) == (2, f"stallscope: WHAT: found 'table9', expected {known} or all\n")


def test_a_file_is_no_folder(tmp_path: Path) -> None:
    target = tmp_path / "file"
    target.write_text("")
    code, _, error = call("reproduce", "table1", "--output", str(target))
    assert (code, error) == (2, f"stallscope: --output {target}: is not a folder\n")
