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
    """A module that was compiled in the source tree hides its source: refuse to test one that has changed since."""
    for source in (*ROOT.glob("sim/*.py"), *ROOT.glob("hw/**/*.py")):
        for library in source.parent.glob(f"{source.stem}.*.so"):
            if library.stat().st_mtime < source.stat().st_mtime:
                pytest.exit(f"{source} has changed since it was compiled: install again", returncode=2)
