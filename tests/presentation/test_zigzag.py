"""Machines as ZigZag and Stream read them: their schema, their units, and every number as the machine has it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Literal

import pytest
from pydantic import Field
from ruamel.yaml import YAML

from hw.compute import ComputeSpec
from hw.machine import MachineSpec
from sim.files.catalog import published, shipped
from sim.files.resolve import read
from sim.presentation import zigzag
from sim.presentation.zigzag import NotExported, exported

# Of accelerator_validator.py in zigzag-dse 3.9.1 (zigzag/parser) and in stream-dse 2.1.1 (stream/parser)
PORT = re.compile(r"^[r]?[w]?_port_\d+$")
ALLOCATION = re.compile(r"^(I[12]|O), (fh|tl|fl|th)$")
CORE_FILE = re.compile(r"^\./(?:[A-Za-z0-9_\-]+/)*[A-Za-z0-9_\-]+\.yaml$")
MEMORY_KEYS = {"size", "r_cost", "w_cost", "area", "latency", "operands", "ports", "served_dimensions"}
MACHINES = [*shipped("machine"), *published("machine")]


def machine(name: str, *assignments: str) -> MachineSpec:
    """The shipped machine of that name, changed."""
    document = read("machine", name)
    for assignment in assignments:
        document.override(assignment)
    return document.check(MachineSpec)


def files(spec: MachineSpec) -> dict[str, Any]:
    """What is written for *spec*, read back."""
    return {path: YAML(typ="safe").load(text) for path, text in exported(spec, "a command").items()}


def moves(core: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """(memory, move) of all that a core's memories do."""
    for name, memory in core["memories"].items():
        for port in memory["ports"]:
            yield from ((name, move) for move in port["allocation"])


def test_every_number_of_the_edge_machine_comes_back() -> None:
    spec = machine("edge")
    found = files(spec)
    assert list(found) == ["edge.yaml", "cores/mac_array.yaml", "cores/simd.yaml", "cores/dram.yaml"]
    accelerator, array, lanes, dram = found.values()
    assert accelerator["cores"] == {0: "./cores/mac_array.yaml", 1: "./cores/simd.yaml", 2: "./cores/dram.yaml"}
    assert accelerator["offchip_core_id"] == 2
    assert accelerator["core_memory_sharing"] == ["0, 1"]
    (link,) = accelerator["core_connectivity"]
    # 34.13 GB/s at 250 MHz are 136.5 bytes a cycle, 1092.3 bits
    assert (link["cores"], link["bandwidth"]) == ([0, 2], 1092)
    assert dram["memories"]["dram"]["ports"][0]["bandwidth_max"] == link["bandwidth"]
    assert dram["memories"]["dram"]["r_cost"] == 15 * 1092  # pJ a bit, of an access of all bits
    assert array["operational_array"]["sizes"] == [32, 32]
    assert array["operational_array"]["unit_energy"] == 2 * 2  # pJ an operation, two in a MAC
    assert lanes["operational_array"]["sizes"] == [32]
    for core in (array, lanes):
        sram = core["memories"]["sram"]
        assert sram["size"] == 2 * 2**20 * 8
        assert {port["bandwidth_max"] for port in sram["ports"]} == {16 * 64 * 8}
    assert array["memories"]["sram"] == {**lanes["memories"]["sram"], "served_dimensions": ["D1", "D2"]}
    assert array["memories"]["accumulators"]["operands"] == ["O"]
    assert set(array["operator_types"]) == set(zigzag.PRODUCTS)
    assert {"Exp", "Mul", "Add", "SelectiveScan"} <= set(lanes["operator_types"])
    assert not set(lanes["operator_types"]) & set(zigzag.PRODUCTS)


@pytest.mark.parametrize("name", MACHINES)
def test_what_is_shipped_fits_the_schema_or_is_refused(name: str) -> None:
    spec = machine(name)
    try:
        found = files(spec)
    except NotExported as error:
        assert any(array.dataflow == ["dot_product"] for array in spec.arrays.values())
        assert error.path[-1] == "dataflow"
        return
    path, *cores = found
    accelerator = found[path]
    assert accelerator["offchip_core_id"] == len(cores) - 1 == len(spec.compute)
    assert [each.removeprefix("./") for each in accelerator["cores"].values()] == cores
    assert all(CORE_FILE.match(each) for each in accelerator["cores"].values())
    for core in (found[each] for each in cores):
        for memory in core["memories"].values():
            assert set(memory) == MEMORY_KEYS
            assert isinstance(memory["size"], int)
            for port in memory["ports"]:
                assert PORT.match(port["name"])
                assert 1 <= port["bandwidth_min"] <= port["bandwidth_max"]
                assert all(map(ALLOCATION.match, port["allocation"]))
        assert len(set(moves(core))) == len(list(moves(core)))
        served = {move for memory, move in moves(core) if memory in ("sram", "dram")}
        assert served == {f"{operand}, {way}" for operand, ways in zigzag.MOVES.items() for way in ways}
        sizes = core["operational_array"]["sizes"]
        assert core["operational_array"]["dimensions"] == [f"D{number + 1}" for number in range(len(sizes))]


@pytest.mark.parametrize(
    ("banks", "ports"),
    [(1, ["rw_port_1"]), (2, ["r_port_1", "w_port_1"]), (8, [f"{way}_port_{n}" for n in (1, 2, 3) for way in "rw"])],
)
def test_banks_serve_so_many_at_once(banks: int, ports: list[str]) -> None:
    found = files(machine("edge", f"sram.banks={banks}", f"sram.interleave={banks}"))
    sram = found["cores/simd.yaml"]["memories"]["sram"]
    assert [port["name"] for port in sram["ports"]] == ports
    assert {port["bandwidth_max"] for port in sram["ports"]} == {banks * 64 * 8}


@pytest.mark.parametrize(
    ("dataflow", "kept"), [("weight_stationary", ["I2"]), ("input_stationary", ["I1"]), ("output_stationary", ["O"])]
)
def test_what_is_stationary_has_a_register_in_each_pe(dataflow: str, kept: list[str]) -> None:
    memories = files(machine("edge", f"mac_array.dataflow={dataflow}"))["cores/mac_array.yaml"]["memories"]
    in_each = [memory["operands"] for memory in memories.values() if memory["served_dimensions"] == []]
    assert in_each == [kept]


def test_two_arrays_and_pes_that_do_elementwise_work() -> None:
    found = files(machine("edge_2x512"))
    assert found["edge_2x512.yaml"]["core_memory_sharing"] == ["0, 1, 2"]
    assert found["cores/mac_array_2.yaml"]["operational_array"]["sizes"] == [32, 16]
    flexible = files(machine("edge_flexpe"))["cores/mac_array.yaml"]["operator_types"]
    assert {"MatMul", "Exp", "SelectiveScan"} <= set(flexible)


def test_what_the_format_cannot_say_stands_there_as_a_comment() -> None:
    found = exported(machine("edge", "ideal=[edges]", "energy=components"), "python -m sim export zigzag edge -o x")
    texts = " ".join(found.values())
    assert texts.count("# Written by `python -m sim export zigzag edge -o x`") == 4
    for said in (
        "rows, CAS latency, turnaround and refresh of lpddr5x-8533", "transfers in flight at once (8)",
        "bank conflicts",
        "effects that are ideal: edges", "energy, which this machine has by component", "folds overlapped", "packing",
        "silu 5 (there 4)", "softplus 8 (there 1)",
    ):  # fmt: skip
        assert said in texts
    assert "unit_energy: 0  #" in found["cores/mac_array.yaml"]
    assert "exp 4" not in texts  # as Stream has it


class TreeSpec(ComputeSpec):
    """A unit of a kind that ZigZag does not know."""

    kind: Literal["tree"] = Field(default="tree")


TreeSpec.__abstractmethods__ = frozenset()  # nothing of it is asked


def test_a_unit_of_another_kind_is_refused() -> None:
    spec = machine("edge")
    spec = spec.model_copy(update={"units": {"sums": TreeSpec.model_construct()}})
    with pytest.raises(NotExported, match="found a unit of the kind tree, expected mac_array, simd or special") as told:
        exported(spec, "a command")
    assert told.value.path == ["units", "sums"]
