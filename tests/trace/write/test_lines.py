"""Lines of text and protocol buffer messages, made a column at a time."""

from __future__ import annotations

import numpy as np
import pytest

from sim.trace.slices import NOTHING, Words
from sim.trace.write.lines import lines

NUMBERS = [0, 7, 10, 9_999, 10_000, 10_001, 99_990_000, 100_000_000, 123_456_789, 10**12, 2**62]


def test_numbers_are_decimal() -> None:
    assert lines(len(NUMBERS), [np.array(NUMBERS), "\n"]).decode().split() == list(map(str, NUMBERS))


@pytest.mark.parametrize("numbers", [pytest.param([NOTHING] * 2, id="all"), pytest.param([NOTHING, 10_000], id="one")])
def test_nothing_is_written_of_nothing(numbers: list[int]) -> None:
    expected = "".join(f"<{'' if number == NOTHING else number}>" for number in numbers)
    assert lines(2, ["<", np.array(numbers), ">"]).decode() == expected


def test_words_are_as_long_as_they_are() -> None:
    words = Words(np.array([1, NOTHING, 0, 2]), ["a", "ä, long", ""])
    assert lines(4, [words, ";", "-"]).decode() == "ä, long;-;-a;-;-"


def test_no_rows_are_no_text() -> None:
    assert lines(0, ["<", np.zeros(0, np.int64), ">"]) == b""


@pytest.mark.parametrize("numbers", [[0, 1], [127, 128], [3, 2**40]])
def test_messages_are_what_the_format_says(numbers: list[int]) -> None:
    pb = pytest.importorskip("perfetto.protos.perfetto.trace.perfetto_trace_pb2")
    from sim.trace.write.messages import Fixed, Varying, field, nested, records

    column = np.array(numbers)
    event = [*field(pb.TrackEvent, "track_uuid", Varying(column)), *field(pb.TrackEvent, "flow_ids", Fixed(column))]
    packet = [*field(pb.TracePacket, "sequence_flags", 300), *nested(pb.TracePacket, "track_event", event)]
    for number, message in zip(numbers, records(2, packet), strict=True):
        found = pb.TracePacket.FromString(message)
        assert found.sequence_flags == 300
        assert (found.track_event.track_uuid, list(found.track_event.flow_ids)) == (number, [number])
