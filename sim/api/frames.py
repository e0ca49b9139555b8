"""Results as a data frame of pandas (extra ``analysis``)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from sim.accounting.result import Result
from sim.files.extras import require
from sim.studies.figures import figures

if TYPE_CHECKING:
    from pandas import DataFrame


def frame(results: Result | Iterable[Result]) -> DataFrame:
    """A row for each of *results*: every figure that is one value, by its dotted name; shares are 0 to 1.

    The names are those of a sweep's columns (docs/studies.md), ``tokens_per_second`` or ``stall.simd.dram_bandwidth``,
    say. Raises InputError if pandas is not installed.
    """
    several = [results] if isinstance(results, Result) else list(results)
    names = dict.fromkeys(name for result in several for name in figures(result))
    return framed(list(names), [[figures(result).get(name) for name in names] for result in several])


def framed(columns: list[str], rows: list[list[Any]]) -> DataFrame:
    """*rows* under *columns*."""
    require("pandas", "analysis", "a data frame")
    from pandas import DataFrame

    return DataFrame(rows, columns=columns)
