"""How a layer is laid onto a machine: what a candidate of the search is, and what all that follows is made from."""

from __future__ import annotations

from collections.abc import Mapping as Map
from dataclasses import dataclass

from hw.unit_names import ComputeUnit
from workloads.workload_spec import SpareSram


@dataclass(frozen=True)
class Mapping:
    """One way to lay a layer onto a machine.

    A tile is ``token_tile`` tokens of ``batch`` sequences, in timesteps of ``chunk`` tokens. The layer's parallel index
    is cut into ``blocks`` of ``lanes``. ``stepped`` operations run timestep by timestep, those of recurrences and
    neighbours that have ``step_elements``; ``placement`` gives each operation its unit. Weights come in tiles of at
    most ``weight_slot_bytes``. With ``spill`` the state is in DRAM and on chip only for the blocks at work. No more
    than ``sram_bytes`` of the SRAM are used, all of it if None; what is left of that goes to more slots, by
    ``spare_sram`` to all buffers in turn or to weights first. A unit takes the oldest tile first, and of that what
    comes first in the layer. With ``head_first`` what a layer begins with goes one tile ahead of everything else; with
    ``steps_first`` what runs step by step goes before the rest of its tile. With ``share_projections`` the tiles of
    weights of batched projections are dealt out to all arrays that are equal to the one where they are placed.
    """

    token_tile: int
    chunk: int
    batch: int
    blocks: int
    lanes: int
    stepped: frozenset[str]
    placement: Map[str, ComputeUnit]
    weight_slot_bytes: int
    spill: bool = False
    sram_bytes: int | None = None
    spare_sram: SpareSram = "evenly"
    head_first: bool = False
    steps_first: bool = False
    step_elements: int = 1
    share_projections: bool = False

    @property
    def tile_steps(self) -> int:
        """Timesteps of a tile."""
        return self.token_tile // self.chunk

    @property
    def groups(self) -> int:
        """Parts into which the parallel index is cut."""
        return self.blocks * self.lanes
