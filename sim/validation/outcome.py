"""The comparisons with reference data for programs: every group and every case, and what was skipped."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import isfinite
from typing import Any

from sim.validation.cases import Case, Summary, summarise
from sim.validation.coverage import UNCOVERED, covers


def as_data(cases: Sequence[Case], skipped: Mapping[str, str]) -> dict[str, Any]:
    """All of *cases*, group by group and one by one; *skipped* are suites, and why. What is infinite is None."""
    return {
        "holds": all(case.holds for case in cases),
        "groups": [_group(each) for each in summarise(cases)],
        "cases": [_case(each) for each in cases],
        "skipped": [{"suite": name, "reason": reason} for name, reason in skipped.items()],
        "uncovered": list(UNCOVERED),
    }


def _group(summary: Summary) -> dict[str, Any]:
    return {
        "suite": summary.suite,
        "group": summary.group,
        "cases": summary.cases,
        "worst_error": _finite(summary.worst),
        "median_error": _finite(summary.median),
        "tolerance": _finite(summary.tolerance),
        "out_of_tolerance": summary.broken,
        "verdict": summary.verdict,
        "covers": covers(summary.suite, summary.group),
    }


def _case(case: Case) -> dict[str, Any]:
    return {
        "suite": case.suite,
        "group": case.group,
        "name": case.name,
        "quantity": case.quantity,
        "reference": case.reference,
        "predicted": case.predicted,
        "error": _finite(case.error),
        "tolerance": _finite(case.tolerance),
        "verdict": case.verdict,
    }


def _finite(value: float) -> float | None:
    return value if isfinite(value) else None
