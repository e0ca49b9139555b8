"""What a GPU took, and what a machine that is described like it takes for the same: kernels and steps of decode.

Every prediction is made twice. *By the data sheet*: the shipped machine as it is. *Scaled*: with the clocks of chip and
DRAM changed so that the largest copy and the largest product take as long as measured; these two then predict nothing,
and nothing else that was measured goes into a prediction.

Of each code the quicker way to launch it is shown; a machine is judged by the quickest code of each thing.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from sim.paper.gpu.kernels import Copy, Kernel, KernelRun, Product, Update, kernel_seconds, machine_spec
from sim.paper.gpu.measurements import GpuMeasurements, Launch
from sim.paper.pages import excess
from sim.paper.runs import Run, Runs

MANY: Final = 64  # sequences, from which on a step of decode is one of many
FEMTOSECONDS: Final = 10**15


@dataclass(frozen=True)
class Step:
    """A step of decode of *batch* sequences, without LM head."""

    workload: str
    batch: int

    @property
    def title(self) -> str:
        """What it is called in tables."""
        return self.workload

    @property
    def kind(self) -> str:
        """Its class, by how many sequences there are."""
        return "decode, B = 1" if self.batch == 1 else f"decode, B {'<' if self.batch < MANY else '>='} {MANY}"

    def run(self, machine: str, settings: tuple[str, ...]) -> Run:
        """What to simulate; without *settings* the runs of Figure 1."""
        own = ("phase=decode", f"batch={self.batch}", "mapping.weight_slot_kib=512")
        return Run(self.workload, machine, (*own, *settings))


@dataclass(frozen=True)
class Item:
    """Something that took *measured* seconds, so many *times* the *work*; *launches* are those of all of it."""

    work: Kernel | Step
    measured: float
    launch: Launch
    code: str = ""
    times: int = 1
    launches: int | None = None


@dataclass(frozen=True)
class Compared:
    """An *item* and the seconds that the machine takes for it, by the data sheet and *scaled*.

    It is *given* if the machine was scaled by it, and *judged* if no other code is quicker. ``launching`` are the
    seconds of its launches, where their number and the time of one were measured.
    """

    item: Item
    sheet: float
    scaled: float | None
    given: bool
    judged: bool
    launching: float | None

    @property
    def error(self) -> float:
        """By the data sheet, of the time, in percent: below zero the machine is too fast."""
        return excess(self.sheet, self.item.measured)

    @property
    def scaled_error(self) -> float | None:
        """The same, scaled; None where that is no prediction."""
        return None if self.scaled is None or self.given else excess(self.scaled, self.item.measured)

    @property
    def lacking(self) -> float:
        """Seconds by which the machine is too fast, by the data sheet."""
        return self.item.measured - self.sheet


@dataclass(frozen=True)
class Scale:
    """What clocks are multiplied by, and what says so: the DRAM's the largest copy, the chip's the largest product."""

    copy: tuple[Item, float] | None
    product: tuple[Item, float] | None

    @property
    def given(self) -> tuple[Item, ...]:
        """What the scaled machine does not predict."""
        return tuple(each[0] for each in (self.copy, self.product) if each is not None)

    def settings(self, machine: str) -> tuple[str, ...]:
        """Assignments that change *machine*; none where neither was measured."""
        spec, found = machine_spec(machine), list[str]()
        if self.product is not None:
            found.append(f"clock={round(spec.clock * self.product[1])}Hz")
        if self.copy is not None:
            found.append(f"dram.figures.clock={round(FEMTOSECONDS / spec.dram.grade.tck_fs * self.copy[1])}Hz")
        return tuple(found)


@dataclass(frozen=True)
class Comparison:
    """A card beside its *machine*; *settings* are those of the scaled one, none if there is no such."""

    card: str
    machine: str
    scale: Scale
    settings: tuple[str, ...]
    rows: tuple[Compared, ...]

    def of(self, *works: type[Kernel | Step]) -> list[Compared]:
        """The rows of such work."""
        return [row for row in self.rows if isinstance(row.item.work, works)]

    def judged(self, kind: str) -> list[Compared]:
        """The rows of a class that the machine is judged by."""
        return [row for row in self.rows if row.judged and row.item.work.kind == kind]


def compared(measurements: GpuMeasurements, machine: str, runs: Runs) -> Comparison:
    """All that was measured of a card and *machine* can do, beside it."""
    items = _quicker(_items(measurements), by_code=True)
    sheet = _predicted(items, machine, (), runs)
    scale = _scale(items, sheet)
    settings = scale.settings(machine)
    scaled: Sequence[float | None] = [None] * len(items)
    if settings:
        scaled = _predicted(items, machine, settings, runs)
    judged, rates = _quicker(items, by_code=False), {each.launch: each.seconds for each in measurements.launches}
    rows = [
        Compared(item, took, other, item in scale.given, item in judged, _launching(item, rates.get(item.launch)))
        for item, took, other in zip(items, sheet, scaled, strict=True)
    ]
    return Comparison(measurements.card.name, machine, scale, settings, tuple(rows))


def _items(measured: GpuMeasurements) -> list[Item]:
    """Everything that a machine can predict; copies are launched one by one, products in a graph."""
    copies = [Item(Copy(each.bytes), each.timed.seconds, "plain", launches=1) for each in measured.copies]
    products = [
        Item(Product(each.m, each.n, each.k), each.timed.seconds, "graph", launches=1) for each in measured.products
    ]
    updates = [
        Item(
            Update(each.row, each.tokens), each.timed.seconds, each.launch, each.code, each.layers,
            each.launches and each.launches * each.layers,
        )
        for each in measured.state_updates
    ]  # fmt: skip
    steps = [
        Item(Step(each.workload, each.batch), each.timed.seconds, each.launch, each.code) for each in measured.decode
    ]
    return [*copies, *products, *updates, *steps]


def _quicker(items: Iterable[Item], by_code: bool) -> list[Item]:
    """Of what is alike the quickest: of every way to launch a code, or of every code."""
    found: dict[object, Item] = {}
    for item in items:
        key = item.work, item.times, item.code if by_code else ""
        if key not in found or item.measured < found[key].measured:
            found[key] = item
    return list(found.values())


def _predicted(items: Sequence[Item], machine: str, settings: tuple[str, ...], runs: Runs) -> list[float]:
    """Seconds that *machine* with these *settings* takes for each of *items*."""
    works = list(dict.fromkeys(each.work for each in items))
    kernels = [each for each in works if not isinstance(each, Step)]
    found = runs.each(kernel_seconds, [KernelRun(kernel, machine, settings) for kernel in kernels])
    taken: dict[Kernel | Step, float] = dict(zip(kernels, found, strict=True))
    steps = {each: each.run(machine, settings) for each in works if isinstance(each, Step)}
    simulated = runs.of(steps.values())
    taken |= {step: step.batch / simulated[run].tokens_per_second for step, run in steps.items()}
    return [taken[each.work] * each.times for each in items]


def _scale(items: Sequence[Item], sheet: Sequence[float]) -> Scale:
    """By the largest copy and the largest product, as measured and as predicted."""
    copies: list[tuple[int, Item, float]] = []
    products: list[tuple[int, Item, float]] = []
    for item, took in zip(items, sheet, strict=True):
        if isinstance(item.work, Copy):
            copies.append((item.work.bytes, item, took / item.measured))
        elif isinstance(item.work, Product) and item.work.m > 1:
            products.append((item.work.macs, item, took / item.measured))
    copy, product = (max(each, key=lambda one: one[0], default=None) for each in (copies, products))
    return Scale(copy and copy[1:], product and product[1:])


def _launching(item: Item, each: float | None) -> float | None:
    return None if item.launches is None or each is None else item.launches * each
