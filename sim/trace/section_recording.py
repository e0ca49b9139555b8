"""Makes slices and counters of what was heard of one section of a run, many requests at a time."""

from __future__ import annotations

from array import array
from dataclasses import dataclass, field

import numpy as np

from hw.ledger import Landing
from hw.machine import MachineSpec
from hw.unit_names import DMA
from sim.lowering.section import Section
from sim.trace.causes import RecentRequests
from sim.trace.channels import ChannelTimeline
from sim.trace.counters import RunCounters
from sim.trace.occupancy import Occupancy
from sim.trace.requests import ItemTables, Requests
from sim.trace.slice_writer import SliceWriter
from sim.trace.slices import NOTHING, Numbers, Slices, Words

Wait = tuple[str, str, int, int, int]  # unit, reason, start, end, number of the request that ends it


@dataclass
class Heard:
    """What has been heard of a section and is not written yet; cycles are those of the section."""

    requests: array[int] = field(default_factory=lambda: array("q"))  # of each what HEARD says
    waits: list[Wait] = field(default_factory=list)
    landings: list[Landing] = field(default_factory=list)  # of the transfers among the requests


@dataclass(frozen=True)
class Output:
    """What the sections of a run have in common: the machine, the names of its channels, where slices and counts go."""

    machine: MachineSpec
    channels: tuple[str, ...]
    slices: SliceWriter
    counters: RunCounters


class SectionRecording:
    """The recording of *section*, which begins at cycle *origin* of the run, for *output*."""

    def __init__(self, section: Section, origin: int, output: Output) -> None:
        program = section.program
        self._channels, self._slices, self._counters = output.channels, output.slices, output.counters
        self._tables = ItemTables(section, origin)
        self._recent = RecentRequests(program.pool)
        self._timeline = ChannelTimeline(output.machine, program.reasons, origin)
        self._occupancy = Occupancy(section, self._tables)
        self._flight_tracks = FlightTracks()
        self._counters.occupied([self._occupancy.resident()])

    def write(self, heard: Heard) -> Heard:
        """Write the next requests *heard*, and what belongs to them; returns what is left, waits for the next."""
        return self._write(heard)[1]

    def finish(self, heard: Heard, makespan: int) -> None:
        """Write the last requests *heard*, and what units and channels waited from then to cycle *makespan*."""
        work, left = self._write(heard)
        self._write_waits(left.waits, np.full(len(left.waits), NOTHING), work)
        use = self._timeline.finish(makespan)
        self._slices.channels(self._channels, use, use.transfer, work)
        self._counters.take_in(makespan + self._tables.origin, self._slices.shown)

    def leave(self, cycle: int) -> None:
        """Another section begins at *cycle*: nothing that this one holds in SRAM is needed any more."""
        self._counters.occupied(self._occupancy.clear(cycle))

    def _write(self, heard: Heard) -> tuple[Slices, Heard]:
        """Write *heard*; returns the slices of the requests, and what is left."""
        requests = self._tables.requests(heard.requests)
        work = self._slices.work(requests, self._tables, self._recent)
        ended = [wait for wait in heard.waits if wait[-1] < len(requests)]
        self._write_waits(ended, np.array([number for *_, number in ended], np.int64), work)
        self._write_transfers(heard.landings, requests, work)
        self._counters.occupied(self._occupancy.changes(requests))
        self._counters.work(work.unit, requests)
        self._counters.take_in(int(requests.now.max(initial=0)), self._slices.shown)
        return work, Heard(waits=[(*wait[:-1], 0) for wait in heard.waits if wait[-1] == len(requests)])

    def _write_waits(self, waits: list[Wait], rows: Numbers, work: Slices) -> None:
        """Write *waits*, which belong to these *rows* of *work*."""
        if waits:
            unit, reason, *cycles, _ = zip(*waits, strict=True)
            start, end = np.array(cycles, np.int64) + self._tables.origin
            self._slices.stalls(Words.of(unit), Words.of(reason), start, end, rows, work)

    def _write_transfers(self, landings: list[Landing], requests: Requests, work: Slices) -> None:
        """Write the transfers in flight, and what the channels did for them."""
        transfers = np.flatnonzero(np.array(work.unit.texts)[work.unit.codes] == DMA)
        issued, item = requests.now[transfers], (requests.variant[transfers], requests.row[transfers])
        self._slices.flights(work, transfers, issued, self._flight_tracks.assign(issued, requests.end[transfers]))
        use = self._timeline.transfers(landings)
        self._slices.channels(self._channels, use, transfers[use.transfer], work)
        data = use[use.moves]
        size_bytes, writes = self._tables.bytes[item], self._tables.writes[item]
        for write in (False, True):
            moved = data[writes[data.transfer] == write]
            self._counters.moved(write, moved.start, moved.end, size_bytes[moved.transfer])


class FlightTracks:
    """Gives each transfer in flight the number of a track on which there is no other at the time."""

    def __init__(self) -> None:
        self._taken_until: list[int] = []

    def assign(self, issued: Numbers, end: Numbers) -> Numbers:
        """The numbers of the tracks of the next transfers, by when they were *issued* and when they *end*."""
        pairs = zip(issued.tolist(), end.tolist(), strict=True)
        return np.array([self._first_free(*pair) for pair in pairs], np.int64)

    def _first_free(self, issued: int, end: int) -> int:
        """The first track that is free at *issued*; it is taken until *end*."""
        taken = self._taken_until
        track = next((number for number, until in enumerate(taken) if until <= issued), len(taken))
        taken[track : track + 1] = [end]
        return track
