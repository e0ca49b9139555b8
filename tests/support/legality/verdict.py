"""All checks of one run, in their order."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tests.support.legality.accounts import check_accounts
from tests.support.legality.buffers import check_buffers
from tests.support.legality.dependences import check_dependences
from tests.support.legality.descriptions import check_descriptions
from tests.support.legality.durations import check_durations
from tests.support.legality.findings import Verdict
from tests.support.legality.program import Program
from tests.support.legality.reasons import check_reasons
from tests.support.legality.requests import fill, requests_of
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
    verdict, program = Verdict(), Program(described)
    ideal: list[str] = program.machine["ideal"]
    check_descriptions(program, result, verdict)
    check_tracks(program, slices, verdict)
    check_counters(program, slices, verdict)
    ran = requests_of(program, slices, verdict)
    check_durations(program, ran, verdict)
    for section in ran:
        fill(section, verdict)
    check_dependences(ran, ideal, verdict)
    check_buffers(program, ran, verdict)
    check_traffic(program, ran, result, verdict)
    check_transfers(program, ran, slices, verdict)
    check_reasons(ran, slices, verdict)
    check_accounts(program, ran, slices, result, verdict)
    return verdict
