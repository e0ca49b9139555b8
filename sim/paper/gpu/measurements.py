"""What ``python -m bench.gpu`` measured on a GPU: one file for each card, ``gpu/NAME.json`` beside the pages.

A figure is one of *seconds* or of what follows from them; every one says what ran (``code``) and how it was launched:
``plain``, each kernel as it is called, or ``graph``, a CUDA graph of all of them. What was not measured is absent.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from hw.spec import Spec
from sim.files.catalog import shipped
from sim.files.documents import Document, read_document
from sim.files.errors import InputError, Problem, did_you_mean, quoted

FOLDER = "gpu"
FUSED, TORCH = "fused kernel of ours", "torch operations"  # of ``code``; the third is mamba-ssm
MACHINES = {("NVIDIA H100", 132): "h100", ("NVIDIA H200", 132): "h200"}
"""How a card's name begins, and its multiprocessors -> the machine that is such a card; an H100 for PCIe has fewer."""
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

    From the scan's inputs to the gated output, as the paper counts. *launches* are those of a layer for all
    tokens; *kernels* tells the longest of them apart where a profile was taken.
    """

    row: str = Field(description="A shipped workload, whose state update this is.")
    code: str
    layers: Count
    tokens: Count
    launch: Launch
    timed: Timed = Field(description="All layers, all tokens.")
    launches: Count | None = None
    kernels: list[Kernel] = Field(default_factory=list)

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
    launches: list[LaunchRate] = Field(default_factory=list)
    copies: list[CopyRate] = Field(default_factory=list)
    products: list[ProductRate] = Field(default_factory=list)
    state_updates: list[StateUpdate] = Field(default_factory=list)
    decode: list[Decode] = Field(default_factory=list)
    attention: list[AttentionRate] = Field(default_factory=list)
    checks: list[Check] = Field(default_factory=list)
    missing: dict[str, str] = Field(default_factory=dict, description="What was not measured, and why.")

    @property
    def figures(self) -> int:
        """How many it has of what is timed."""
        rates = len(self.launches) + len(self.copies) + len(self.products) + len(self.attention)
        return rates + len(self.state_updates) + len(self.decode)

    def launch_seconds(self, launch: Launch) -> float | None:
        """Seconds that a launch takes; None if that was not measured."""
        return next((each.seconds for each in self.launches if each.launch == launch), None)

    def update(self, row: str, code: str, launch: Launch) -> StateUpdate | None:
        """A state update; None if it was not measured."""
        wanted = row, code, launch
        return next((each for each in self.state_updates if (each.row, each.code, each.launch) == wanted), None)

    def quickest(self, row: str, code: str | None = None) -> StateUpdate | None:
        """The quickest way of a row, by one code or by any; None if there is none."""
        found = [each for each in self.state_updates if each.row == row and code in (None, each.code)]
        return min(found, key=lambda each: each.timed.seconds, default=None)

    def fused(self, row: str) -> StateUpdate | None:
        """The quickest way of a row with kernels made for it; None if there is none."""
        found = [each for each in self.state_updates if each.row == row and each.code != TORCH]
        return min(found, key=lambda each: each.timed.seconds, default=None)

    def curve(self, workload: str, launch: Launch) -> dict[int, float]:
        """Tokens a second of decode by batch, in rising order; of several codes the quickest."""
        found: dict[int, float] = {}
        for step in sorted(self.decode, key=lambda each: each.batch):
            if (step.workload, step.launch) == (workload, launch):
                found[step.batch] = max(step.tokens_per_second, found.get(step.batch, 0.0))
        return found

    @property
    def machine(self) -> str | None:
        """The shipped machine that is such a card; None if none is."""
        own = self.card
        return next(
            (m for (name, sms), m in MACHINES.items() if own.name.startswith(name) and own.multiprocessors == sms), None
        )


Measured = Mapping[str, GpuMeasurements]
"""Measurements by the names of their files beside the pages."""


def fullest(gpu: Measured) -> dict[str, GpuMeasurements]:
    """Of each model of card the file with the most figures, the first of equals."""
    best: dict[str, tuple[str, GpuMeasurements]] = {}
    for file, card in gpu.items():
        if card.card.name not in best or card.figures > best[card.card.name][1].figures:
            best[card.card.name] = file, card
    return dict(best.values())


def read_measurements(folder: Path) -> dict[str, GpuMeasurements]:
    """The measurements beside the pages in *folder*, by and in the order of their files' names; none if none are there.

    Raises InputError with every mistake in the files.
    """
    found, problems = dict[str, GpuMeasurements](), list[Problem]()
    for path in sorted((folder / FOLDER).glob("*.json")):
        try:
            document = read_document(path, None)
            found[f"{FOLDER}/{path.name}"] = measurements = document.check(GpuMeasurements)
        except InputError as error:
            problems += error.problems
        else:
            problems += _unknown(document, measurements)
    if problems:
        raise InputError(*problems)
    return found


def _unknown(document: Document, measurements: GpuMeasurements) -> list[Problem]:
    """Names of workloads that are none of ours."""
    places = [(("state_updates", at, "row"), each.row) for at, each in enumerate(measurements.state_updates)]
    steps = [(("decode", at, "workload"), each.workload) for at, each in enumerate(measurements.decode)]
    known = shipped("workload")
    return [
        document.problem(place, f"unknown workload, found {quoted(name)}{did_you_mean(name, known)}")
        for place, name in (*places, *steps)
        if name not in known
    ]
