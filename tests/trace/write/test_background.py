"""What is done beside the run: in its order, and with its mistakes."""

from __future__ import annotations

import gzip
import io

import pytest

from sim.trace.write.background import MOST_WAITING, Gzip, background


def test_one_thing_is_done_after_the_other() -> None:
    done: list[int] = []
    with background() as beside:
        for number in range(5 * MOST_WAITING):
            beside.do(done.append, number)
    assert done == list(range(5 * MOST_WAITING))


@pytest.mark.parametrize("more", [0, 2 * MOST_WAITING])
def test_what_fails_is_raised(more: int) -> None:
    with pytest.raises(ZeroDivisionError), background() as beside:
        beside.do(lambda: 1 / 0)
        for _ in range(more):
            beside.do(lambda: None)


def test_what_is_compressed_is_the_same_every_time() -> None:
    streams = [io.BytesIO(), io.BytesIO()]
    for stream in streams:
        with background() as beside:
            out = Gzip(stream, beside)
            for _ in range(100):
                out.write(b"one line\n")
            out.close()
    first, second = (stream.getvalue() for stream in streams)
    assert first == second and gzip.decompress(first) == b"one line\n" * 100
