"""Perfetto's own format: track events in protocol buffers, packed in compressed batches.

A process for each unit or component, a thread for each of its tracks, counters with units. Times are nanoseconds,
rounded down; exact cycles stand in each slice's debug annotations. An arrow has to be told at both its ends, so a
request waits until all those that it can be the cause of are known.
"""

from __future__ import annotations

import zlib
from collections import deque
from collections.abc import Iterator
from typing import IO, Any

import numpy as np
from perfetto.protos.perfetto.trace import perfetto_trace_pb2 as pb

from sim.trace.causes import REACH
from sim.trace.slices import NOTHING, Column, Counter, Header, Numbers, Slices, Words
from sim.trace.write.background import Background
from sim.trace.write.messages import Fixed, MessagePart, Varying, field, nested, records

BATCH = 1 << 12  # slices compressed together
LEVEL = 3
SEQUENCE = 1
FRESH = pb.TracePacket.SEQ_INCREMENTAL_STATE_CLEARED
GOES_ON = pb.TracePacket.SEQ_NEEDS_INCREMENTAL_STATE
FIRST_THREAD = 100
STRINGS = "debug_annotation_string_values"
ANNOTATIONS = {
    "id": "id", "start": "start_cycle", "end": "end_cycle", "reason": "reason", "clocks": "clocks", "layer": "layer",
    "first_token": "first_token", "last_token": "last_token", "tile": "tile", "block": "block", "lane": "lane",
    "bytes": "bytes", "operations": "operations", "ready": "ready_cycle", "cause": "cause", "request": "request",
}  # fmt: skip


class PerfettoSink:
    """Writes to *stream*, compressed *beside* the run."""

    def __init__(self, stream: IO[bytes], header: Header, beside: Background) -> None:
        self._stream = stream
        self._header = header
        self._beside = beside
        self._batch: list[bytes] = []
        self._uuids: dict[tuple[str, str], int] = {}
        self._interned: dict[tuple[str, str], int] = {}
        self._held: deque[Slices] = deque()  # requests that may still be the cause of something
        self._arrows = np.zeros((2, 0), np.int64)  # from which of them to which slice
        packet = self._packet()
        packet.sequence_flags = FRESH
        packet.first_packet_on_sequence = True
        self._add(packet)
        for unit, tracks in header.tracks.items():
            for track in tracks:
                self._track(unit, track)

    def slices(self, slices: Slices) -> None:
        """Write *slices*, and arrows from their causes: requests in a while."""
        if slices.cause is None:
            self._write(slices, np.zeros(len(slices), np.int64), np.zeros(0, np.int64))
            return
        caused = slices.cause != NOTHING
        self._arrows = np.concatenate([self._arrows, np.stack([slices.cause[caused], slices.id[caused]])], axis=1)
        self._held.append(slices)
        while sum(map(len, self._held)) - len(self._held[0]) >= REACH:
            self._let_go()

    def _let_go(self) -> None:
        """Write the requests that have been held for the longest time."""
        slices = self._held.popleft()
        source, target = self._arrows
        own = source <= slices.id[-1]
        self._arrows = self._arrows[:, ~own]
        source, target = source[own], target[own]
        counts = np.bincount(source - slices.id[0], minlength=len(slices))
        self._write(slices, counts, target[np.argsort(source, kind="stable")])

    def _write(self, slices: Slices, arrows: Numbers, targets: Numbers) -> None:
        """Write *slices*, from which lead so many *arrows*, those of the first slice to the first *targets*.

        Those that have the same arguments and as many arrows are made together.
        """
        numbers, pairs = slices.unit_tracks
        tracks = np.array([self._track(*pair) for pair in pairs])[numbers]
        shapes = arrows.copy()
        for name in ANNOTATIONS:
            column = getattr(slices, name)
            if column is not None:
                shapes = 2 * shapes + ((column.codes if isinstance(column, Words) else column) != NOTHING)
        packets = [b""] * len(slices)
        first = np.cumsum(arrows) - arrows
        for shape in np.unique(shapes):
            rows = np.flatnonzero(shapes == shape)
            flows = [targets[first[rows] + number] for number in range(arrows[rows[0]])]
            made = records(len(rows), self._packets(slices[rows], tracks[rows], flows))
            for row, packet in zip(rows.tolist(), made, strict=True):
                packets[row] = packet
        for start in range(0, len(packets), BATCH):
            self._batch += packets[start : start + BATCH]
            self._flush()

    def _packets(self, slices: Slices, tracks: Numbers, flows: list[Numbers]) -> Iterator[MessagePart]:
        """The packets of *slices* that all have the same arguments: one for the beginning and one for the end."""
        event = [
            *field(pb.TrackEvent, "type", pb.TrackEvent.TYPE_SLICE_BEGIN),
            *field(pb.TrackEvent, "track_uuid", Varying(tracks)),
            *field(pb.TrackEvent, "name_iid", self._iids("event_names", slices.name)),
            *field(pb.TrackEvent, "category_iids", self._iid("event_categories", slices.kind)),
        ]
        for flow in flows:
            event += field(pb.TrackEvent, "flow_ids", Fixed(flow))
        if slices.cause is not None and slices.cause[0] != NOTHING:
            event += field(pb.TrackEvent, "terminating_flow_ids", Fixed(slices.id))
        for name in ANNOTATIONS:
            event += self._annotation(name, getattr(slices, name))
        yield from self._stamped(slices.start, event)
        event = field(pb.TrackEvent, "type", pb.TrackEvent.TYPE_SLICE_END)
        yield from self._stamped(slices.end, event + field(pb.TrackEvent, "track_uuid", Varying(tracks)))

    def _annotation(self, name: str, column: Column | None) -> list[MessagePart]:
        """The argument of slices that all have it, or all have not."""
        if column is None or (column.codes if isinstance(column, Words) else column)[0] == NOTHING:
            return []
        note = field(pb.DebugAnnotation, "name_iid", self._iid("debug_annotation_names", ANNOTATIONS[name]))
        if isinstance(column, Words):
            note += field(pb.DebugAnnotation, "string_value_iid", self._iids(STRINGS, column))
        else:
            note += field(pb.DebugAnnotation, "int_value", Varying(column))
        return nested(pb.TrackEvent, "debug_annotations", note)

    def _stamped(self, cycles: Numbers, event: list[MessagePart]) -> list[MessagePart]:
        """Packets of an *event* at these *cycles*, as they stand in a trace."""
        packet = [
            *field(pb.TracePacket, "timestamp", Varying(self._header.times(cycles))),
            *field(pb.TracePacket, "trusted_packet_sequence_id", SEQUENCE),
            *field(pb.TracePacket, "sequence_flags", GOES_ON),
            *nested(pb.TracePacket, "track_event", event),
        ]
        return nested(pb.Trace, "packet", packet)

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
        while self._held:
            self._let_go()
        packet = self._packet()
        packet.service_event.read_tracing_buffers_completed = True  # what stops without it has been cut
        self._add(packet)
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

    def _iids(self, kind: str, words: Words) -> Varying:
        """The number of each of *words* among the interned strings of its *kind*."""
        return Varying(np.array([self._iid(kind, text) for text in words.texts])[words.codes])

    def _iid(self, kind: str, text: str) -> int:
        """The number of *text* among the interned strings of its *kind*, which is told if it is new."""
        number = self._interned.get((kind, text))
        if number is None:
            number = self._interned[kind, text] = len(self._interned) + 1
            packet = self._packet()
            entry = getattr(packet.interned_data, kind).add()
            entry.iid = number
            if kind == STRINGS:
                entry.str = text.encode()
            else:
                entry.name = text
            self._add(packet)
        return number

    def _packet(self, nanoseconds: int | None = None) -> Any:
        packet = pb.TracePacket()
        packet.trusted_packet_sequence_id = SEQUENCE
        packet.sequence_flags = GOES_ON
        if nanoseconds is not None:
            packet.timestamp = nanoseconds
        return packet

    def _add(self, packet: Any) -> None:
        self._batch.append(pb.Trace(packet=[packet]).SerializeToString(deterministic=True))

    def _flush(self) -> None:
        self._beside.do(self._compress, self._batch)
        self._batch = []

    def _compress(self, batch: list[bytes]) -> None:
        packed = pb.TracePacket(compressed_packets=zlib.compress(b"".join(batch), LEVEL))
        self._stream.write(pb.Trace(packet=[packed]).SerializeToString())
