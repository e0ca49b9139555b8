"""Property tests draw the same examples in every run, and none is timed; HYPOTHESIS_PROFILE=explore draws new ones."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import settings

ROOT = Path(__file__).parent.parent

settings.register_profile("same", derandomize=True, deadline=None)
settings.register_profile("explore", deadline=None, max_examples=1000)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "same"))


def pytest_configure() -> None:
    """A module that was compiled in the source tree hides its source: it is the sources that are tested."""
    if found := [*ROOT.glob("sim/*.so"), *ROOT.glob("hw/**/*.so")]:
        pytest.exit(f"{found[0]} hides its source: install again without STALLSCOPE_COMPILE", returncode=2)
