"""Tests of which there are many of a kind: some of them every time, all of them with ``STALLSCOPE_TESTS=all``."""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import TypeVar

EVERY_TEST = os.environ.get("STALLSCOPE_TESTS") == "all"
V = TypeVar("V")


def sampled(values: Iterable[V], most: int) -> list[V]:
    """So many of *values*, evenly among them, the first included; all of them if all tests are wanted."""
    found = list(values)
    if EVERY_TEST or len(found) <= most:
        return found
    return [found[place * len(found) // most] for place in range(most)]
