"""The mappings that a version comes with: writes sim/search/shipped.json.

python -m bench.shipped_mappings

A full search for every shipped workload on every shipped machine, prefill and decode; each begins with what the file
has of such layers from before, so a release is no worse than the last. Some ten minutes on two cores; due whenever the
model, a shipped file or the version changes, see CONTRIBUTING.md.
"""

from __future__ import annotations

import json
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

from sim import __version__
from sim.files.catalog import shipped
from sim.files.limits import Limits
from sim.files.outputs import write_text
from sim.files.resolve import resolve
from sim.search.choose import sections
from sim.search.shipped import FILE, fingerprint, layer
from sim.simulation import Job, run

TARGET = Path(__file__).parent.parent / "sim" / "search" / FILE
PHASES = ("prefill", "decode")
LAYERS = 2  # simulated in prefill


def entry(workload: str, machine: str, phase: str) -> tuple[str, dict[str, Any]]:
    """What the file is to have of one pair: its fingerprint, and the mapping with the cycles that it takes."""
    inputs = resolve(workload, machine, [f"phase={phase}"])
    (section,) = sections(inputs.workload, inputs.machine, Limits(search="full"))
    job = Job(inputs.machine, (section,), inputs.model_layers)
    result = run(job, stride="tile", simulate_layers=LAYERS if phase == "prefill" else None)
    return fingerprint(section.stack, job.machine), {
        "workload": workload,
        "machine": machine,
        "phase": phase,
        "layer": layer(section.stack),
        "cycles": result.makespan_cycles,
        "trials": section.choice.trials,
        "mapping": section.as_wishes.model_dump(exclude_defaults=True),
    }


def main() -> None:
    """Search for everything, and write the file."""
    jobs = [(w, m, p) for w in shipped("workload") for m in shipped("machine") for p in PHASES]
    with ProcessPoolExecutor() as executor:
        entries = executor.map(entry, *zip(*jobs, strict=True))
        lines = [f"  {json.dumps(key)}: {json.dumps(value)}" for key, value in entries]
    head = f'"command": "python -m bench.shipped_mappings", "version": {json.dumps(__version__)}'
    write_text(TARGET, f'{{{head}, "mappings": {{\n' + ",\n".join(lines) + "\n}}\n")


if __name__ == "__main__":
    main()
