"""Stream on its own block of Mamba-1, in Stream's Python: ``python in_stream.py FIELDS`` prints what it found as JSON.

It imports nothing of ours. FIELDS is JSON: ``hardware`` (the accelerator's YAML), ``sizes`` (tokens, d_inner,
d_state), ``output`` (a folder), and maybe ``ports`` (of the SRAM: 1 for all, 2 by direction), ``own_bits`` (a memory
of the lanes' own, of so many bits, instead of the SRAM that all share), ``retype`` (node -> type of operator) and
``mapping`` (a file, instead of a search for tiles).
"""

from __future__ import annotations

import dataclasses
import importlib.metadata
import json
import sys
import time
from pathlib import Path
from typing import Any

READS = ("tl", "th")


def main() -> None:
    """Change the machine, solve, and say what came of it."""
    asked: dict[str, Any] = json.loads(sys.argv[1])
    began = time.perf_counter()
    from stream.api import SolveOptions, evaluate_mapping

    workload = block(asked["sizes"], asked.get("retype") or {})
    hardware = changed(Path(asked["hardware"]), asked)
    ready, ready_cpu = time.perf_counter(), time.process_time()
    options = SolveOptions(artifacts=False)
    found = evaluate_mapping(hardware, workload, asked["output"], mapping=asked.get("mapping"), options=options)
    spent = {
        "import_s": ready - began,
        "solve_s": time.perf_counter() - ready,
        "solve_cpu_s": time.process_time() - ready_cpu,
    }
    print(json.dumps({"cycles": found.cycles, **spent, **parts(found, asked), "versions": versions()}))


def block(sizes: list[int], retype: dict[str, str]) -> Any:
    """Stream's builder's workload for *sizes* (tokens, d_inner, d_state), some of its nodes of another type."""
    from stream.workload.models import MambaConfig, build_mamba_block
    from stream.workload.workload import Workload

    built = build_mamba_block(MambaConfig(*sizes))
    if not retype:
        return built
    return Workload([dataclasses.replace(n, type=retype[n.name]) if n.name in retype else n for n in built.nodes])


def changed(hardware: Path, asked: dict[str, Any]) -> str:
    """The path of the accelerator as *asked*: the one that is there, or a changed copy in the output folder."""
    import yaml

    if not asked.get("ports") and not asked.get("own_bits"):
        return str(hardware)
    accelerator = yaml.safe_load(hardware.read_text(encoding="utf-8"))
    folder = Path(asked["output"]) / "hardware"
    (folder / "cores").mkdir(parents=True, exist_ok=True)
    for number, name in accelerator["cores"].items():
        core = yaml.safe_load((hardware.parent / name).read_text(encoding="utf-8"))
        sram = core["memories"].get("sram")
        if sram and asked.get("ports"):
            sram["ports"] = fewer(sram["ports"], asked["ports"])
        if sram and asked.get("own_bits") and number == 1:
            sram["size"] = asked["own_bits"]
        (folder / name).write_text(yaml.safe_dump(core, sort_keys=False), encoding="utf-8")
    if asked.get("own_bits"):
        between = sram_width(hardware.parent / accelerator["cores"][0])
        link = accelerator["core_connectivity"][0]
        accelerator["core_memory_sharing"] = []
        accelerator["core_connectivity"] = [
            link, {**link, "cores": [1, link["cores"][1]]}, {"type": "link", "cores": [0, 1], "bandwidth": between},
        ]  # fmt: skip
    path = folder / hardware.name
    path.write_text(yaml.safe_dump(accelerator, sort_keys=False), encoding="utf-8")
    return str(path)


def fewer(ports: list[dict[str, Any]], count: int) -> list[dict[str, Any]]:
    """One port for all that *ports* move, or (a *count* of 2) one for reads and one for writes."""
    moves = [move for port in ports for move in port["allocation"]]
    kinds = {"read_write": moves}
    if count == 2:
        reads = [move for move in moves if move.endswith(READS)]
        kinds = {"read": reads, "write": [move for move in moves if move not in reads]}
    short = {"read_write": "rw", "read": "r", "write": "w"}
    return [{**ports[0], "name": f"{short[k]}_port_1", "type": k, "allocation": own} for k, own in kinds.items()]


def sram_width(core: Path) -> int:
    """Bits a cycle of the SRAM's first port."""
    import yaml

    width: int = yaml.safe_load(core.read_text(encoding="utf-8"))["memories"]["sram"]["ports"][0]["bandwidth_max"]
    return width


def parts(found: Any, asked: dict[str, Any]) -> dict[str, Any]:
    """The tile, how often it is done, and what each node takes for it, where there is one group of nodes."""
    import yaml

    groups = sorted(Path(asked["output"]).glob("group_*"))
    said = {"groups": len(groups), "group_cycles": list(found.group_cycles)}
    if len(groups) != 1:
        return said
    path = Path(asked.get("mapping") or groups[0] / "mapping.yaml")
    mapping = yaml.safe_load(path.read_text(encoding="utf-8"))
    costs = yaml.safe_load((groups[0] / "core_cost_lut.yaml").read_text(encoding="utf-8"))
    tile = {each["dim"]: each["tile"] for each in mapping["fused_groups"][0]["intra_core_tiling"]}
    nodes = [
        {"node": each["node"], "core": core["core_id"], "cycles": core["latency_cycles"], "ideal": core["ideal_cycles"],
         "by": core["metadata"]["backend"]}
        for each in costs["nodes"] for core in each["cores"]
    ]  # fmt: skip
    iterations = found.context.get("allocation").problem.iterations
    return {**said, "tile": tile, "nodes": nodes, "iterations": iterations, "mapping": str(path)}


def versions() -> dict[str, str]:
    """Of what decides the answer."""
    names = ("stream-dse", "zigzag-dse", "ortools")
    return {"python": sys.version.split()[0], **{name: importlib.metadata.version(name) for name in names}}


if __name__ == "__main__":
    main()
