"""All checks of one run, in their order."""

from __future__ import annotations

import json
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.support.legality.accounts import check_accounts
from tests.support.legality.buffers import check_buffers
from tests.support.legality.coverage import check_coverage
from tests.support.legality.dependences import check_dependences
from tests.support.legality.descriptions import check_descriptions
from tests.support.legality.durations import check_durations
from tests.support.legality.findings import Verdict
from tests.support.legality.program import Program
from tests.support.legality.reasons import check_reasons
from tests.support.legality.requests import requests_of
from tests.support.legality.trace import Slice, Unreadable, read_trace
from tests.support.legality.tracks import check_counters, check_tracks
from tests.support.legality.traffic import check_traffic
from tests.support.legality.transfers import check_transfers


def check_files(trace: Path, result: Path, program: Path) -> Verdict:
    """What the checks find in a run that was recorded in these files; raises Unreadable."""
    return check(read_trace(trace), read_json(result), read_json(program))


def read_json(path: Path) -> dict[str, Any]:
    """The object in a JSON file; raises Unreadable."""
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise Unreadable(f"{path}: is no JSON file: {error}") from None
    if not isinstance(found, dict):
        raise Unreadable(f"{path}: is no JSON object")
    return found


def check(slices: list[Slice], result: dict[str, Any], described: dict[str, Any]) -> Verdict:
    """What the checks find in the *slices* of a trace, the *result* and the program as it is *described*."""
    verdict = Verdict()
    with _fitting(verdict):
        program = Program(described)
        ran = requests_of(program, slices, verdict)
        checks: list[Callable[[], None]] = [
            lambda: check_descriptions(program, result, verdict),
            lambda: check_tracks(program, slices, verdict),
            lambda: check_counters(program, slices, verdict),
            lambda: check_durations(program, ran, verdict),
            lambda: check_coverage(ran, verdict),
            lambda: check_dependences(ran, program.machine["ideal"], verdict),
            lambda: check_buffers(program, ran, verdict),
            lambda: check_traffic(program, ran, result, verdict),
            lambda: check_transfers(program, ran, slices, verdict),
            lambda: check_reasons(program, ran, slices, verdict),
            lambda: check_accounts(program, ran, slices, result, verdict),
        ]
        for each in checks:
            with _fitting(verdict):
                each()
    return verdict


@contextmanager
def _fitting(verdict: Verdict) -> Iterator[None]:
    """What a check looks for and does not find in the files is a finding."""
    try:
        yield
    except (KeyError, IndexError, StopIteration, ValueError, TypeError, AssertionError) as error:
        place = traceback.extract_tb(error.__traceback__)[-1].name
        verdict.found("files", "files do not fit together", f"{type(error).__name__}: {error} in {place}")
