"""The shipped machines load, and say what they claim to."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

import pytest

from hw.machine import MachineSpec
from sim.files.documents import read_document
from sim.files.errors import InputError

HW = Path(str(files("hw")))


def load(name: str, *overrides: str) -> MachineSpec:
    document = read_document(HW / f"{name}.yaml")
    for override in overrides:
        document.override(override)
    return document.check(MachineSpec)


@pytest.mark.parametrize(
    ("overrides", "culprit"),
    [
        pytest.param(["sram.banks=3"], "sram.banks=3: sram.banks", id="banks"),
        pytest.param(["sram.interleave=3"], "sram.interleave=3: sram.interleave", id="interleave"),
        pytest.param(["sram.capacity=1000001B"], "sram.capacity=1000001B: sram.capacity", id="capacity"),
        pytest.param(["simd.lanes=8", "sram.banks=5"], "sram.banks=5: sram.banks", id="another key as well"),
    ],
)
def test_what_contradicts_is_put_to_the_key_that_the_user_set(overrides: list[str], culprit: str) -> None:
    with pytest.raises(InputError) as caught:
        load("edge", *overrides)
    assert str(caught.value).startswith(f"--set {culprit}: ")


@pytest.mark.parametrize("path", [pytest.param(path, id=path.stem) for path in sorted(HW.glob("*.yaml"))])
def test_every_shipped_machine_loads_and_is_called_like_its_file(path: Path) -> None:
    assert load(path.stem).name == path.stem


def test_the_edge_machine_has_the_figures_of_the_paper() -> None:
    edge = load("edge")
    assert edge.mac_array.macs_per_cycle * 2 * edge.clock == 512 * 10**9  # 512 GOPS at two operations a MAC
    assert edge.simd.lanes * edge.clock == 8 * 10**9  # 8 GOPS
    assert edge.sram.capacity == 2 * 1024**2
    assert edge.dram.bytes_per_second == pytest.approx(34e9, rel=0.01)
    assert edge.dram_bytes_per_cycle == pytest.approx(34.13e9 / 250e6, rel=1e-3)
    assert (edge.energy.operation, edge.energy.dram) == (2_000, 15_000)  # femtojoules: 2 pJ an operation, 15 pJ a bit


def test_edge_flexpe_is_edge_whose_pes_do_elementwise_work() -> None:
    edge, flexpe = load("edge").model_dump(), load("edge_flexpe").model_dump()
    differing = {key for key in edge if edge[key] != flexpe[key]}
    assert differing == {"name", "description", "mac_array"}
    assert edge["mac_array"].pop("elementwise") is None
    elementwise = flexpe["mac_array"].pop("elementwise")
    assert edge["mac_array"] == flexpe["mac_array"]
    assert elementwise["cycles"] == edge["simd"]["cycles"]  # a PE is as fast at each function as a lane


def test_a_clock_must_run() -> None:
    with pytest.raises(InputError) as caught:
        load("edge", "clock=0Hz")
    assert str(caught.value) == "--set clock=0Hz: clock: found '0Hz', expected 1kHz to 100GHz"


def test_the_gpu_has_the_figures_of_its_data_sheet() -> None:
    gpu = load("h100")
    assert gpu.mac_array.macs_per_cycle * 2 * gpu.clock == pytest.approx(989.4e12, rel=1e-3)  # dense, 16 bit
    assert gpu.simd.lanes * 2 * gpu.clock == pytest.approx(
        66.9e12, rel=0.08
    )  # FP32; the sheet has a higher boost clock
    assert gpu.dram.bytes_per_second == pytest.approx(3.35e12, rel=2e-3)


def test_the_h200_is_an_h100_with_faster_memory() -> None:
    h100, h200 = load("h100"), load("h200")
    differing = {key for key, value in h100.model_dump().items() if value != h200.model_dump()[key]}
    assert differing == {"name", "description", "dram"}
    assert h200.dram.bytes_per_second == pytest.approx(4.8e12, rel=1e-3)
    assert h200.dram.bytes_per_second == pytest.approx(6 * 1024 * 6.25e9 / 8, rel=1e-3)  # stacks, pins, bits a second
