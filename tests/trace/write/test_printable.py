"""Names that would break a format, straight into the writers: what is read back is one row for each, and printable."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from sim.files.characters import visible
from sim.trace.slices import STALL, WORK, Counter, Header, Slices, Words
from sim.trace.write.formats import FORMATS
from tests.support.traces import SUFFIXES, needs, read

NAMES = (
    'quote " and, comma', "two\nlines\tand a tab", "\x1b[2J\x00\x7f", "\u202eright to left\u2066", "$end", "$comment",
    '{"ph":"X"}', "back\\slash", "\\x20", "Σ of ü", "[red]a[/red]", "</script>", "'; DROP TABLE rows; --",
    "=1+1", "%s", "-",
)  # fmt: skip
SHOWN_AS_IDLE = "-"  # in a value change dump, which has this for no operation


def _slices(kind: str, unit: str) -> Slices:
    count = len(NAMES)
    numbers = np.arange(count)
    track = Words.same("stalls" if kind == STALL else "work", count)
    names = Words.of(NAMES)
    return Slices(
        kind, numbers, Words.same(unit, count), track, names, numbers * 10, numbers * 10 + 5, numbers * 0, numbers,
        numbers, numbers * 0, reason=names if kind == STALL else None, operations=names,
    )  # fmt: skip


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_hostile_names(tmp_path: Path, suffix: str) -> None:
    needs(suffix)
    path, unit = tmp_path / f"t{suffix}", "simd\n$upscope $end"
    machine = 'edge", 5 Hz, ticks_per_cycle 7\n$end $scope module x $end'
    with (
        path.open("wb") as stream,
        FORMATS[suffix].writing(stream, Header(machine, 250_000_000, {unit: ("work", "stalls\x1b")})) as sink,
    ):
        sink.slices(_slices(WORK, unit))
        sink.slices(_slices(STALL, unit))
        sink.counters([Counter("a b\u202e", "in use: \x1b", "KiB\n", 0, 10, [1.0, 2.0])])
    rows = read(path)
    names = [visible(name) for name in NAMES]
    if suffix == ".vcd":
        names = [name.encode("ascii", "backslashreplace").decode() for name in names if name != SHOWN_AS_IDLE]
    for kind in (WORK, STALL):
        found = [row for row in rows if row["kind"] == kind]
        assert [row["name"] for row in found] == names
        assert [row["start_cycle"] for row in found] == [10 * number for number in range(len(names))]
    assert [row["end_cycle"] for row in rows if row["kind"] == "counter" and row["value"]] == [10, 20]
