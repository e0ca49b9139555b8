"""Result and program describe the same run: sizes, layers, buffers, mappings (docs/result.md, docs/program.md)."""

from __future__ import annotations

from typing import Any

from tests.support.legality.findings import Verdict
from tests.support.legality.lanes import up
from tests.support.legality.program import Program, Section

CHECK = "descriptions"
KIND = "result and program disagree"


def check_descriptions(program: Program, result: dict[str, Any], verdict: Verdict) -> None:
    """How many layers, sequences, timesteps and tiles there are, and where what is laid out."""
    body = [section for section in program.sections if not section.data["head"]]
    verdict.equal(CHECK, KIND, "machine", result["machine"], program.machine["name"])
    for section in program.sections:
        verdict.equal(CHECK, KIND, (section, "batch"), section.batch, result["batch"])
        verdict.equal(CHECK, KIND, (section, "tiles"), section.tiles, up(section.steps, section.tile_steps))
    whole = [each for each in body if not each.data["part_of_a_layer"]]
    prompt = [each for each in whole if each.data["phase"] == "prefill"]
    for section in prompt:
        steps = up(result["sequence_length"], section.tokens)
        verdict.equal(CHECK, KIND, (section, "timesteps"), section.steps, steps)
    if len(whole) == len(body) and result["phase"] != "generate":
        layers = sum(section.passes * section.times for section in body)
        verdict.equal(CHECK, KIND, "simulated_layers", layers, result["simulated_layers"])
    else:
        verdict.skip("the number of layers", "layers have parts, or there is an answer")
    _mapping(program.sections[0], result["mapping"], verdict)
    if program.sections[-1].data["head"] and result["head_mapping"] is not None:
        _mapping(program.sections[-1], result["head_mapping"], verdict)


def _mapping(section: Section, told: dict[str, Any], verdict: Verdict) -> None:
    """A mapping as the result has it is that by which the section is laid out."""
    found = {
        "token_tile": section.tile_steps * section.tokens,
        "tiles_per_layer": section.tiles,
        "blocks": section.blocks,
        "lanes": section.lanes,
        "spilled": section.data["spilled"],
        "sram_bytes": sum(buffer.slots * buffer.slot_bytes for buffer in section.buffers),
        "buffers": [
            {"name": b.name, "role": b.role, "slot_bytes": b.slot_bytes, "slots": b.slots} for b in section.buffers
        ],
    }
    for key, value in found.items():
        verdict.equal(CHECK, KIND, (section, key), told[key], value)
    for stream in section.streams:
        for name in stream.operations:
            alike = section.machine["compute"][told["placement"][name]] == section.machine["compute"][stream.unit]
            verdict.holds(CHECK, KIND, (section, "placement of", name), alike)
