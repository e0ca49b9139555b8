"""The mappings that a version comes with: writes sim/search/shipped.json.

python -m bench.shipped_mappings            searches for all of them
python -m bench.shipped_mappings --keep     searches for none: for a version in which no search and no schedule changes

A full search for every shipped workload of layers that are alike on the machines of the reproduction, prefill and
decode; each tries what the file has of such layers from before too. What the file had stays unless something better is
found, so a release is no worse than the last, and numbers do not move for nothing. Some twenty minutes on two cores;
due whenever the model, a shipped file or the version changes, see CONTRIBUTING.md. To *keep* them, every one is run
again; the file gets the new version only if each takes as many cycles as it says, which takes some minutes.
"""

from __future__ import annotations

import json
from argparse import ArgumentParser
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any, NamedTuple

from sim import __version__
from sim.execution.estimate import MOST_CYCLES
from sim.files.catalog import shipped
from sim.files.errors import InputError
from sim.files.limits import Limits
from sim.files.outputs import write_text
from sim.files.resolve import read, resolve
from sim.search.choose import sections
from sim.search.search import ALIKE
from sim.search.shipped import FILE, fingerprint, layer
from sim.simulation import prepare, run
from workloads.models.registry import LAYERS as UNLIKE

TARGET = Path(__file__).parent.parent / "sim" / "search" / FILE
MACHINES = ("edge", "edge_flexpe", "h100")  # others have their mappings searched for when they run
PHASES = ("prefill", "decode")
LAYERS = 2  # simulated in prefill


def entry(workload: str, machine: str, phase: str) -> tuple[str, dict[str, Any]]:
    """What the file is to have of one pair: its fingerprint, and the mapping with the cycles that it takes.

    That is what the file has had, unless the search finds something that is better than as good.
    """
    inputs = resolve(workload, machine, [f"phase={phase}"])
    (stack,) = inputs.workload.stacks
    (section,) = sections(inputs.workload, inputs.machine, Limits(search="full"))
    found = _runs(
        workload, machine, phase, [(section.as_wishes.model_dump(exclude_defaults=True), section.choice.trials)]
    )
    cycles, mapping, trials = stays(_runs(workload, machine, phase, _earlier(workload, machine, phase)), found)
    return fingerprint(stack, inputs.machine), {
        "workload": workload,
        "machine": machine,
        "phase": phase,
        "layer": layer(stack),
        "cycles": cycles,
        "trials": trials,
        "mapping": mapping,
    }


class Run(NamedTuple):
    """What a ``mapping``, found in so many ``trials``, takes."""

    cycles: int
    requests: int
    mapping: dict[str, Any]
    trials: int


def stays(earlier: Sequence[Run], found: Sequence[Run]) -> tuple[int, dict[str, Any], int]:
    """Cycles, mapping and trials of the most frugal of the *earlier* that are as good as the best, else of *found*."""
    best = min(run.cycles for run in (*earlier, *found))
    alike = [[run for run in runs if run.cycles <= ALIKE * best] for runs in (earlier, found)]
    chosen = min(alike[0] or alike[1], key=lambda run: (run.requests, run.cycles))
    return chosen.cycles, chosen.mapping, chosen.trials


def _earlier(workload: str, machine: str, phase: str) -> list[tuple[dict[str, Any], int]]:
    """What the file has had for the pair, of whatever version, and in how many trials it was found."""
    entries = json.loads(TARGET.read_text(encoding="utf-8"))["mappings"].values() if TARGET.is_file() else []
    wanted = workload, machine, phase
    own = (each for each in entries if (each["workload"], each["machine"], each["phase"]) == wanted)
    return [(each["mapping"], each["trials"]) for each in own]


def _runs(workload: str, machine: str, phase: str, known: Sequence[tuple[dict[str, Any], int]]) -> list[Run]:
    return [Run(*_run(workload, machine, phase, mapping), mapping, trials) for mapping, trials in known]


def _run(workload: str, machine: str, phase: str, mapping: dict[str, Any]) -> tuple[int, int]:
    """(cycles, requests) of the pair by *mapping*; more cycles than anything if it does not fit any more."""
    try:
        job = prepare(workload, machine, [f"phase={phase}", f"mapping={json.dumps(mapping)}"])
    except InputError:
        return MOST_CYCLES, 0
    result = run(job, stride="tile", simulate_layers=LAYERS if phase == "prefill" else None)
    return result.makespan_cycles, result.requests


def of_alike_layers() -> list[str]:
    """The shipped workloads whose layers are all alike; the parts of others are searched for when they run."""
    return [name for name in shipped("workload") if read("workload", name).data["model"] != UNLIKE]


def kept(workload: str, machine: str, phase: str) -> tuple[str, dict[str, Any]]:
    """The entry of the pair as it is; raises ValueError if its mapping takes other cycles than it says."""
    ((key, had),) = (
        (key, each)
        for key, each in json.loads(TARGET.read_text(encoding="utf-8"))["mappings"].items()
        if (each["workload"], each["machine"], each["phase"]) == (workload, machine, phase)
    )
    cycles, _ = _run(workload, machine, phase, had["mapping"])
    inputs = resolve(workload, machine, [f"phase={phase}"])
    if cycles != had["cycles"] or key != fingerprint(inputs.workload.stacks[0], inputs.machine):
        raise ValueError(f"{workload} on {machine}, {phase}: {cycles:,} cycles, the file says {had['cycles']:,}")
    return key, had


def main() -> None:
    """Search for everything, or run what there is again, and write the file."""
    parser = ArgumentParser(description=__doc__)
    parser.add_argument("--keep", action="store_true")
    made = kept if parser.parse_args().keep else entry
    jobs = [(w, m, p) for w in of_alike_layers() for m in MACHINES for p in PHASES]
    with ProcessPoolExecutor() as executor:
        entries = executor.map(made, *zip(*jobs, strict=True))
        lines = [f"  {json.dumps(key)}: {json.dumps(value)}" for key, value in entries]
    head = f'"command": "python -m bench.shipped_mappings", "version": {json.dumps(__version__)}'
    write_text(TARGET, f'{{{head}, "mappings": {{\n' + ",\n".join(lines) + "\n}}\n")


if __name__ == "__main__":
    main()
