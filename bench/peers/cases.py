"""What is compared: sizes of the state update of Mamba-1, products, and what both take at least, by hand."""

from __future__ import annotations

from math import ceil
from typing import Final, NamedTuple

from hw.machine import MachineSpec

ELEMENT_BYTES: Final = 2  # bf16, in both tools


class Block(NamedTuple):
    """Sizes of the eight operations: tokens, channels, and the state of a channel."""

    tokens: int
    d_inner: int
    d_state: int

    @property
    def name(self) -> str:
        """As tables have it."""
        return f"L {self.tokens:,}, d_inner {self.d_inner:,}, N {self.d_state}"

    @property
    def settings(self) -> list[str]:
        """What makes bench/peers/scan_block.yaml as large."""
        sizes = {"i": self.d_inner, "n": self.d_state}
        return [f"sequence_length={self.tokens}", *(f"equations.sizes.{index}={size}" for index, size in sizes.items())]


BLOCKS: Final = (Block(256, 1536, 16), Block(64, 3072, 64), Block(1024, 512, 16))
PRODUCTS: Final = {
    (1, 4096, 1536): ("os", "ws", "is"), (128, 128, 64): ("os", "ws", "is"), (1024, 16, 4096): ("os",),
}  # fmt: skip
"""(M, N, K) -> dataflows: the products of the systolic reference (sim/validation/data/scalesim_32x32.csv), but of the
last stationary outputs only: of the others SCALE-Sim takes minutes to walk through the cycles."""


def least_cycles(block: Block, machine: MachineSpec, outer_on_array: bool) -> dict[str, int]:
    """Cycles that each unit takes at least, by hand, in core cycles.

    Lanes: exp takes its own cycles for each element of the state, dA, dBx and scan (a multiply-add) one, skip and out
    one for each channel; dB, an outer product, one more unless it is on the array. Array: the MACs of the read-out, and
    of dB there, at its peak. DRAM: x, delta, y [L, d_inner], B, C [L, N], A [d_inner, N] and D [d_inner] cross it once.
    """
    tokens, d_inner, d_state = block
    assert machine.simd is not None and machine.mac_array is not None
    state = tokens * d_inner * d_state
    lane_cycles = state * (machine.simd.cycles["exp"] + 3 + (not outer_on_array)) + 2 * tokens * d_inner
    moved = tokens * (3 * d_inner + 2 * d_state) + d_inner * d_state + d_inner
    return {
        "lanes": ceil(lane_cycles / machine.simd.lanes),
        "array": ceil(state * (1 + outer_on_array) / machine.mac_array.macs_per_cycle),
        "DRAM": ceil(machine.dram_cycles(moved * ELEMENT_BYTES)),
    }
