"""Every number, quantity, text and list of every input has a range, and nothing goes wrong at its ends."""

from __future__ import annotations

from typing import Any, get_args, get_origin

import pytest
from annotated_types import MaxLen
from pydantic import StringConstraints
from pydantic.fields import FieldInfo

from hw.machine import MachineSpec
from hw.spec import Description, Name
from sim.files.errors import InputError
from sim.files.keys import SPECS, keys
from sim.simulation import prepare, run
from tests.support.keys import bounds
from workloads import spec as workload_texts
from workloads.models.registry import GENERATORS

DIMENSIONS = {name: generator.dimensions for name, generator in GENERATORS.items()}
KEYS = [
    pytest.param(field, id=f"{kind}: {path}")
    for kind, spec in (SPECS | DIMENSIONS).items()
    for path, field in keys(spec)
]
CHOICES = {"rope_fraction"}  # of which there are few
OPEN = {"dimensions"}  # of the model, which has a description of its own


def plain(annotation: Any) -> Any:
    """``int`` of ``int | None``."""
    inner = [each for each in get_args(annotation) if each is not type(None)]
    return inner[0] if type(None) in get_args(annotation) else annotation


def length(field: FieldInfo) -> int | None:
    """Of a text, list or mapping at most."""
    for each in field.metadata:
        if isinstance(each, MaxLen | StringConstraints) and each.max_length:
            return each.max_length
    return None


@pytest.mark.parametrize("field", KEYS)
def test_every_key_has_a_range_and_a_meaning(request: pytest.FixtureRequest, field: FieldInfo) -> None:
    key = request.node.callspec.id.rpartition(".")[2].rpartition(": ")[2]
    kind = plain(field.annotation)
    assert field.description and field.description.endswith(".")
    if kind in (int, float) and key not in CHOICES:
        assert bounds(field) is not None
    if kind is str or get_origin(kind) is list:
        assert length(field) is not None
    if get_origin(kind) is dict and key not in OPEN:
        assert length(field) is not None or all(isinstance(each, str) for each in get_args(get_args(kind)[0]))


def test_texts_of_machines_and_workloads_are_alike() -> None:
    assert (Name, Description) == (workload_texts.Name, workload_texts.Description)


TINY = ["layers=1", "sequence_length=4", "dimensions={d_model: 16, d_state: 4, head_dim: 4}"]
TINY += ["mapping={placement: simd, token_tile: 4, blocks: 1, lanes: 1, weight_slot_kib: 32}"]  # nothing to choose
ENDS = [
    f"{path}={value}"
    for path, field in keys(MachineSpec)
    if bounds(field) is not None
    for value in bounds(field) or ()
    if not path.startswith("mac_array.elementwise.") and path != "dram.efficiency"
]
ENDS += [f"dram={{bandwidth: {least}, latency: {most}, efficiency: {share}}}"
         for least, most, share in (("1MB/s", "1ms", 0.01), ("10TB/s", "0ns", 1.0))]  # fmt: skip


@pytest.mark.parametrize(
    "assignment",
    [
        *ENDS,
        "batch=65536",
        "precision.group=1",
        "precision.group=65536",
        "mapping.token_tile=1073741824",
        "vocabulary=16777216",
    ],
)
def test_a_run_at_either_end_of_a_range(assignment: str) -> None:
    """It ends, or is refused for what else the machine has; no cycle is lost."""
    try:
        job = prepare("mamba2", "edge", [*TINY, assignment])
    except InputError as error:
        assert "must be a multiple of" in str(error) or "one layer needs" in str(error)
        return
    accounts = run(job, stride="tile").units
    assert len({sum([each.busy_cycles, *each.stalls.values()]) for each in accounts.values()}) == 1
