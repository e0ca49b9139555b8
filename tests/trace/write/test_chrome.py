"""Traces in JSON."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

from tests.support.traces import traced


def test_json_is_one_document(tmp_path: Path) -> None:
    traced(tmp_path / "t.json.gz", layers=1, sequence_length=8)
    document = json.loads(gzip.decompress((tmp_path / "t.json.gz").read_bytes()))
    assert document["otherData"]["clock_hz"] == 250_000_000
    assert {event["ph"] for event in document["traceEvents"]} == {"M", "X", "s", "f", "C"}
