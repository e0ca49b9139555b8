"""Runs as they are recorded for the checker of legality: by the command, as a user would."""

from __future__ import annotations

from pathlib import Path

from tests.support.command_line import call

SMALL = (
    "mamba2-d96 --layers 2 --seq-len 12 --set mapping.token_tile=5 --set mapping.blocks=3 --set mapping.lanes=1 "
    "--set mapping.weight_slot_kib=8 --set mapping.spill=false --set mapping.sram_kib=110 "
    "--set mapping.spare_sram=evenly --set mapping.head_first=false --set mapping.steps_first=true "
    "--set mapping.step_elements=1 --set mapping.place.outer=mac_array --set mapping.place.readout=mac_array"
)
"""Two layers in three tiles, the last a short one, cut into blocks, with a pool of slots for weights."""


HYBRID = " ".join(
    [
        "granite-4.0-h-tiny --seq-len 12 --layers 2 --set dimensions.pattern=[mamba,attention]",
        "--set dimensions.d_model=64 --set vocabulary=256",
        *(f"--set dimensions.kinds.mamba.mamba2.{size}" for size in ("heads=4", "head_dim=16", "d_state=16")),
        *(f"--set dimensions.kinds.attention.attention.{size}" for size in ("heads=4", "groups=2", "head_dim=16")),
        *(
            f"--set dimensions.kinds.{kind}.experts.{size}"
            for kind in ("mamba", "attention")
            for size in ("count=8", "chosen=2", "width=32")
        ),
    ]
)
"""A layer of Mamba-2 and one with attention, whose parts have experts of which tokens choose some, and a head."""

SAMPLE = {
    "blocks and a pool": SMALL,
    "spilled": SMALL.replace("spill=false", "spill=true") + " --hw edge_flexpe",
    "mamba1": "mamba1-d96 --layers 2 --seq-len 16",
    "mamba1 in a scan": "mamba1-d96 --layers 1 --seq-len 20 --set formulation=blelloch --set chunk=8",
    "mamba2 in chunks": "mamba2-d96 --layers 2 --seq-len 40 --set formulation=chunked --set chunk=16",
    "mamba3 on PEs": "mamba3_mimo-d48 --layers 2 --seq-len 16 --hw edge_flexpe",
    "mamba3 in chunks": "mamba3_mimo-d48 --layers 1 --seq-len 20 --set formulation=chunked --set chunk=8",
    "decode of a batch": "mamba2-d96 --layers 2 --phase decode --batch 3",
    "decode of mamba1": "mamba1-d96 --layers 2 --phase decode --hw edge_flexpe",
    "head": "mamba2-d96 --layers 1 --seq-len 16 --set head=true --set vocabulary=512",
    "generation": "mamba2-d96 --layers 1 --seq-len 16 --phase generate --generate 3 --set vocabulary=512",
    "hybrid with experts": HYBRID,
    "attention, generation": "gpt-neo-125m --layers 1 --seq-len 8 --phase generate --generate 2 --set vocabulary=512",
    "attention": "gpt-neo-125m --layers 1 --seq-len 24",
    "attention, decode": "qwen2.5-0.5b --layers 1 --phase decode --seq-len 64",
    "equations": "rg_lru --layers 1 --seq-len 8",
    "two arrays": "mamba2-d96 --layers 1 --seq-len 16 --hw edge_2x512",
    "special functions": "mamba1-d96 --layers 1 --seq-len 16 --hw edge_sfu",
    "narrow weights": "mamba2-d96 --layers 1 --seq-len 16 --set precision.weights=4bit --set precision.group=32 "
    "--set mac_array.types=[w16a16] --set precision.state=32bit",
    "weights stay, serial folds": "mamba2-d96 --layers 1 --seq-len 16 --set mac_array.dataflow=weight_stationary "
    "--set mac_array.folds=serial --set precision.accumulators=32bit",
    "narrow sides": "mamba2-d96 --layers 1 --seq-len 16 --hw edge_flexpe --set mac_array.elementwise.fed_by=edges "
    "--set mac_array.edges.rows=16",
    "another memory": "mamba2-d96 --layers 1 --seq-len 16 --set dram.timing=ddr4-3200 --set dram.channels=1 "
    "--set dma.outstanding=2",
    "ideal in dependences": "mamba2-d96 --layers 1 --seq-len 16 --set ideal=[dependencies,edges]",
    "narrow banks": "mamba2-d96 --layers 1 --seq-len 16 --set sram.banks=2 --set sram.interleave=1",
}
"""Small runs of unlike kinds: what the command ``run`` is given."""


def recorded(folder: Path, arguments: str) -> tuple[Path, Path, Path]:
    """Trace, result and program of ``run`` with these *arguments*, in a *folder*."""
    trace, result, program = (folder / name for name in ("trace.csv.gz", "result.json", "program.json"))
    files = ["--trace", str(trace), "--json", str(result), "--program", str(program)]
    code, _, error = call("run", *arguments.split(), *files, "--quiet", "--stride", "tile")
    assert code == 0, error
    return trace, result, program
