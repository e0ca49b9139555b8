"""Runs both tools on the same work, one process after the other, and keeps what came out as plain data.

What comes out is JSON: bench/peers/page.py makes the page of it. Seconds are CPU seconds of whole processes, user and
system, and, as said by the process itself, of its parts. A run that fails has its last words in ``error``.
"""

from __future__ import annotations

import json
import os
import platform
import subprocess
from collections.abc import Callable
from functools import partial
from math import prod
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory, mkdtemp
from typing import Any, Final

from bench.children import Spent, command, python
from bench.peers.cases import BLOCKS, PRODUCTS, Block, least_cycles
from bench.speed.rows import note
from hw.machine import MachineSpec
from sim.files.resolve import read
from sim.version import __version__

WORKLOAD: Final = "bench/peers/scan_block.yaml"
MACHINE: Final = "edge"
OUTER: Final = "dB"
"""The operation that the two place on different units."""
ON_LANES: Final = [f"mapping.place.{OUTER}=simd"]
NO_DRAM: Final = "ideal=[dram_bandwidth, dram_latency, dram_turnaround, dram_refresh]"
IN_THEIR_TILE: Final = "dB on the lanes, Stream's tile"
IN_THEIR_TILE_TWO: Final = f"{IN_THEIR_TILE}, two lanes of work"
OURS: Final[dict[str, list[str]]] = {
    "as chosen": [],
    "dB on the lanes": ON_LANES,
    IN_THEIR_TILE: [*ON_LANES, "mapping.lanes=1"],
    IN_THEIR_TILE_TWO: [*ON_LANES, "mapping.lanes=2"],
    "dB on the lanes, DRAM costs nothing": [*ON_LANES, NO_DRAM],
    "dB on the lanes, pipelines fill and drain in no time": [*ON_LANES, "ideal=[fill_drain]"],
    "dB on the lanes, a multiply-add in two passes": [*ON_LANES, "simd.fma=false"],
}
STREAM: Final[dict[str, dict[str, Any]]] = {
    "as exported": {},
    "dB on the array": {"retype": {OUTER: "MatMul"}},
    "two ports of the SRAM": {"ports": 2},
    "one port of the SRAM": {"ports": 1},
    "a memory of 2 MiB of the lanes' own": {"own_bits": 2**24},
    "a memory of 128 KiB of the lanes' own": {"own_bits": 2**20},
}
AGAIN: Final = "its own mapping again"
Found = dict[str, Any]


def measure(peers: dict[str, Path], repeats: int, small: bool = False) -> Found:
    """All of it; *peers* are the interpreters by name.

    *small* is one block of few tokens, with the first two experiments of each tool, and the smallest product.
    """
    blocks = [BLOCKS[0]._replace(tokens=64, d_inner=128)] if small else list(BLOCKS)
    products = [min(PRODUCTS, key=prod)] if small else list(PRODUCTS)
    found: Found = {
        "stallscope": __version__, "python": platform.python_version(), "cores": os.cpu_count(), "repeats": repeats,
        "machine": MACHINE, "load": os.getloadavg()[0], "blocks": [], "products": [],
    }  # fmt: skip
    with TemporaryDirectory() as name:
        folder = Path(name)
        if "stream" in peers:
            python("-m", "sim", "export", "zigzag", MACHINE, "-o", str(folder))
            found["blocks"] = [_block(each, peers["stream"], folder, repeats, small) for each in blocks]
        if "scalesim" in peers:
            every = [(each, flow) for each in products for flow in PRODUCTS[each]]
            found["products"] = [_product(each, flow, peers["scalesim"], folder) for each, flow in every]
    return found


def _block(block: Block, stream: Path, folder: Path, repeats: int, small: bool) -> Found:
    most = 2 if small else None
    machine = read("machine", MACHINE).check(MachineSpec)
    bounds = {side: least_cycles(block, machine, side == "array") for side in ("lanes", "array")}
    theirs: Found = {}
    for name, change in list(STREAM.items())[:most]:
        theirs[name] = _stream(block, stream, folder, repeats if not change else 1, change)
        _told(block, "Stream", name, theirs[name])
    kept = theirs["as exported"].get("mapping")
    if kept is not None and not small:
        theirs[AGAIN] = _stream(block, stream, folder, 1, {"mapping": kept})
        _told(block, "Stream", AGAIN, theirs[AGAIN])
    ours: Found = {}
    for name, settings in list(OURS.items())[:most]:
        own = [*settings, *(_their_tile(block, theirs["as exported"]) if name.startswith(IN_THEIR_TILE) else [])]
        ours[name] = _ours(block, own, 1 if settings else repeats)
        _told(block, "stallscope", name, ours[name])
    return {"sizes": block, "bounds": bounds, "stream": theirs, "ours": ours}


def _their_tile(block: Block, found: Found) -> list[str]:
    """Settings that give our mapping the tile that Stream found: so many tokens, and so many channels at once."""
    tile = {dim.rpartition(".")[2]: size for dim, size in found.get("tile", {}).items()}
    tokens, channels = tile.get("D0", block.tokens), tile.get("D1", block.d_inner)
    return [f"mapping.token_tile={tokens}", f"mapping.blocks={block.d_inner // channels}"]


def _stream(block: Block, stream: Path, folder: Path, repeats: int, change: Found) -> Found:
    def once() -> tuple[Found, Spent]:
        made = mkdtemp(dir=folder)
        fields = {"hardware": str(folder / f"{MACHINE}.yaml"), "sizes": block, "output": made, **change}
        return _told_by(command(_words(stream, "in_stream.py", fields), Path(made), errors=subprocess.PIPE))

    return _repeated(once, repeats)


def _ours(block: Block, settings: list[str], repeats: int) -> Found:
    """Within a process, for the parts of its time, and, with no *settings*, as the whole command."""

    def once() -> tuple[Found, Spent]:
        assignments = [*block.settings, *settings]
        found, spent = _task("whole", workload=WORKLOAD, machine=MACHINE, assignments=assignments)
        if settings:
            return found, spent
        said = [word for each in assignments for word in ("--set", each)]
        return found, python("-m", "sim", "run", WORKLOAD, "--hw", MACHINE, *said, "-q", "--json", "-")

    return _repeated(once, repeats)


def _product(product: tuple[int, int, int], flow: str, scalesim: Path, folder: Path) -> Found:
    def theirs() -> tuple[Found, Spent]:
        made = mkdtemp(dir=folder)
        fields = {"product": product, "rows": 32, "columns": 32, "dataflow": flow, "output": made}
        return _told_by(command(_words(scalesim, "in_scalesim.py", fields), Path(made), errors=subprocess.PIPE))

    def ours(folds: str) -> tuple[Found, Spent]:
        found, _ = _task("product", **dict(zip("mnk", product, strict=True)), dataflow=flow, folds=folds)
        words = ("-m", "sim", "gemm", *map(str, product), "--dataflow", flow, "--folds", folds, "-q")
        return found, python(*words)

    found = {"scalesim": _repeated(theirs, 1)}
    found |= {folds: _repeated(partial(ours, folds), 1) for folds in ("serial", "overlapped")}
    note(str(product), flow, *(f"{name} {each.get('cycles', each.get('error'))}" for name, each in found.items()))
    return {"product": product, "dataflow": flow, **found}


def _words(interpreter: Path, script: str, fields: Found) -> list[str]:
    """The command that runs *script*, which stands beside this file, with a peer's *interpreter*."""
    return [str(interpreter), str(Path(__file__).with_name(script)), json.dumps(fields)]


def _task(name: str, **fields: Any) -> tuple[Found, Spent]:
    """A task of bench/tasks.py, whose last words are kept if it fails."""
    return _told_by(python("-m", "bench.tasks", name, json.dumps(fields), errors=subprocess.PIPE))


def _told_by(spent: Spent) -> tuple[Found, Spent]:
    """What a process printed last, which is what it found."""
    found: Found = json.loads(spent.output.strip().splitlines()[-1])
    return found, spent


def _repeated(once: Callable[[], tuple[Found, Spent]], repeats: int) -> Found:
    """What *once* found the first time, cycles of every time, and the median of seconds and memory."""
    every: list[tuple[Found, Spent]] = []
    for _ in range(repeats):
        try:
            every.append(once())
        except subprocess.CalledProcessError as error:
            said = [line for line in (error.stderr or "").splitlines() if line.strip()]
            return {"error": said[-1].strip() if said else f"exit code {error.returncode}"}
    first, _ = every[0]
    seconds = {key: median(found[key] for found, _ in every) for key in first if key.endswith("_s")}
    return {
        **first, **seconds, "times": [found["cycles"] for found, _ in every],
        "process_cpu_s": median(spent.cpu_s for _, spent in every),
        "process_wall_s": median(spent.wall_s for _, spent in every),
        "peak_mb": median(spent.peak_mb for _, spent in every),
    }  # fmt: skip


def _told(block: Block, tool: str, name: str, found: Found) -> None:
    """Say on the terminal what has been measured."""
    note(f"{block.name}: {tool}, {name}: {found.get('times', found.get('error'))}")
