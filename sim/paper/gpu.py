"""What ``python -m bench.gpu`` measured on a GPU: one file for each card, ``gpu/NAME.json`` beside the pages.

A figure is one of *seconds* or of what follows from them; every one says what ran (``code``) and how it was launched:
``plain``, each kernel as it is called, or ``graph``, a CUDA graph of all of them. What was not measured is absent.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from hw.spec import Spec
from sim.files.catalog import shipped
from sim.files.documents import read_document
from sim.files.errors import InputError

FOLDER = "gpu"
Positive = Annotated[float, Field(gt=0, allow_inf_nan=False)]
Count = Annotated[int, Field(ge=1)]
Launch = Literal["plain", "graph"]


class Card(Spec):
    """The card, as its driver says, and its clocks while the largest product ran."""

    name: str
    fingerprint: str = Field(description="Of its serial identity: the same for the same card, and says no more.")
    multiprocessors: Count
    memory_bytes: Count
    l2_bytes: Count
    power_limit_watts: Positive | None = None
    idle_watts: Positive | None = None
    sm_clock_mhz: Positive | None = None
    sm_clock_max_mhz: Positive | None = None
    memory_clock_mhz: Positive | None = None
    driver: str = ""


class Timed(Spec):
    """Seconds of one run: the median of several and the tenth and ninetieth percentile; watts while it is repeated."""

    seconds: Positive
    least: Positive
    most: Positive
    watts: Positive | None = None


class LaunchRate(Spec):
    """Seconds that an empty kernel adds to a row of them."""

    launch: Launch
    seconds: Positive


class CopyRate(Spec):
    """A copy on the device: *bytes* read and as many written."""

    bytes: Count
    timed: Timed

    @property
    def bytes_per_second(self) -> float:
        """Bytes read and written a second."""
        return 2 * self.bytes / self.timed.seconds


class ProductRate(Spec):
    """``[m, k]`` times ``[k, n]`` in 16 bit, in a graph; ``m`` = 1 is a matrix and a vector.

    So many different matrices are read in turn (*copies*) that none is left in the cache from the time before.
    """

    m: Count
    n: Count
    k: Count
    copies: Count
    timed: Timed

    @property
    def macs_per_second(self) -> float:
        """Multiply-accumulates a second."""
        return self.m * self.n * self.k / self.timed.seconds


class Kernel(Spec):
    """One kernel of a layer: how often it runs, and microseconds of all of its runs."""

    name: str
    runs: Count
    microseconds: Positive


class StateUpdate(Spec):
    """The state update of all layers for a prompt, B = 1: what a row of Table 1 is.

    From the scan's inputs to the gated output, as the paper counts. *launches* are those of a layer, for all tokens or
    for one, whichever the code does at a time; *kernels* tells them apart where a profile was taken.
    """

    row: str = Field(description="A shipped workload, whose state update this is.")
    code: str
    layers: Count
    tokens: Count
    launch: Launch
    timed: Timed = Field(description="All layers, all tokens.")
    launches: Count | None = None
    kernels: list[Kernel] = []

    @property
    def tokens_per_second(self) -> float:
        """Tokens a second of all layers."""
        return self.tokens / self.timed.seconds


class Decode(Spec):
    """A step of decode of *batch* sequences through all layers, without LM head."""

    workload: str
    code: str
    batch: Count
    launch: Launch
    timed: Timed
    launches: Count | None = Field(default=None, description="Kernels of a step.")

    @property
    def tokens_per_second(self) -> float:
        """Tokens a second of all sequences together."""
        return self.batch / self.timed.seconds


class AttentionRate(Spec):
    """Scaled-dot-product attention of one layer of a prompt; ``mask``: how causality is told."""

    tokens: Count
    heads: Count
    key_heads: Count
    head_dim: Count
    mask: Literal["is_causal", "explicit"]
    timed: Timed


class Check(Spec):
    """The largest error of *code* against the same equations in float64, over the largest value."""

    code: str
    error: Annotated[float, Field(ge=0, allow_inf_nan=False)]


class GpuMeasurements(Spec):
    """What one card did, and how to measure it again: *command*, with the versions in *software*."""

    command: str
    stallscope: str
    date: str
    card: Card
    software: dict[str, str]
    launches: list[LaunchRate] = []
    copies: list[CopyRate] = []
    products: list[ProductRate] = []
    state_updates: list[StateUpdate] = []
    decode: list[Decode] = []
    attention: list[AttentionRate] = []
    checks: list[Check] = []
    missing: dict[str, str] = Field(default={}, description="What was not measured, and why.")


def read_measurements(folder: Path) -> list[GpuMeasurements]:
    """The measurements beside the pages in *folder*, in the order of their files' names; none if there are none.

    Raises InputError with every mistake in the files.
    """
    found, problems, known = [], [], set(shipped("workload"))
    for path in sorted((folder / FOLDER).glob("*.json")):
        document = read_document(path)
        measurements = document.check(GpuMeasurements)
        problems += [
            document.problem([*where, number, key], f"unknown workload, found {name!r}")
            for where, key, names in (
                (["state_updates"], "row", [update.row for update in measurements.state_updates]),
                (["decode"], "workload", [step.workload for step in measurements.decode]),
            )
            for number, name in enumerate(names)
            if name not in known
        ]
        found.append(measurements)
    if problems:
        raise InputError(*problems)
    return found
