"""What makes the graphs of a model, whether its equations are written in Python or in YAML."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel

from workloads.graph import TimestepGraph

SEQUENTIAL = "sequential"
LONGEST_CHUNK = 65_536  # tokens


@dataclass(frozen=True)
class Generator:
    """A model: its dimensions, the graph of one token, and those of a chunk of tokens, by name of the formulation.

    ``chunk`` is how many tokens a chunk has if nothing is said: the official implementation's default. ``longest`` is
    how many it may have.
    """

    dimensions: type[BaseModel]
    sequential: Callable[[Any], TimestepGraph]
    chunked: Mapping[str, Callable[[Any, int], TimestepGraph]]
    chunk: Callable[[Any], int]
    longest: int = LONGEST_CHUNK
