"""SCALE-Sim on one product, in SCALE-Sim's Python: ``python in_scalesim.py FIELDS`` prints what it found as JSON.

It imports nothing of ours. FIELDS is JSON: ``product`` (M, N, K), ``rows``, ``columns``, ``dataflow`` (os, ws or is)
and ``output`` (a folder). Bandwidths are as SCALE-Sim calculates them, so that no memory stalls.
"""

from __future__ import annotations

import csv
import importlib.metadata
import json
import sys
import time
from pathlib import Path
from typing import Any

CONFIG = """\
[general]
run_name = run
[architecture_presets]
ArrayHeight = {rows}
ArrayWidth = {columns}
ifmapsramszkB = 1024
filtersramszkB = 1024
ofmapsramszkB = 1024
IfmapOffset = 0
FilterOffset = 100000000
OfmapOffset = 200000000
Dataflow = {dataflow}
Bandwidth = 32
ReadRequestBuffer = 512
WriteRequestBuffer = 512
[layout]
IfmapCustomLayout = False
IfmapSRAMBankBandwidth = 10
IfmapSRAMBankNum = 10
IfmapSRAMBankPort = 2
FilterCustomLayout = False
FilterSRAMBankBandwidth = 10
FilterSRAMBankNum = 10
FilterSRAMBankPort = 2
[sparsity]
SparsitySupport = false
[run_presets]
InterfaceBandwidth = CALC
UseRamulatorTrace = False
"""
LAYOUT = "Layer," + "x," * 21 + "\nproduct," + "1," * 21 + "\n"  # of which nothing is used without a custom layout


def main() -> None:
    """Write its three input files, run it, and read its report."""
    asked: dict[str, Any] = json.loads(sys.argv[1])
    began = time.perf_counter()
    from scalesim.scale_sim import scalesim

    folder = Path(asked["output"])
    m, n, k = asked["product"]
    texts = {
        "scale.cfg": CONFIG.format(**asked),
        "layout.csv": LAYOUT,
        "gemm.csv": f"Layer,M,N,K,\nproduct,{m},{n},{k},\n",
    }
    for name, text in texts.items():
        (folder / name).write_text(text, encoding="utf-8")
    config, topology, layout = (str(folder / name) for name in ("scale.cfg", "gemm.csv", "layout.csv"))
    ready, ready_cpu = time.perf_counter(), time.process_time()
    simulated = scalesim(
        save_disk_space=True, verbose=False, config=config, topology=topology, layout=layout, input_type_gemm=True
    )
    simulated.run_scale(top_path=str(folder))
    spent = {
        "import_s": ready - began,
        "simulate_s": time.perf_counter() - ready,
        "simulate_cpu_s": time.process_time() - ready_cpu,
    }
    with (folder / "run" / "COMPUTE_REPORT.csv").open(encoding="utf-8") as file:
        row = {key.strip(): value for key, value in next(csv.DictReader(file)).items() if key}
    version = importlib.metadata.version("scalesim")
    print(json.dumps({"cycles": int(float(row["Total Cycles"])), **spent, "versions": {"scalesim": version}}))


if __name__ == "__main__":
    main()
