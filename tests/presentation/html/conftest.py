"""Pages that are written once for all tests of pages."""

from __future__ import annotations

from pathlib import Path

import pytest

from sim.accounting.result import Result
from sim.explanation.compare import Comparison
from sim.explanation.findings import Explanation
from tests.support.reports import Report, written


@pytest.fixture(scope="session")
def run_page(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Result]:
    page, text = written(tmp_path_factory.mktemp("run"), "run")
    return page, Result.model_validate_json(text)


@pytest.fixture(scope="session")
def run_report(run_page: tuple[Path, Result]) -> tuple[Report, Result]:
    return Report(run_page[0].read_text()), run_page[1]


@pytest.fixture(scope="session")
def explained(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Explanation]:
    page, text = written(tmp_path_factory.mktemp("explain"), "explain")
    return page, Explanation.model_validate_json(text)


@pytest.fixture(scope="session")
def compared(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Comparison]:
    page, text = written(tmp_path_factory.mktemp("compare"), "compare")
    return page, Comparison.model_validate_json(text)
