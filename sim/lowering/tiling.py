"""How the timesteps of a layer are cut into tiles."""

from __future__ import annotations

from dataclasses import dataclass

from hw.integers import ceil_div
from sim.lowering.program import TileVariant


@dataclass(frozen=True)
class Tiling:
    """A layer of ``steps`` timesteps in tiles of ``tile_steps``, of which the last may have fewer."""

    steps: int
    tile_steps: int

    @property
    def tiles(self) -> int:
        """Tiles of a layer."""
        return ceil_div(self.steps, self.tile_steps)

    @property
    def last_steps(self) -> int:
        """Timesteps of the last tile."""
        return self.steps - (self.tiles - 1) * self.tile_steps

    def steps_in(self, variant: TileVariant) -> int:
        """Timesteps of a tile of a *variant*."""
        return self.last_steps if TileVariant.LAST in variant else self.tile_steps
