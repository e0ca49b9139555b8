"""A stream that has not been told otherwise asks for nothing and waits for nothing."""

from __future__ import annotations

import pytest

from hw.reasons import START
from hw.stream import Stream
from hw.unit import Unit


def test_a_new_stream_asks_for_nothing_and_waits_for_nothing(unit: Unit) -> None:
    tally = unit.ledger.open()
    stream = Stream("new", 7, tally, unit.engine)
    assert (stream.name, stream.priority, stream.tally) == ("new", 7, tally)
    assert (stream.reason, stream.ready_at, stream.view) == (START, 0, None)
    assert (stream.cycles, stream.tail_cycles, stream.load) == (0, 0, 0)
    assert (stream.size_bytes, stream.address, stream.origin, stream.write) == (0, 0, 0, False)
    assert stream.landing() is None


def test_units_number_the_streams_that_are_added(unit: Unit) -> None:
    streams = [Stream(name, 0, unit.ledger.open(), unit.engine) for name in "abc"]
    for stream in streams:
        unit.add(stream)
    assert [stream.place for stream in streams] == [0, 1, 2]


def test_a_stream_has_to_say_what_it_does_when_its_request_has_started(unit: Unit) -> None:
    with pytest.raises(NotImplementedError):
        Stream("new", 0, unit.ledger.open(), unit.engine).issued(1, 1, None)
