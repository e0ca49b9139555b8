"""Published accelerators: what is predicted beside what is published, and why it misses: writes results/published.md.

python -m bench.published

Numbers and their sources are in bench/data/published.csv, what could explain a miss in published_what_ifs.csv, machines
in hw/published/. Whole runs, every event, but of layers that are alike two are simulated; mappings are searched for by
short or quick searches. Nothing is fitted to the number that is predicted. A minute and a half on two cores.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Literal, NamedTuple, get_args

from bench.binding import shares
from hw.machine import MachineSpec
from hw.requests import Gemm
from sim import Result
from sim.components.gemm import run_gemm
from sim.files.limits import Limits, Search
from sim.files.outputs import write_text
from sim.files.resolve import resolve
from sim.simulation import mapped, run
from workloads.workload import Workload

TARGET = Path(__file__).parent.parent / "results" / "published.md"
DATA = Path(__file__).parent / "data"
SIMULATED_LAYERS = 2

Unit = Literal["tok/s", "ms", "GB/s", "tok/J", "Mcycles", "times"]
Mode = Literal["", "serial", "unfused"]
UNITS: dict[str, Unit] = {unit: unit for unit in get_args(Unit)}
MODES: dict[str, Mode] = {mode: mode for mode in get_args(Mode)}
SEARCHES: dict[str, Search] = {search: search for search in get_args(Search)}
LESS_IS_FASTER: tuple[Unit, ...] = ("ms", "Mcycles")


class Published(NamedTuple):
    """A number that somebody has published, of a machine and a workload with *settings*, and where it stands.

    A number of the unit ``times`` compares the machine with another one, *over*.
    """

    name: str
    machine: str
    workload: str
    settings: tuple[str, ...]
    over: str
    all_logits: bool
    search: Search
    unit: Unit
    value: float
    kind: str
    hand: str
    source: str
    note: str


class WhatIf(NamedTuple):
    """What could explain why *names* are missed: more *settings*, or another way to add up time, on some *basis*."""

    names: tuple[str, ...]
    label: str
    settings: tuple[str, ...]
    mode: Mode
    basis: str


class Prediction(NamedTuple):
    """What comes out for a published number: in its unit, as a speed over the published one, and what was busy.

    ``shares`` are of the makespan, by compute unit and ``dram``; ``work_ms`` is what compute units are busy with, by
    class of operation. What the LM head of all tokens takes is in neither.
    """

    value: float
    speed: float
    shares: dict[str, float]
    work_ms: dict[str, float]


def read_published(path: Path = DATA / "published.csv") -> list[Published]:
    """All numbers, in the order of the file; raises ValueError for what is no number, KeyError for another unit."""
    return [
        Published(
            row["id"], row["machine"], row["workload"], _settings(row["settings"]), row["over"], row["logits"] == "all",
            SEARCHES[row["search"]], UNITS[row["unit"]], float(row["published"]), row["kind"],
            row["hand"], row["source"], row["note"],
        )
        for row in _rows(path)
    ]  # fmt: skip


def read_what_ifs(path: Path = DATA / "published_what_ifs.csv") -> list[WhatIf]:
    """All what-ifs, in the order of the file; raises KeyError for a mode that there is not."""
    return [
        WhatIf(tuple(row["ids"].split()), row["label"], _settings(row["settings"]), MODES[row["mode"]], row["basis"])
        for row in _rows(path)
    ]


def predict(number: Published, more: tuple[str, ...] = (), mode: Mode = "") -> Prediction:
    """Search a mapping and simulate, with *more* settings; of two that are compared, those are the first one's."""
    inputs = resolve(number.workload, number.machine, (*number.settings, *more))
    job = mapped(inputs, Limits(search=number.search))
    result = run(job, stride="tile", simulate_layers=SIMULATED_LAYERS)
    cycles = result.makespan_cycles
    if mode == "serial":
        cycles = max(cycles, sum(result.units[unit].busy_cycles for unit in result.compute_units))
    if number.all_logits:
        cycles += logits_cycles(inputs.workload, inputs.machine)
    seconds = cycles / result.clock_hz
    values: dict[Unit, float] = {
        "tok/s": result.tokens / seconds,
        "ms": seconds * 1e3,
        "GB/s": result.dram_bytes / seconds / 1e9,
        "tok/J": 1e3 / result.energy_mj_per_token,
        "Mcycles": cycles / 1e6,
    }
    if number.over:
        other = number._replace(machine=number.over, over="", unit="tok/s")
        values["times"] = values["tok/s"] / (unfused_speed(other) if mode == "unfused" else predict(other).value)
    value = values[number.unit]
    ratio = value / number.value
    return Prediction(value, 1 / ratio if number.unit in LESS_IS_FASTER else ratio, shares(result), work_ms(result))


def work_ms(result: Result) -> dict[str, float]:
    """Milliseconds for which compute units are busy with each class of operation, those of several units added up."""
    busy = {
        of_class: sum(account.busy_cycles for unit, account in units.items() if unit in result.compute_units)
        for of_class, units in result.by_class.items()
    }
    return {of_class: cycles / result.clock_hz * 1e3 for of_class, cycles in busy.items() if cycles}


def logits_cycles(workload: Workload, machine: MachineSpec) -> int:
    """Core cycles of the LM head for every token of a prompt, which a run of ours does for the last one only.

    The product by its closed form on the first array, or the traffic of weights, activations and logits at DRAM's full
    rate, whichever is longer.
    """
    spec = workload.spec
    assert spec.vocabulary is not None, "checked by who lists it"
    (array, *_), width = machine.arrays.values(), workload.body[0].graph.sizes["d"]
    product = run_gemm(Gemm(m=workload.tokens, n=spec.vocabulary, k=width), array)
    elements = width * spec.vocabulary + workload.tokens * (width + spec.vocabulary)
    return max(product.cycles, round(machine.dram_cycles(elements * workload.body[0].element_bytes)))


def unfused_speed(number: Published) -> float:
    """Tokens a second if all results of operations, and what they read of each other, pass DRAM at its full rate."""
    inputs = resolve(number.workload, number.machine, number.settings)
    moved = 0
    for stack in inputs.workload.body:
        graph = stack.graph
        read = {(edge.reader, edge.tensor) for edge in graph.edges}
        tensors = [*(operation.tensor for operation in graph.operations), *(tensor for _, tensor in read)]
        moved += stack.layers * sum(map(graph.elements, tensors)) * stack.element_bytes // graph.tokens
    return inputs.machine.dram.bytes_per_second / moved


def _rows(path: Path) -> Iterator[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as stream:
        yield from csv.DictReader(line for line in stream if not line.startswith("#"))


def _settings(text: str) -> tuple[str, ...]:
    return tuple(part for part in text.split(";") if part)


def main() -> None:
    """Predict everything, with and without what could explain it, and write the page."""
    from bench.published_page import page

    numbers, what_ifs = read_published(), read_what_ifs()
    by_name = {number.name: number for number in numbers}
    tried = [(by_name[name], what_if) for what_if in what_ifs for name in what_if.names]
    with ProcessPoolExecutor(max_workers=2) as executor:
        plain = executor.map(predict, numbers)
        changed = executor.map(
            predict,
            [number for number, _ in tried],
            [each.settings for _, each in tried],
            [each.mode for _, each in tried],
        )
        predictions = dict(zip([number.name for number in numbers], plain, strict=True))
        explained = [(number.name, each, found) for (number, each), found in zip(tried, changed, strict=True)]
    write_text(TARGET, page(numbers, predictions, explained))


if __name__ == "__main__":
    main()
