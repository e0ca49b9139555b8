"""The models that a workload can name: one entry each.

A new one is a file beside this one and an entry in :data:`GENERATORS`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel

from workloads.graph import TimestepGraph
from workloads.models.mamba1 import Mamba1Dimensions, mamba1_blelloch, mamba1_kogge_stone, mamba1_sequential
from workloads.models.mamba2 import Mamba2Dimensions, mamba2_chunked, mamba2_sequential
from workloads.models.mamba3 import (
    Mamba3Dimensions,
    Mamba3NaiveDimensions,
    mamba3_chunked,
    mamba3_naive_chunked,
    mamba3_naive_sequential,
    mamba3_sequential,
)

SEQUENTIAL = "sequential"


@dataclass(frozen=True)
class Generator:
    """A model: its dimensions, the graph of one token, and those of a chunk of tokens, by name of the formulation.

    ``chunk`` is how many tokens a chunk has if nothing is said: the official implementation's default.
    """

    dimensions: type[BaseModel]
    sequential: Callable[[Any], TimestepGraph]
    chunked: Mapping[str, Callable[[Any, int], TimestepGraph]]
    chunk: Callable[[Any], int]


GENERATORS: dict[str, Generator] = {
    "mamba1": Generator(
        Mamba1Dimensions,
        mamba1_sequential,
        {"blelloch": mamba1_blelloch, "kogge_stone": mamba1_kogge_stone},
        lambda m: 32,  # ours: the official kernel scans up to 2048 tokens at once, in registers
    ),
    "mamba2": Generator(Mamba2Dimensions, mamba2_sequential, {"chunked": mamba2_chunked}, lambda m: 256),
    "mamba3": Generator(
        Mamba3Dimensions, mamba3_sequential, {"chunked": mamba3_chunked}, lambda m: 64 // m.mimo_rank if m.mimo else 64
    ),
    "mamba3_naive": Generator(
        Mamba3NaiveDimensions,
        mamba3_naive_sequential,
        {"chunked": mamba3_naive_chunked},
        lambda m: max(1, 64 // m.mimo_rank),
    ),
}
