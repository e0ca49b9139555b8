"""Reads the packets that :mod:`sim.trace.write.perfetto` writes."""

from __future__ import annotations

import io
import re
import zlib
from collections import deque
from collections.abc import Iterator
from math import isfinite
from pathlib import Path
from typing import IO, Any

from perfetto.protos.perfetto.trace import perfetto_trace_pb2 as pb

from sim.trace.columns import TraceRow, counter_row
from sim.trace.read.schema import LARGEST, LONGEST, Damaged, Foreign, Truncated, found, learn, recall
from sim.trace.slices import NANOSECONDS

LABEL = re.compile(r", ([1-9][0-9]{0,15}) Hz\Z")  # the end of what the first process is called
LONGEST_NAME = max(LONGEST.values())
MOST_PACKED, MOST_UNPACKED = 1 << 24, 1 << 26  # bytes of a compressed batch
MOST_PACKET = 1 << 20  # bytes of a packet in it
LONGEST_VARINT = 10  # bytes
OTHERS = ("interned_data", "service_event", "first_packet_on_sequence")  # what a packet may be there for
STRINGS = "debug_annotation_string_values"
KINDS = ("event_names", "event_categories", "debug_annotation_names")


def packet_rows(path: Path) -> Iterator[tuple[int, TraceRow]]:
    """(packet, row) of the trace at *path*; raises Unreadable for what is not one of ours."""
    said = _Said()
    number, ended = 0, False
    with path.open("rb") as stream:
        for packet in _packets(stream):
            if ended:
                raise Damaged("goes on after its end", number)
            ended = packet.service_event.read_tracing_buffers_completed
            number += 1
            try:
                yield from ((number, row) for row in said.rows(packet))
            except Damaged as error:
                raise Damaged(error.message, number) from None
    if number == 0:
        raise Foreign
    if not ended:
        raise Truncated("its end is not there", number)


def clock_of_packets(path: Path) -> int:
    """The clock of the machine, in Hz.

    Raises Unreadable if *path* does not begin and end as our packets do; what stands between is not looked at.
    """
    with path.open("rb") as stream:
        batches = _framed(stream, MOST_PACKED)
        first = next(batches, b"")
        last = deque(batches, maxlen=1)
    said = _Said()
    for packet in _packets_in(first):
        deque(said.rows(packet), maxlen=0)
    packets = deque(_packets_in(last[0] if last else first), maxlen=1)
    if not packets or not packets[0].service_event.read_tracing_buffers_completed:
        raise Truncated("its end is not there")
    return said.clock_hz


class _Said:
    """What the packets so far have said: names, processes, tracks, and where counters are."""

    def __init__(self) -> None:
        self._names: dict[tuple[str, int], str] = {}
        self._processes: dict[int, str] = {}
        self._tracks: dict[int, tuple[int, str, str]] = {}  # process, name, unit of a counter
        self._counters: dict[int, TraceRow] = {}
        self.clock_hz = 0

    def rows(self, packet: Any) -> Iterator[TraceRow]:
        """The rows that are complete with *packet*."""
        descriptor, event = packet.track_descriptor, packet.track_event
        self._learn(packet.interned_data)
        if descriptor.HasField("process"):
            label = LABEL.search("".join(map(_text, descriptor.process.process_labels))[-LONGEST_NAME:])
            self.clock_hz = int(label[1]) if label is not None else self.clock_hz
            learn(self._processes, descriptor.uuid, _text(descriptor.process.process_name))
        elif descriptor.HasField("thread"):
            name = _text(descriptor.thread.thread_name)
            learn(self._tracks, descriptor.uuid, (descriptor.thread.pid, name, ""))
        elif descriptor.uuid:
            names = _text(descriptor.name), _text(descriptor.counter.unit_name)
            learn(self._tracks, descriptor.uuid, (descriptor.parent_uuid, *names))
        elif event.type == pb.TrackEvent.TYPE_SLICE_BEGIN:
            yield self._slice(event)
        elif event.type == pb.TrackEvent.TYPE_COUNTER:
            yield from self._step(packet.timestamp, event)
        elif not (event.type or any(map(packet.HasField, OTHERS))):
            raise Damaged("a packet says nothing")

    def _learn(self, interned: Any) -> None:
        for kind in KINDS:
            for entry in getattr(interned, kind):
                learn(self._names, (kind, entry.iid), _text(entry.name))
        for entry in interned.debug_annotation_string_values:
            learn(self._names, (STRINGS, entry.iid), _text(entry.str))

    def _slice(self, event: Any) -> TraceRow:
        process, track, _ = recall(self._tracks, event.track_uuid, "track")
        row = {"kind": self._name("event_categories", event.category_iids[0] if event.category_iids else 0)}
        row |= {"unit": recall(self._processes, process, "process"), "track": track}
        row |= {"name": self._name("event_names", event.name_iid)}
        return row | {
            self._name("debug_annotation_names", note.name_iid): note.int_value
            if note.HasField("int_value")
            else self._name(STRINGS, note.string_value_iid)
            for note in event.debug_annotations
        }

    def _step(self, timestamp: int, event: Any) -> Iterator[TraceRow]:
        """The step of a counter that ends where *event* begins another."""
        process, track, unit = recall(self._tracks, event.track_uuid, "track")
        value = event.double_counter_value
        if timestamp > LARGEST or not isfinite(value) or not self.clock_hz:
            raise Damaged(f"a counter: {found((timestamp, value, self.clock_hz), 'a time, a number and a clock')}")
        cycle = -(-timestamp * self.clock_hz // NANOSECONDS)
        if event.track_uuid in self._counters:
            yield self._counters[event.track_uuid] | {"end_cycle": cycle}
        row = counter_row(recall(self._processes, process, "process"), unit, track, cycle, value)
        learn(self._counters, event.track_uuid, row)

    def _name(self, kind: str, iid: int) -> str:
        return recall(self._names, (kind, iid), "name")


def _text(value: str | bytes) -> str:
    """A name; what should be text, but is no UTF-8, protobuf gives as bytes."""
    try:
        return (value.decode() if isinstance(value, bytes) else value)[:LONGEST_NAME]
    except UnicodeDecodeError:
        raise Damaged(f"a name: {found(value, 'UTF-8')}") from None


def _packets(stream: IO[bytes]) -> Iterator[Any]:
    """The packets of a trace, those in compressed batches too, a batch at a time in memory."""
    for batch in _framed(stream, MOST_PACKED):
        yield from _packets_in(batch)


def _packets_in(batch: bytes) -> Iterator[Any]:
    """The packets that are compressed in a packet."""
    packed = _parsed(batch)
    if packed is None or not packed.compressed_packets:
        raise Foreign
    for data in _framed(io.BytesIO(_unpacked(packed.compressed_packets)), MOST_PACKET):
        packet = _parsed(data)
        if packet is None:
            raise Damaged("a packet is no message of Perfetto's")
        yield packet


def _framed(stream: IO[bytes], most: int) -> Iterator[bytes]:
    """The messages that stand in *stream*, each behind its tag and its length, which is *most* bytes at most."""
    first = True
    while tag := stream.read(1):
        if tag != b"\x0a":
            raise Foreign if first else Damaged(f"found the byte {tag[0]:#04x}, expected a packet")
        first, size = False, 0
        for place in range(LONGEST_VARINT):
            byte = stream.read(1)
            if not byte:
                raise Truncated("the last packet stops before its end")
            size |= (byte[0] & 0x7F) << 7 * place
            if byte[0] < 0x80:
                break
        if size > most:
            raise Damaged(f"a packet has {size:,} bytes, expected at most {most:,}")
        data = stream.read(size)
        if len(data) < size:
            raise Truncated("the last packet stops before its end")
        yield data


def _parsed(data: bytes) -> Any | None:
    """The packet that *data* is, if it is one; the parser is not ours, and raises what it likes."""
    try:
        return pb.TracePacket.FromString(data)
    except Exception:
        return None


def _unpacked(data: bytes) -> bytes:
    inflate = zlib.decompressobj()
    try:
        unpacked = inflate.decompress(data, MOST_UNPACKED)
    except zlib.error as error:
        raise Damaged(f"a batch cannot be decompressed: {error}") from None
    if not inflate.eof or inflate.unused_data:
        raise Damaged(f"a batch is not whole, or has more than {MOST_UNPACKED:,} bytes")
    return unpacked
