"""Machines and workloads as objects."""

from __future__ import annotations

import numpy as np
import pytest

from sim.files.described import Machine, Workload, assignment, assignments, named
from sim.files.errors import InputError


def test_what_is_changed_is_said_as_on_the_command_line() -> None:
    assert assignments(["a=1"], {"b__c": True}) == ("a=1", "b.c=true")
    assert assignment("a", np.int64(3)) == "a=3" and assignment("a", [np.int64(3)]) == "a=[3]"
    assert assignment("a", "1") == 'a="1"' and assignment("a", "4MiB") == "a=4MiB"


def test_an_object_is_its_name_and_its_changes_and_never_changes() -> None:
    machine = Machine("edge", {"simd.lanes": 64})
    wider = machine.changed(simd__lanes=128, sram__capacity="4MiB")
    assert (machine.spec.simd.lanes, wider.spec.simd.lanes, wider.spec.sram.capacity) == (64, 128, 4 << 20)
    assert repr(machine) == "Machine('edge', 'simd.lanes=64')"
    assert machine == Machine("edge", simd__lanes=64) and machine != wider and len({machine, wider, machine}) == 2
    assert Workload("edge") != Machine("edge")


def test_a_workload_has_its_layers() -> None:
    workload = Workload("mamba2", layers=2)
    assert workload.spec.layers == 2 and workload.built.stacks[0].layers == 2
    assert "update" in {operation.name for operation in workload.graph.operations}


def test_names_and_objects_go_together() -> None:
    machine = Machine("edge", simd__lanes=64)
    assert named(Workload("mamba2", layers=2), machine, {"layers": 3}, {"batch": 2}) == (
        "mamba2", "edge", ("layers=2", "simd.lanes=64", "layers=3", "batch=2"),
    )  # fmt: skip
    assert named("mamba2", "edge", (), {}) == ("mamba2", "edge", ())


def test_mistakes() -> None:
    with pytest.raises(InputError, match="edgy: no such file, and no shipped machine"):
        _ = Machine("edgy").spec
    with pytest.raises(InputError, match="did you mean"):
        _ = Machine("edge", simd__lans=4).spec
    with pytest.raises(InputError, match="is a key of machines"):
        _ = Workload("mamba2", simd__lanes=4).built
