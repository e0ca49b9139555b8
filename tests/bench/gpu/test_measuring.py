"""A dry run of what measures a GPU, on a CPU and tiny sizes."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
import typer

pytest.importorskip("torch")
import torch

from bench.gpu import measuring
from bench.gpu.clock import Clock
from bench.gpu.decode import Layer, Model, decode_rates
from bench.gpu.mamba1 import mamba1_sequential
from bench.gpu.state_updates import Sizes
from sim.files.resolve import resolve_workload
from sim.paper.gpu.measurements import FOLDER, read_measurements
from sim.paper.published import table1


@pytest.fixture(autouse=True)
def few_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bench.gpu.clock.SECONDS", 0.001)


def test_a_dry_run_writes_what_the_pages_read(tmp_path: Path) -> None:
    path = tmp_path / FOLDER / "cpu.json"
    measuring.main(path, tiny=True, versions=["mamba-ssm=none"])
    found = read_measurements(tmp_path)[f"{FOLDER}/cpu.json"]
    assert [each.row for each in found.state_updates] == list(table1())
    assert {each.launch for each in found.state_updates} == {"plain"}
    assert {each.mask for each in found.attention} == {"is_causal", "explicit"}
    assert max(check.error for check in found.checks) < 0.02  # in 16 bit
    assert found.software["mamba-ssm"] == "none"
    assert "mamba_ssm" in found.missing["mamba-ssm"] or found.decode


def test_a_part_that_fails_is_named_and_the_others_go_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("out of memory\nand more")

    monkeypatch.setattr(measuring, "copy_rates", broken)
    measuring.main(tmp_path / "x.json", tiny=True, only="c")
    found = json.loads((tmp_path / "x.json").read_text())
    assert found["missing"]["copies"] == "RuntimeError: out of memory"
    assert found["command"] == "python -m bench.gpu --tiny --only c"
    assert "products" in found and "launches" not in found


def test_what_computes_something_else_is_not_timed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bench.gpu.state_updates.mamba1_scan", lambda inputs: 2 * mamba1_sequential(inputs))
    measuring.main(tmp_path / "x.json", tiny=True, only="mamba1_pscan")
    found = json.loads((tmp_path / "x.json").read_text())
    assert "is off by 1 of the largest value" in found["missing"]["state update, mamba1_pscan"]
    assert "state_updates" not in found


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"only": "nothing like it"}, "--only: nothing has 'nothing like it' in its name; there are empty kernels, "),
        ({"versions": ["torch"]}, "--version-of: found 'torch', expected NAME=VERSION"),
    ],
)
def test_options_that_mean_nothing_write_nothing(options: dict[str, Any], message: str, tmp_path: Path) -> None:
    with pytest.raises(typer.BadParameter, match=re.escape(message)):
        measuring.main(tmp_path / "x.json", tiny=True, **options)
    assert list(tmp_path.iterdir()) == []


def test_another_run_is_another_file(tmp_path: Path) -> None:
    for name in ("a", "a-2", "a-3"):
        path = measuring.unused(tmp_path, "a")
        assert path == tmp_path / f"{name}.json"
        path.touch()


def test_the_sizes_are_those_of_the_workloads() -> None:
    sizes = Sizes()
    for name, heads in (("mamba1", 0), ("mamba2", 48), ("mamba3_mimo", 48)):
        spec = resolve_workload(name).spec
        own = spec.dimensions
        assert (spec.layers, spec.sequence_length, own["d_state"]) == (sizes.layers, sizes.tokens, sizes.states)
        channels = 2 * own["d_model"]
        assert not heads or channels // own["head_dim"] == heads
        if name == "mamba3_mimo":
            assert (own["mimo_rank"], own["head_dim"]) == (sizes.mamba3_ranks, sizes.mamba3_head_dim)
            assert heads == sizes.mamba3_heads
        else:
            assert channels == sizes.channels


class Halving:
    """Mixes nothing."""

    def empty_state(self, batch: int) -> torch.Tensor:
        return torch.zeros(batch)

    def step(self, u: torch.Tensor, state: torch.Tensor) -> torch.Tensor:
        state += 1
        return u / 2


def test_a_step_of_decode_goes_through_all_layers() -> None:
    ones = torch.ones(8, dtype=torch.bfloat16)
    mlp = ones, torch.zeros(6, 8, dtype=torch.bfloat16), torch.zeros(8, 3, dtype=torch.bfloat16)
    layers = [Layer(ones, Halving(), None), Layer(ones, Halving(), mlp)]
    found = list(decode_rates(Clock(torch.device("cpu"), None), Model("mamba2", "mamba-ssm", 8, layers), (1, 4)))
    assert [(each.batch, each.launch) for each in found] == [(1, "plain"), (4, "plain")]
    u, state = torch.ones(4, 8, dtype=torch.bfloat16), torch.zeros(4)
    assert torch.equal(layers[1].step(u, state), 1.5 * u)
    assert state.tolist() == [1.0] * 4
