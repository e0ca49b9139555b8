"""The critical path: as long as the run, request by request."""

from __future__ import annotations

import pytest

from tests.support.accounted import RUNS, recorded
from tests.support.conservation import check_path


@pytest.mark.parametrize("case", RUNS)
def test_the_path_is_as_long_as_the_run(case: str) -> None:
    check_path(recorded(case))
