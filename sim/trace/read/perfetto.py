"""Reads the packets that :mod:`sim.trace.write.perfetto` writes."""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

from perfetto.protos.perfetto.trace import perfetto_trace_pb2 as pb

from sim.trace.columns import TraceRow, counter_row
from sim.trace.slices import NANOSECONDS

KINDS = ("event_names", "event_categories", "debug_annotation_names")


def packet_rows(path: Path) -> Iterator[TraceRow]:
    """The slices and counters of the trace at *path*; raises ValueError for what is not one of ours."""
    names: dict[tuple[str, int], str] = {}
    processes: dict[int, str] = {}
    clock_hz = 0
    tracks: dict[int, tuple[int, str, str]] = {}  # process, name, unit of a counter
    counters: dict[int, TraceRow] = {}
    with path.open("rb") as stream:
        for packet in _packets(stream):
            descriptor, event = packet.track_descriptor, packet.track_event
            _learn(names, packet.interned_data)
            if descriptor.HasField("process"):
                label = re.search(r"(\d+) Hz", "".join(descriptor.process.process_labels))
                clock_hz = int(label[1]) if label is not None else clock_hz
                processes[descriptor.uuid] = descriptor.process.process_name
            elif descriptor.HasField("thread"):
                tracks[descriptor.uuid] = descriptor.thread.pid, descriptor.thread.thread_name, ""
            elif descriptor.uuid:
                tracks[descriptor.uuid] = descriptor.parent_uuid, descriptor.name, descriptor.counter.unit_name
            elif event.type == pb.TrackEvent.TYPE_SLICE_BEGIN:
                process, track, _ = tracks[event.track_uuid]
                kind, name = names["event_categories", event.category_iids[0]], names["event_names", event.name_iid]
                row = {"kind": kind, "unit": processes[process], "track": track, "name": name}
                yield row | {
                    names["debug_annotation_names", n.name_iid]: _value(n, names) for n in event.debug_annotations
                }
            elif event.type == pb.TrackEvent.TYPE_COUNTER:
                process, track, unit = tracks[event.track_uuid]
                cycle = -(-packet.timestamp * clock_hz // NANOSECONDS)
                if event.track_uuid in counters:
                    yield counters[event.track_uuid] | {"end_cycle": cycle}
                counters[event.track_uuid] = counter_row(
                    processes[process], unit, track, cycle, event.double_counter_value
                )


def _learn(names: dict[tuple[str, int], str], interned: Any) -> None:
    for kind in KINDS:
        for entry in getattr(interned, kind):
            names[kind, entry.iid] = entry.name
    for entry in interned.debug_annotation_string_values:
        names["debug_annotation_string_values", entry.iid] = entry.str.decode()


def _value(note: Any, names: dict[tuple[str, int], str]) -> int | str:
    if note.HasField("int_value"):
        return int(note.int_value)
    return names["debug_annotation_string_values", note.string_value_iid]


def _packets(stream: IO[bytes]) -> Iterator[Any]:
    """The packets of a trace, those in compressed batches too, a batch at a time in memory."""
    while tag := stream.read(1):
        if tag != b"\x0a":
            raise ValueError("no packet")
        size = shift = 0
        while True:
            byte = stream.read(1)[0]
            size |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                break
        packet = pb.TracePacket.FromString(stream.read(size))
        if packet.compressed_packets:
            yield from pb.Trace.FromString(zlib.decompress(packet.compressed_packets)).packet
        else:
            yield packet
