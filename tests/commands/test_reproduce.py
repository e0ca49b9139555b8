"""The command reproduce: what it tells, and mistakes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from sim.paper.products import OTHER_PAPERS, PRODUCTS
from tests.support.command_line import call, check_refused
from tests.support.reproduction import known_runs


def test_claims_as_json_have_the_verdicts_of_the_page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sim.paper.runs.parallel_runs", known_runs)
    code, output, error = call("reproduce", "claims", "-o", str(tmp_path), "--json", "-")
    (claims,) = json.loads(output)["products"]
    assert (code, error) == (0, "") and claims["command"] == "python -m sim reproduce claims"
    assert claims["written"] == [{"kind": "page", "name": "claims", "path": str(tmp_path / "claims.md")}]
    page = (tmp_path / "claims.md").read_text()
    for each in (*claims["claims"], *claims["measured"]):
        assert each["claim"] in page and f"**{each['verdict']}**" in page and each["numbers"] in page


def test_json_goes_over_nothing_else(tmp_path: Path) -> None:
    (tmp_path / "gpu").mkdir()
    card = tmp_path / "gpu" / "card.json"
    card.write_text("{}")
    asked = ["reproduce", "ranking", "-o", str(tmp_path), "--json"]
    check_refused([*asked, str(tmp_path / "ranking.md")], "ranking.md: is named for two outputs")
    check_refused([*asked, str(card)], "card.json: is read as well")
    assert card.read_text() == "{}" and not (tmp_path / "ranking.md").exists()


def test_an_unknown_product_is_one_line() -> None:
    code, _, error = call("reproduce", "table9")
    known = ", ".join((*PRODUCTS, *OTHER_PAPERS))
    assert (code, error) == (2, f"stallscope: WHAT: found 'table9', expected {known} or all\n")


def test_a_file_is_no_folder(tmp_path: Path) -> None:
    target = tmp_path / "file"
    target.write_text("")
    code, _, error = call("reproduce", "table1", "--output", str(target))
    assert (code, error) == (2, f"stallscope: --output {target}: is not a folder\n")
