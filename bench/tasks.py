"""What is measured from within a process: ``python -m bench.tasks NAME FIELDS`` prints what it found as JSON.

It imports what a task needs only, since its memory at the peak is measured as well.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from resource import RUSAGE_CHILDREN, RUSAGE_SELF, getrusage
from typing import TYPE_CHECKING, Any

from bench.children import beside

if TYPE_CHECKING:
    from sim.files.limits import Search


def loop(workload: str, machine: str, assignments: list[str], stride: str) -> dict[str, Any]:
    """The event loop alone: CPU seconds, bare rate beside it, requests, SimPy events, cycles."""
    from hw import COMPILED
    from sim.execution.run import run_program
    from sim.simulation import prepare

    job = prepare(workload, machine, assignments)
    programs = [section.program for section in job.sections]

    def runs() -> tuple[list[Any], float]:
        start = time.process_time()
        done = [run_program(program, job.machine, stride=stride) for program in programs]  # type: ignore[arg-type]
        return done, time.process_time() - start

    (done, cpu_s), bare = beside(runs)
    return {
        "cpu_s": cpu_s,
        "bare": bare,
        "requests": sum(sum(program.counts(stream)) for program in programs for stream in program.streams),
        "events": sum(each.events for each in done),
        "cycles": sum(each.makespan for each in done),
        "contended": any(program.contended for program in programs),
        "compiled": COMPILED,
    }


def choice(workload: str, machine: str) -> dict[str, Any]:
    """The choice of a mapping by a quick search: CPU seconds in all and in trial runs, and how many there were."""
    from sim.files.limits import Limits
    from sim.files.resolve import resolve
    from sim.search.choose import choose

    module: Any = import_module("sim.search.trials")
    run_program, in_trials = module.run_program, 0.0

    def trial(*arguments: Any, **keywords: Any) -> Any:
        nonlocal in_trials
        begin = time.process_time()
        try:
            return run_program(*arguments, **keywords)
        finally:
            in_trials += time.process_time() - begin

    module.run_program = trial
    inputs = resolve(workload, machine)

    def chooses() -> tuple[int, float]:
        start = time.process_time()
        found = choose(inputs.workload.stacks[0], inputs.machine, Limits(search="quick"))
        return found.choice.trials, time.process_time() - start

    (trials, cpu_s), bare = beside(chooses)
    return {"cpu_s": cpu_s, "trials_cpu_s": in_trials, "trials": trials, "bare": bare}


def search(workload: str, machine: str, search: Search) -> dict[str, Any]:
    """A search for a mapping: CPU seconds, trials, and how far its run is above the bound over every mapping."""
    from sim.files.limits import Limits
    from sim.files.resolve import resolve
    from sim.simulation import mapped, run

    inputs = resolve(workload, machine)

    def searches() -> tuple[Any, float]:
        start = time.process_time()
        return mapped(inputs, Limits(search=search)), time.process_time() - start

    (job, cpu_s), bare = beside(searches)
    result = run(job, stride="tile", certificate=True, simulate_layers=2)
    above, requests = result.above_any_mapping, result.requests
    return {"cpu_s": cpu_s, "trials": job.sections[0].choice.trials, "above": above, "requests": requests, "bare": bare}


def recording(workload: str, machine: str, assignments: list[str], record: dict[str, Any]) -> dict[str, Any]:
    """A run that records what *record* says, keywords of ``sim.simulation.run`` and maybe a ``trace``: CPU seconds."""
    from sim.simulation import prepare, run

    for name in ("sim.accounting.breakdown", "sim.accounting.metrics"):  # loaded at the end of a run otherwise
        import_module(name)
    job = prepare(workload, machine, assignments)
    path = record.pop("trace", None)
    start = _cpu_s()
    if path is None:
        run(job, **record)
    else:
        from sim.trace import TraceWriter

        writer = TraceWriter(Path(path))
        with writer.writing(job.machine) as observer:
            run(job, observer=observer, **record)
    return {"cpu_s": _cpu_s() - start}


def dram(trace: str, level: str, channels: int) -> dict[str, Any]:
    """A replay of a DRAM trace: CPU seconds and bursts."""
    from hw import COMPILED
    from hw.dram import TIMINGS
    from hw.dram.chunks import replay_chunks
    from hw.dram.command import replay
    from sim.components.dram import read_trace

    requests, timing = read_trace(Path(trace)), TIMINGS["lpddr5-6400"]
    start = time.process_time()
    found = (replay if level == "command" else replay_chunks)(requests, timing, channels, "all-bank")
    return {"cpu_s": time.process_time() - start, "bursts": found.bursts, "compiled": COMPILED}


def whole(workload: str, machine: str, assignments: list[str]) -> dict[str, Any]:
    """A whole run, its mapping searched for: cycles, bounds, and CPU seconds of the search and of the event loop."""
    from sim.files.resolve import resolve
    from sim.simulation import mapped, run

    inputs = resolve(workload, machine, assignments)
    start = time.process_time()
    job = mapped(inputs)
    chosen = time.process_time()
    result = run(job, certificate=True)
    return {
        "cycles": result.makespan_cycles,
        "any_mapping_cycles": result.bounds.any_mapping_cycles,
        "placement": dict(job.sections[0].mapping.placement),
        "token_tile": job.sections[0].mapping.token_tile,
        "choose_cpu_s": chosen - start,
        "simulate_cpu_s": time.process_time() - chosen,
    }


def product(m: int, n: int, k: int, dataflow: str, folds: str) -> dict[str, Any]:
    """A product on a 32 x 32 array by closed form: cycles, and CPU seconds."""
    from hw.mac_array import MacArraySpec
    from hw.requests import Gemm
    from sim.components.gemm import DATAFLOWS, run_gemm

    spec = MacArraySpec.model_validate({"rows": 32, "columns": 32, "dataflow": DATAFLOWS[dataflow], "folds": folds})
    start = time.process_time()
    found = run_gemm(Gemm(m, n, k), spec)
    return {"cycles": found.cycles, "cpu_s": time.process_time() - start}


def _cpu_s() -> float:
    """Of this process and of those that it has waited for."""
    used = [getrusage(who) for who in (RUSAGE_SELF, RUSAGE_CHILDREN)]
    return sum(each.ru_utime + each.ru_stime for each in used)


TASKS: dict[str, Callable[..., dict[str, Any]]] = {
    "loop": loop, "choice": choice, "search": search, "recording": recording, "dram": dram,
    "whole": whole, "product": product,
}  # fmt: skip

if __name__ == "__main__":
    print(json.dumps(TASKS[sys.argv[1]](**json.loads(sys.argv[2]))))
