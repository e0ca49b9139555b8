"""The mappings that a version comes with: writes sim/search/shipped.json.

python -m bench.shipped_mappings

A full search for every shipped workload on the machines of the reproduction, prefill and decode; each tries what the
file has of such layers from before too. Where what the file had takes less it stays, so a release is no worse than the
last. Some twelve minutes on two cores; due whenever the model, a shipped file or the version changes, see
CONTRIBUTING.md.
"""

from __future__ import annotations

import json
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

from sim import __version__
from sim.execution.estimate import MOST_CYCLES
from sim.files.catalog import shipped
from sim.files.errors import InputError
from sim.files.limits import Limits
from sim.files.outputs import write_text
from sim.files.resolve import resolve
from sim.search.choose import sections
from sim.search.search import ALIKE
from sim.search.shipped import FILE, fingerprint, layer
from sim.simulation import prepare, run

TARGET = Path(__file__).parent.parent / "sim" / "search" / FILE
MACHINES = ("edge", "edge_flexpe", "h100")  # others have their mappings searched for when they run
PHASES = ("prefill", "decode")
LAYERS = 2  # simulated in prefill


def entry(workload: str, machine: str, phase: str) -> tuple[str, dict[str, Any]]:
    """What the file is to have of one pair: its fingerprint, and the mapping with the cycles that it takes.

    That is the mapping that is found, or the one that the file has had if that takes less; where both are about as
    good, as the search has it, the one with fewer requests.
    """
    inputs = resolve(workload, machine, [f"phase={phase}"])
    (section,) = sections(inputs.workload, inputs.machine, Limits(search="full"))
    known = [section.as_wishes.model_dump(exclude_defaults=True), *_earlier(workload, machine, phase)]
    runs = [_run(workload, machine, phase, mapping) for mapping in known]
    cycles, mapping = frugal([(*each, mapping) for each, mapping in zip(runs, known, strict=True)])
    return fingerprint(section.stack, inputs.machine), {
        "workload": workload,
        "machine": machine,
        "phase": phase,
        "layer": layer(section.stack),
        "cycles": cycles,
        "trials": section.choice.trials,
        "mapping": mapping,
    }


def frugal(runs: list[tuple[int, int, dict[str, Any]]]) -> tuple[int, dict[str, Any]]:
    """Of *runs*, (cycles, requests, mapping) each, that with the fewest requests of those as good as the best."""
    best = min(cycles for cycles, _, _ in runs)
    alike = [each for each in runs if each[0] <= ALIKE * best]
    cycles, _, mapping = min(alike, key=lambda each: (each[1], each[0]))
    return cycles, mapping


def _earlier(workload: str, machine: str, phase: str) -> list[dict[str, Any]]:
    """What the file has had for the pair, of whatever version."""
    entries = json.loads(TARGET.read_text(encoding="utf-8"))["mappings"].values() if TARGET.is_file() else []
    wanted = workload, machine, phase
    return [each["mapping"] for each in entries if (each["workload"], each["machine"], each["phase"]) == wanted]


def _run(workload: str, machine: str, phase: str, mapping: dict[str, Any]) -> tuple[int, int]:
    """(cycles, requests) of the pair by *mapping*; more cycles than anything if it does not fit any more."""
    try:
        job = prepare(workload, machine, [f"phase={phase}", f"mapping={json.dumps(mapping)}"])
    except InputError:
        return MOST_CYCLES, 0
    result = run(job, stride="tile", simulate_layers=LAYERS if phase == "prefill" else None)
    return result.makespan_cycles, result.requests


def main() -> None:
    """Search for everything, and write the file."""
    jobs = [(w, m, p) for w in shipped("workload") for m in MACHINES for p in PHASES]
    with ProcessPoolExecutor() as executor:
        entries = executor.map(entry, *zip(*jobs, strict=True))
        lines = [f"  {json.dumps(key)}: {json.dumps(value)}" for key, value in entries]
    head = f'"command": "python -m bench.shipped_mappings", "version": {json.dumps(__version__)}'
    write_text(TARGET, f'{{{head}, "mappings": {{\n' + ",\n".join(lines) + "\n}}\n")


if __name__ == "__main__":
    main()
