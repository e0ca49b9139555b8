"""Random machines with one to four compute units of mixed kinds, and random mappings onto them.

Accounts sum to the makespan, no bound exceeds it, and nothing gets stuck.
"""

from __future__ import annotations

import json
from random import Random
from typing import Any

import pytest

from hw.machine import MachineSpec
from sim.files.catalog import find
from sim.files.documents import read_document
from sim.files.resolve import resolve
from sim.lowering.costs import CostModel
from sim.lowering.section import cost_model
from sim.simulation import prepare, run
from tests.support.conservation import check_parts, check_path

MODELS = ("mamba1-d96", "mamba2-d96", "mamba3_mimo-d48")
TWINS, SHARED = 0.4, 0.75  # how often an array has its equal, and how often the two share projections
EDGE = read_document(find("machine", "edge_sfu")).check(MachineSpec)
LANES, ARRAY, PIPELINES = (
    EDGE.compute[name].model_dump(exclude_defaults=True) for name in ("simd", "mac_array", "sfu")
)


def array(random: Random, elementwise: bool) -> dict[str, Any]:
    unit = {"kind": "mac_array", **ARRAY, "rows": random.choice((4, 8, 32)), "columns": random.choice((4, 16, 32))}
    unit["folds"] = random.choice(("serial", "overlapped"))
    unit["rates"] = random.choice(({}, {"w8a8": 2}, {"w8a16": 1, "w8a8": 2}))
    if random.random() < 0.3:
        unit["types"] = ["w16a16", "w16a32", "w32a32"]
    if elementwise:
        table = {key: value for key, value in LANES.items() if key != "lanes"}
        unit["elementwise"] = {**table, "fed_by": random.choice(("edges", "sram"))}
    return unit


def units(random: Random) -> dict[str, Any]:
    """One to four units, which can do everything between them."""
    kinds = random.choices(("array", "lanes", "special", "flexible"), k=random.randint(0, 3))
    others = "flexible" in kinds or "lanes" in kinds
    kinds.append("array" if others else "flexible")
    random.shuffle(kinds)
    made: dict[str, Any] = {}
    for number, kind in enumerate(kinds):
        if kind == "lanes":
            made[f"unit{number}"] = {"kind": "simd", **LANES, "lanes": random.choice((8, 32))}
        elif kind == "special":
            made[f"unit{number}"] = {"kind": "special_functions", **PIPELINES, "lanes": random.choice((4, 32))}
        else:
            made[f"unit{number}"] = array(random, kind == "flexible")
    if random.random() < TWINS:
        made["twin"] = next(unit for unit in made.values() if unit["kind"] == "mac_array")
    return made


def mapping(random: Random, costs: CostModel) -> dict[str, Any]:
    place = {name: random.choice(costs.units(name)) for name in costs.analysis.operations}
    shared = {"share_projections": random.random() < SHARED} if costs.equal_arrays else {}
    return {
        "place": place, "token_tile": random.choice((4, 8, 24)), "blocks": random.choice((1, 3)), "lanes": 1,
        "weight_slot_kib": random.choice((8, 16)), "head_first": random.random() < 0.5,
        "steps_first": random.random() < 0.5, **shared,
    }  # fmt: skip


@pytest.mark.parametrize("seed", range(12))
def test_accounts_and_bounds_hold(seed: int) -> None:
    random = Random(seed)
    model, phase = random.choice(MODELS), random.choice(("prefill", "prefill", "decode"))
    found = units(random)
    widths = random.choice(("16bit", "{weights: 4bit, state: 32bit}", "{weights: 8bit, activations: 16bit}"))
    machine = ["mac_array=null", "simd=null", f"units={json.dumps(found)}", f"phase={phase}", f"precision={widths}"]
    settings = [*machine, "layers=2", "sequence_length=24"]
    inputs = resolve(model, "edge", settings)
    wishes = mapping(random, cost_model(inputs.workload.stacks[0], inputs.machine))
    if phase == "decode":
        wishes["token_tile"] = 1
    result = run(
        prepare(model, "edge", [*settings, f"mapping={json.dumps(wishes)}"]), critical_path=True, certificate=True
    )
    assert result.compute_units == tuple(found)
    check_parts(result)
    check_path(result)
    bounds, makespan = result.bounds, result.makespan_cycles
    assert bounds.resource_cycles <= makespan
    assert bounds.recurrence_cycles <= makespan
    assert bounds.any_mapping_cycles is not None and bounds.any_mapping_cycles <= makespan
    for account in result.units.values():
        assert account.busy_cycles + sum(account.stalls.values()) == makespan
