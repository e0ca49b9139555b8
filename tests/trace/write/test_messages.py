"""Protocol buffer messages, made a column at a time."""

from __future__ import annotations

import numpy as np
import pytest


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
