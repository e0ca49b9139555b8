"""The models that a workload can name: one entry each.

A new one is a file beside this one and an entry in :data:`GENERATORS`; or, from another package, :func:`register`, or
an entry point of the group ``stallscope.models`` whose object is the :class:`~workloads.models.generator.Generator`.
Models written as equations in YAML need none (equations.py); neither do those whose layers differ, all of which are
called LAYERS (layers/).
"""

from __future__ import annotations

from pydantic import BaseModel

from workloads.models.generator import Generator
from workloads.models.layers.spec import LayersSpec
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

ENTRY_POINTS = "stallscope.models"
LAYERS = "layers"
"""What a model is called whose layers differ."""

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


def described() -> dict[str, type[BaseModel]]:
    """Name of a model -> the description of its dimensions, of every model that has one."""
    return {name: generator.dimensions for name, generator in GENERATORS.items()} | {LAYERS: LayersSpec}


def register(name: str, generator: Generator) -> None:
    """Let workloads name the model *generator*; raises ValueError if another has that *name*."""
    if GENERATORS.setdefault(name, generator) is not generator:
        raise ValueError(f"another model is called {name!r}")


def known_generator(name: str) -> Generator | None:
    """The model called *name*, of this package or another one that is installed; None if there is none."""
    if name not in GENERATORS:
        from importlib.metadata import entry_points  # reads files of every package

        for entry in entry_points(group=ENTRY_POINTS, name=name):
            register(name, entry.load())
            break
    return GENERATORS.get(name)
