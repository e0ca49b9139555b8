"""The page results/peers.md: tables and sentences out of what has been measured, and nothing else."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from bench.peers.cases import Block
from bench.peers.measuring import AGAIN, IN_THEIR_TILE, IN_THEIR_TILE_TWO, OUTER
from sim.files.numbers import plural
from sim.presentation.markdown import table

Found = dict[str, Any]
SIDES: Final = {"lanes": ("as exported", "dB on the lanes"), "array": ("dB on the array", "as chosen")}
"""Where dB is done -> Stream's run and ours that do it there."""
LANES: Final = 1
"""The number of the lanes' core in what is exported."""
REASONS: Final = {
    "two ports of the SRAM": "as the machines that come with Stream have it: operands that are read through one port "
    "follow one another",
    "one port of the SRAM": "reads and writes follow one another too",
    "a memory of 2 MiB of the lanes' own": "no SRAM that all share: what goes from one unit to another crosses a link",
    "a memory of 128 KiB of the lanes' own": "likewise, and tiles that fit into it",
    "dB on the array": "its type changed from Mul to MatMul: Stream places operators by type",
    AGAIN: "Stream given the mapping that it found, so that only the solver is left: its luck",
    "dB on the lanes": "placed as Stream does",
    IN_THEIR_TILE: "as many tokens and channels at once; lanes wait until the array has read the state",
    IN_THEIR_TILE_TWO: "and half of the channels while the array reads those of the other half",
    "dB on the lanes, DRAM costs nothing": "no bandwidth, latency, turnaround or refresh; Stream has the first of them",
    "dB on the lanes, pipelines fill and drain in no time": "Stream has no pipelines on lanes",
    "dB on the lanes, a multiply-add in two passes": "if a lane could not fuse; the scan is one in Stream",
}


def page(found: Found) -> str:
    """The page as Markdown; *found* is what bench/peers/measuring.py measured, or the same read from JSON."""
    parts = ["# Beside Stream and SCALE-Sim", _head(found)]
    if found["blocks"]:
        parts += [
            _finding(found["blocks"]),
            "## Cycles of the state update of Mamba-1",
            _cycles_text(),
            _cycles(found["blocks"]),
            "## From our cycles to Stream's",
            "Ours as chosen, and what has to be added to come to Stream's as exported. *dB on the lanes* is the "
            "difference of two runs of ours, *above the bound* that of the second and the bound by hand; *stalls* are, "
            "by Stream's own report, the cycles of a tile on the lanes beyond the ideal ones, times tiles. What is "
            "*left* is what Stream adds to all of its tiles: filling and draining the pipeline of them.",
            _steps(found["blocks"]),
            "## One thing changed at a time",
            "Cycles, and the change against the first line of each tool. Ours with settings has a mapping of its own.",
            *map(_experiments, found["blocks"]),
            "## Seconds",
            _seconds_text(found["repeats"]),
            _seconds(found["blocks"]),
        ]
    if found["products"]:
        texts = _products_text(found["products"]), _products(found["products"])
        parts += ["## Products on a 32 x 32 array", *texts]
    return "\n\n".join(parts) + "\n"


def _head(found: Found) -> str:
    versions: dict[str, str] = {}
    for runs in [*(block["stream"] for block in found["blocks"]), *found["products"]]:
        for each in runs.values():
            versions |= each.get("versions", {}) if isinstance(each, dict) else {}
    told = ", ".join(f"{name} {version}" for name, version in versions.items() if name != "python")
    return (
        f"Written by `python -m bench.peers`, stallscope {found['stallscope']} on Python {found['python']}; {told} on "
        f"Python {versions.get('python', 'of their own')}. Machine: hw/{found['machine']}.yaml, for Stream as "
        f"`python -m sim export zigzag {found['machine']}` writes it. All of it in one go, one process at a time, on a "
        f"computer of {found['cores']} cores with a load of {found['load']:.1f} before it began, so seconds are CPU "
        "seconds, user and system. What the comparison is and what it is not: [docs/peers.md](../docs/peers.md)."
    )


def _finding(blocks: Sequence[Found]) -> str:
    same = [
        ratio
        for block in blocks
        for theirs, ours in SIDES.values()
        if (ratio := _ratio(block["stream"][theirs], block["ours"][ours])) is not None
    ]
    free = [_ratio(block["stream"]["as exported"], block["ours"]["as chosen"]) for block in blocks]
    left = [each for each in free if each is not None]
    failed = [
        f"{name} ({Block(*block['sizes']).name})"
        for block in blocks
        for name, each in block["stream"].items()
        if "error" in each
    ]
    whole = [block["stream"]["as exported"]["process_cpu_s"] / block["ours"]["as chosen"]["process_cpu_s"]
             for block in blocks if "error" not in block["stream"]["as exported"]]  # fmt: skip
    said = (
        f"Stream failed on {plural(len(failed), 'run')}: {', '.join(failed)}." if failed else "Stream failed on none."
    )
    return (
        f"**Finding.** With each operation on the same unit Stream's cycles are {_span(same, 3)} times ours, in "
        f"{len(same)} pairs of runs. Left to themselves Stream takes {_span(left, 3)} times as many{_outer(blocks)}. "
        f"The whole command takes Stream {_span(whole, 1)} times the CPU seconds of ours. {said}"
    )


def _outer(blocks: Sequence[Found]) -> str:
    """Where the two do the outer product when left to themselves, if they all do it in different places."""
    for block in blocks:
        cores = [each["core"] for each in block["stream"]["as exported"].get("nodes", []) if each["node"] == OUTER]
        if cores != [LANES] or block["ours"]["as chosen"].get("placement", {}).get(OUTER) != "mac_array":
            return ""
    return f": it does {OUTER}, an outer product, on the lanes, which bind, and we on the array"


def _span(ratios: Sequence[float], digits: int) -> str:
    """The least and the most of *ratios*, to so many *digits*."""
    least, most = (f"{each(ratios):.{digits}f}" for each in (min, max)) if ratios else ("?", "?")
    return least if least == most else f"{least} to {most}"


def _ratio(theirs: Found, ours: Found) -> float | None:
    return None if "error" in theirs or "error" in ours else theirs["cycles"] / ours["cycles"]


def _cycles_text() -> str:
    return (
        "The same eight operations, shapes and widths (16 bit) on the same machine, by where dB is done. *Least* is by "
        "hand (bench/peers/cases.py): what each unit takes at its peak, of which the largest is a lower bound for both "
        "tools. Of runs that were repeated, the least and the most."
    )


def _cycles(blocks: Sequence[Found]) -> str:
    rows = []
    for block in blocks:
        for side, (theirs, ours) in SIDES.items():
            bounds, stream, own = block["bounds"][side], block["stream"][theirs], block["ours"][ours]
            bound, ratio = max(bounds.values()), _ratio(stream, own)
            rows.append([
                Block(*block["sizes"]).name, f"the {side}", *(f"{each:,}" for each in bounds.values()),
                _times(stream), _times(own), _over(stream, bound), _over(own, bound),
                "" if ratio is None else f"{ratio:.4f}",
            ])  # fmt: skip
    return table(
        ["sizes", "dB on", "least: lanes", "array", "DRAM", "Stream", "ours", "Stream / least", "ours / least",
         "Stream / ours"], rows, left=2,
    )  # fmt: skip


def _times(found: Found) -> str:
    if "error" in found:
        return f"failed: {found['error']}"
    least, most = min(found["times"]), max(found["times"])
    return f"{least:,.0f}" if least == most else f"{least:,.0f} to {most:,.0f}"


def _over(found: Found, bound: int) -> str:
    return "" if "error" in found else f"{found['cycles'] / bound:.4f}"


def steps(block: Found) -> dict[str, float] | None:
    """What lies between our cycles and Stream's, by reason, and what is left; None where a run failed.

    Our cycles and all steps add up to Stream's.
    """
    stream, ours = block["stream"]["as exported"], block["ours"]
    if "nodes" not in stream or "error" in ours["dB on the lanes"]:
        return None
    bound, lanes = max(block["bounds"]["lanes"].values()), [each for each in stream["nodes"] if each["core"] == LANES]
    busy, ideal = (stream["iterations"] * sum(each[key] for each in lanes) for key in ("cycles", "ideal"))
    beside = ours["dB on the lanes"]["cycles"]
    return {
        "dB on the lanes": beside - ours["as chosen"]["cycles"],
        "ours above the bound": bound - beside,
        "stalls within Stream's tiles": busy - ideal,
        "left": stream["cycles"] - busy + ideal - bound,
    }


def _steps(blocks: Sequence[Found]) -> str:
    rows: list[list[str]] = []
    header: list[str] = []
    for block in blocks:
        found = steps(block)
        if found is not None:
            header = list(found)
            own, theirs = block["ours"]["as chosen"]["cycles"], block["stream"]["as exported"]["cycles"]
            name = Block(*block["sizes"]).name
            rows.append([name, f"{own:,}", *(f"{each:+,.0f}" for each in found.values()), f"{theirs:,.0f}"])
    return table(["sizes", "ours", *header, "Stream"], rows)


def _experiments(block: Found) -> str:
    rows = []
    for tool, runs in (("Stream", block["stream"]), ("ours", block["ours"])):
        first = next(iter(runs.values()))
        for name, found in runs.items():
            off = "" if "error" in found or "error" in first else f"{found['cycles'] / first['cycles'] - 1:+.2%}"
            rows.append([tool, name, REASONS.get(name, ""), _times(found), "" if found is first else off])
    return f"### {Block(*block['sizes']).name}\n\n" + table(
        ["tool", "run", "which is", "cycles", "change"], rows, left=3
    )


def _seconds_text(repeats: int) -> str:
    return (
        f"Medians of {plural(repeats, 'run')}; where a mapping is given, one run. The whole command is a process, its "
        "start and imports included. Stream searches for a tile, solves an allocation and estimates; there is no "
        "simulation in it. We try mappings, then simulate every event. *Given*: Stream with its own mapping, so it "
        "solves and estimates; ours the event loop and accounts of the mapping that is chosen, with no search."
    )


def _seconds(blocks: Sequence[Found]) -> str:
    rows = []
    for block in blocks:
        stream, again, ours = block["stream"]["as exported"], block["stream"].get(AGAIN, {}), block["ours"]["as chosen"]
        if "error" in stream or "error" in ours:
            continue
        given = again.get("solve_cpu_s")
        rows.append([
            Block(*block["sizes"]).name, f"{stream['process_cpu_s']:.1f}", f"{ours['process_cpu_s']:.1f}",
            f"{stream['process_cpu_s'] / ours['process_cpu_s']:.1f}",
            "" if given is None else f"{given:.1f}", f"{ours['simulate_cpu_s']:.2f}",
            "" if given is None else f"{given / ours['simulate_cpu_s']:.0f}",
            f"{stream['peak_mb']:.0f}", f"{ours['peak_mb']:.0f}",
        ])  # fmt: skip
    return table(
        ["sizes", "whole: Stream s", "ours s", "ratio", "given: Stream s", "ours s", "ratio", "Stream MB", "ours MB"],
        rows,
    )


def _products_text(products: Sequence[Found]) -> str:
    compared = [each for each in products if "error" not in each["scalesim"]]
    equal = sum(each["scalesim"]["cycles"] == each["serial"]["cycles"] for each in compared)
    return (
        f"SCALE-Sim's total cycles without memory stalls beside ours with `folds: serial`, which are meant to be the "
        f"same: equal in {equal} of {len(compared)}. With `folds: overlapped`, as hw/edge.yaml has it, the next fold's "
        "operands are loaded while one computes; SCALE-Sim has no such array. SCALE-Sim walks through all cycles, ours "
        "is a closed form: seconds say what a product costs in each tool, not how fast they simulate, and a whole "
        "command of ours is its start. Each measured once."
    )


def _products(products: Sequence[Found]) -> str:
    rows = []
    for each in products:
        theirs, serial, overlapped = each["scalesim"], each["serial"], each["overlapped"]
        m, n, k = each["product"]
        failed = "error" in theirs
        rows.append([
            f"{m} x {n} x {k}", each["dataflow"], _times(theirs), f"{serial['cycles']:,}", f"{overlapped['cycles']:,}",
            "" if failed else f"{theirs['process_cpu_s']:.1f}", f"{serial['process_cpu_s']:.2f}",
            "" if failed else f"{theirs['simulate_cpu_s']:.1f}", f"{serial['cpu_s'] * 1e3:.1f}",
        ])  # fmt: skip
    return table(
        ["M x N x K", "dataflow", "SCALE-Sim", "serial", "overlapped", "whole: SCALE-Sim s", "ours s",
         "inside: SCALE-Sim s", "ours ms"], rows, left=2,
    )  # fmt: skip
