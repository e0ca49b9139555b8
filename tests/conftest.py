"""Property tests draw the same examples in every run, and none is timed; HYPOTHESIS_PROFILE=explore draws new ones."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import settings

pytest.register_assert_rewrite("tests.support")  # or a failed check would not say what it compared
settings.register_profile("same", derandomize=True, deadline=None)
settings.register_profile("explore", deadline=None, max_examples=1000)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "same"))


@pytest.fixture(autouse=True, scope="session")
def short_searches() -> Iterator[None]:
    """Most tests are about what comes after the choice of a mapping: a few trials do, where a run makes a hundred."""
    from sim.files.limits import BUDGETS  # not before the header, which says what is wrong with the compiled core
    from tests.support.searches import FEW

    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(BUDGETS, "short", FEW)  # type: ignore[misc]
        patch.setattr("sim.search.choose.DEFAULT_SEARCH", "short")
        yield


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Several processes (``-n 2``) take a file each, not a test: what the tests of a file share is made once."""
    from xdist.scheduler import LoadFileScheduling

    return LoadFileScheduling(config, log) if config.getoption("dist") == "load" else None


def pytest_report_header() -> str:
    """Whether the tests run on the compiled core: it takes the same decisions, many times faster."""
    try:
        from hw import COMPILED
    except ImportError as error:
        pytest.exit(str(error), returncode=2)
    return f"core: {'compiled' if COMPILED else 'not compiled'}"
