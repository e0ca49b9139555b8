"""What choosing a mapping costs."""

from __future__ import annotations

from bench.children import task
from bench.speed.rows import PAIRS, TARGET_HEADER, TARGET_TEXT, against, note
from sim.presentation.markdown import table

TARGET_S = 0.2
TEXT = f"""CPU seconds of the choice, and of the trial runs that are part of it; candidates that were tried. The best \
of three. {TARGET_TEXT}"""


SEARCHES = ("short", "quick", "full")
SEARCH_TEXT = """What a search costs and what it buys: candidates simulated, CPU seconds, how far the run is above the \
bound over every mapping, and requests of the whole run. Prefill of 1024 tokens; two layers simulated."""


def search_section() -> str:
    """A row for each workload, machine and search."""
    header = ["workload", "machine", "search", "tried", "s", "above the bound", "requests"]
    return SEARCH_TEXT + "\n\n" + table(header, [_searched(*pair, each) for pair in PAIRS for each in SEARCHES], left=3)


def _searched(workload: str, machine: str, search: str) -> list[str]:
    found = task("search", workload=workload, machine=machine, search=search)[0]
    numbers = [str(found["trials"]), f"{found['cpu_s']:.2f}", f"{found['above']:.1%}", f"{found['requests']:,}"]
    row = [workload, machine, search, *numbers]
    note(*row)
    return row


def section() -> str:
    """A row for each workload and machine."""
    header = ["workload", "machine", "tried", "s", "in trial runs s", *TARGET_HEADER]
    return TEXT + "\n\n" + table(header, [_row(*pair) for pair in PAIRS], left=2)


def _row(workload: str, machine: str) -> list[str]:
    found = [task("choice", workload=workload, machine=machine)[0] for _ in range(3)]
    best = min(found, key=lambda each: float(each["cpu_s"]))
    times = [f"{best['cpu_s']:.3f}", f"{best['trials_cpu_s']:.3f}"]
    row = [workload, machine, str(best["trials"]), *times, *against(TARGET_S, best["cpu_s"], best["bare"])]
    note(*row)
    return row
