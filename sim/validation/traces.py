"""The request traces of the LPDDR5 reference runs, by name: arrays of (1 for a write, byte address, bytes).

Streams and random accesses in 64-byte requests; random ones come from a 64-bit linear congruential generator (Knuth's
MMIX constants, high half), so that any program can replay them. Addresses are of one channel of 1 GiB, or of two.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hw.dram.replay import Ints

MIB, GIB = 1 << 20, 1 << 30
LINE = 64
ROW_STRIDE = 1 << 15  # from a row of a bank to the next row of it
NEXT_BANK = 1 << 13
MIXED_BYTES = 10 * 1024 * 410


@dataclass(frozen=True)
class Stream:
    """Consecutive chunks from ``base`` on; ``weight`` of them are taken whenever it is the stream's turn."""

    write: bool
    base: int
    chunk: int
    weight: int = 1


def sequential(write: bool, size: int) -> Ints:
    """Lines from address 0 on."""
    addresses = np.arange(0, size, LINE)
    return _lines(np.full(len(addresses), write), addresses)


def interleaved(streams: Sequence[Stream], size: int) -> Ints:
    """Chunks of *streams* in turn until *size* bytes are asked for."""
    writes: list[bool] = []
    addresses: list[int] = []
    taken = [0] * len(streams)
    while sum(taken) < size:
        for number, stream in enumerate(streams):
            for _ in range(stream.weight):
                begin = stream.base + taken[number]
                lines = range(begin, begin + stream.chunk, LINE)
                addresses += lines
                writes += [stream.write] * len(lines)
                taken[number] += stream.chunk
    return _lines(np.array(writes), np.array(addresses))


def random(count: int, span: int, seed: int, written_percent: int) -> Ints:
    """Lines anywhere in *span*; of each a second draw says whether it is written, unless all or none are."""
    state = seed
    table = np.zeros((count, 3), dtype=np.int64)
    for number in range(count):
        state, drawn = _draw(state)
        write = written_percent == 100
        if 0 < written_percent < 100:
            state, chance = _draw(state)
            write = chance % 100 < written_percent
        table[number] = write, drawn % (span // LINE) * LINE, LINE
    return table


def _draw(state: int) -> tuple[int, int]:
    state = (state * 6364136223846793005 + 1442695040888963407) % (1 << 64)
    return state, state >> 32


def _lines(writes: NDArray[np.bool_], addresses: Ints) -> Ints:
    return np.stack([writes.astype(np.int64), addresses, np.full(len(addresses), LINE)], axis=1)


def build(name: str) -> Ints:
    """The trace that the reference data call *name*; raises KeyError for any other."""
    far, other_bank = 256 * MIB, 256 * MIB + NEXT_BANK
    sizes = {"64B": 64, "512B": 512, "4K": 4096}
    if name.startswith(("d_rw50_", "d2_rw50_samebank_")):
        chunk = sizes[name.rsplit("_", 1)[1]]
        written = far if "samebank" in name else other_bank
        return interleaved([Stream(False, 0, chunk), Stream(True, written, chunk)], 4 * MIB)
    match name:
        case "a_seq_read_4M" | "a_seq_read_64M":
            return sequential(False, int(name.rsplit("_", 1)[1][:-1]) * MIB)
        case "b_seq_write_4M" | "b_seq_write_64M":
            return sequential(True, int(name.rsplit("_", 1)[1][:-1]) * MIB)
        case "c_rand_read_64B":
            return random(65536, GIB, 1, 0)
        case "c2_rand_write_64B":
            return random(65536, GIB, 2, 100)
        case "c3_rand_rw50_64B":
            return random(65536, GIB, 3, 50)
        case "e_bank_conflict_read":
            return _lines(np.zeros(8192, bool), np.arange(8192) * ROW_STRIDE % GIB)
        case "e2_bank_conflict_2rows":
            order = np.arange(8192)
            return _lines(np.zeros(8192, bool), order % 2 * ROW_STRIDE + order // 2 * 256 % NEXT_BANK)
        case "f_2_read_streams_64B":
            return interleaved([Stream(False, 0, 64), Stream(False, other_bank, 64)], 4 * MIB)
        case "f2_2_read_streams_samebank_64B":
            return interleaved([Stream(False, 0, 64), Stream(False, far, 64)], 4 * MIB)
        case "f3_2_read_streams_samebank_1K":
            return interleaved([Stream(False, 0, 1024), Stream(False, far, 1024)], 4 * MIB)
        case "g_r70w30_1K":
            return interleaved([Stream(False, 0, 1024, 7), Stream(True, other_bank, 1024, 3)], MIXED_BYTES)
        case "g2_r70w30_1K_fine":
            parts = [(False, 0, 2), (True, other_bank, 1), (False, 2 * far, 3), (True, 3 * far + NEXT_BANK, 1)]
            parts += [(False, 128 * MIB + 2 * NEXT_BANK, 2), (True, 384 * MIB + 3 * NEXT_BANK, 1)]
            return interleaved([Stream(write, base, 1024, weight) for write, base, weight in parts], MIXED_BYTES)
        case "2ch_h_seq_read_8M":
            return sequential(False, 8 * MIB)
        case "2ch_h_seq_write_8M":
            return sequential(True, 8 * MIB)
        case "2ch_h_rand_read_64B":
            return random(131072, 2 * GIB, 1, 0)
        case "2ch_h_r70w30_1K":
            written = 512 * MIB + 2 * NEXT_BANK
            return interleaved([Stream(False, 0, 1024, 7), Stream(True, written, 1024, 3)], 2 * MIXED_BYTES)
    raise KeyError(name)
