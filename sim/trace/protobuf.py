"""Perfetto's own format: track events in protocol buffers, packed in compressed batches.

A process for each unit or component, a thread for each of its tracks, counters with units. Times are nanoseconds,
rounded down; exact cycles stand in each slice's debug annotations. A slice waits until those that it has caused are
likely to be known, since an arrow has to be told at both its ends.
"""

from __future__ import annotations

import zlib
from collections import OrderedDict
from collections.abc import Sequence
from typing import IO, Any

from perfetto.protos.perfetto.trace import perfetto_trace_pb2 as pb

from sim.trace.model import Counter, Header, Slice, copies

WAITING = 1 << 14  # slices that may still get an arrow
BATCH = 1 << 12  # packets compressed together
SEQUENCE = 1
FRESH = pb.TracePacket.SEQ_INCREMENTAL_STATE_CLEARED
FIRST_THREAD = 100
GOES_ON = pb.TracePacket.SEQ_NEEDS_INCREMENTAL_STATE

ANNOTATIONS = {
    field: {"start": "start_cycle", "end": "end_cycle", "ready": "ready_cycle"}.get(field, field)
    for field in Slice._fields
    if field not in ("kind", "unit", "track", "name")
}


class ProtobufSink:
    """Writes to *stream*."""

    def __init__(self, stream: IO[bytes], header: Header) -> None:
        self._stream = stream
        self._header = header
        self._batch: list[bytes] = []
        self._packets = 0
        self._uuids: dict[tuple[str, str], int] = {}
        self._waiting: OrderedDict[int, tuple[Slice, int, list[int]]] = OrderedDict()  # by id: cause, arrows from it
        self._interned: dict[tuple[str, str], int] = {}
        packet = self._packet()
        packet.sequence_flags = FRESH
        packet.first_packet_on_sequence = True
        self._add(packet)
        for unit, tracks in header.tracks.items():
            for track in tracks:
                self._track(unit, track)

    def slice(self, piece: Slice, cause: Slice | None) -> None:
        """Write *piece* in a while, and an arrow from *cause* to it."""
        arrow = 0
        if cause is not None and cause.id in self._waiting:
            self._waiting[cause.id][2].append(piece.id)
            arrow = piece.id
        self._waiting[piece.id] = piece, arrow, []
        if len(self._waiting) > WAITING:
            self._write(*self._waiting.popitem(last=False)[1])

    def _write(self, piece: Slice, arrow: int, arrows: list[int]) -> None:
        track = self._track(piece.unit, piece.track)
        packet = self._packet(self._header.nanoseconds(piece.start))
        event = packet.track_event
        event.type = pb.TrackEvent.TYPE_SLICE_BEGIN
        event.track_uuid = track
        event.name_iid = self._iid(packet, "event_names", piece.name)
        event.category_iids.append(self._iid(packet, "event_categories", piece.kind))
        event.flow_ids.extend(arrows)
        if arrow:
            event.terminating_flow_ids.append(arrow)
        for field, name in ANNOTATIONS.items():
            value = getattr(piece, field)
            if value is not None:
                note = event.debug_annotations.add()
                note.name_iid = self._iid(packet, "debug_annotation_names", name)
                if isinstance(value, int):
                    note.int_value = value
                else:
                    note.string_value_iid = self._iid(packet, "debug_annotation_string_values", value)
        self._add(packet)
        packet = self._packet(self._header.nanoseconds(piece.end))
        packet.track_event.type = pb.TrackEvent.TYPE_SLICE_END
        packet.track_event.track_uuid = track
        self._add(packet)

    def alike(self, pieces: list[Slice], units: Sequence[str]) -> None:
        """Write copies of *pieces*."""
        for copy in copies(pieces, units):
            self.slice(copy, None)

    def counters(self, counters: list[Counter]) -> None:
        """Write the counters, a value where it changes."""
        for counter in counters:
            uuid = self._describe(counter.component, counter.name, counter.unit)
            steps = list(counter.steps())
            for start, value in [*((first, value) for first, _, value in steps), (steps[-1][1], 0.0)]:
                packet = self._packet(self._header.nanoseconds(start))
                packet.track_event.type = pb.TrackEvent.TYPE_COUNTER
                packet.track_event.track_uuid = uuid
                packet.track_event.double_counter_value = value
                self._add(packet)

    def close(self) -> None:
        """Write what is left."""
        while self._waiting:
            self._write(*self._waiting.popitem(last=False)[1])
        self._flush()

    def _track(self, unit: str, track: str) -> int:
        uuid = self._uuids.get((unit, track))
        return self._describe(unit, track) if uuid is None else uuid

    def _describe(self, unit: str, track: str, measured_in: str | None = None) -> int:
        """Announce a track: a thread, or a counter if it is measured in something."""
        process = self._uuids.get((unit, "")) or self._process(unit)
        uuid = self._uuids[unit, track] = len(self._uuids) + 1
        packet = self._packet()
        described = packet.track_descriptor
        described.uuid = uuid
        if measured_in is None:
            described.thread.pid = process
            described.thread.tid = FIRST_THREAD + uuid
            described.thread.thread_name = track
        else:
            described.parent_uuid = process
            described.name = track
            described.counter.unit_name = measured_in
        self._add(packet)
        return uuid

    def _process(self, unit: str) -> int:
        """Announce a process, which has the number of its track; the first one's label says machine and clock."""
        packet = self._packet()
        described = packet.track_descriptor
        if not self._uuids:
            described.process.process_labels.append(f"{self._header.machine}, {self._header.clock_hz} Hz")
        described.uuid = described.process.pid = self._uuids[unit, ""] = len(self._uuids) + 1
        described.process.process_name = unit
        self._add(packet)
        return int(described.uuid)

    def _iid(self, packet: Any, kind: str, text: str) -> int:
        """The number of *text* among the interned strings of its *kind*; *packet* tells it if it is new."""
        number = self._interned.get((kind, text))
        if number is None:
            number = self._interned[kind, text] = len(self._interned) + 1
            entry = getattr(packet.interned_data, kind).add()
            entry.iid = number
            if kind == "debug_annotation_string_values":
                entry.str = text.encode()
            else:
                entry.name = text
        return number

    def _packet(self, nanoseconds: int | None = None) -> Any:
        packet = pb.TracePacket()
        packet.trusted_packet_sequence_id = SEQUENCE
        packet.sequence_flags = GOES_ON
        if nanoseconds is not None:
            packet.timestamp = nanoseconds
        return packet

    def _add(self, packet: Any) -> None:
        self._batch.append(_framed(packet.SerializeToString(deterministic=True)))
        if len(self._batch) >= BATCH:
            self._flush()

    def _flush(self) -> None:
        packed = zlib.compress(b"".join(self._batch), 3)
        self._stream.write(_framed(pb.TracePacket(compressed_packets=packed).SerializeToString()))
        self._batch.clear()


def _framed(packet: bytes) -> bytes:
    """A packet as it stands in a trace: field 1, its length, its bytes."""
    length, size = bytearray(), len(packet)
    while size > 0x7F:
        length.append(size & 0x7F | 0x80)
        size >>= 7
    length.append(size)
    return b"\x0a" + bytes(length) + packet
