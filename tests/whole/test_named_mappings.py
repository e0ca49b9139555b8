"""Named mappings: what stream-like means, and that it gives about the paper's throughput."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from sim.commands.cli import app
from sim.files.errors import InputError
from sim.files.resolve import named_mapping
from sim.simulation import prepare, run

# Table 1 of arXiv 2604.07935, Stream on the edge accelerator, tok/s; the tile of tokens that fits 2 MiB.
STREAM = [("mamba1", 292.1, 32), ("mamba2", 319.2, 32), ("mamba3_mimo", 247.4, 32)]


@pytest.fixture(scope="module")
def stream_like() -> dict[str, float]:
    """Tokens a second of the whole models, from one layer and 512 tokens."""
    found = {}
    for workload, _, tile in STREAM:
        wanted = [*named_mapping("stream-like"), f"mapping.token_tile={tile}", "layers=1", "sequence_length=512"]
        wanted += ["mapping.blocks=4" if workload == "mamba1" else "mapping.blocks=1"]
        found[workload] = run(prepare(workload, "edge_flexpe", wanted)).tokens_per_second / 48
    return found


@pytest.mark.parametrize(("workload", "paper", "tile"), STREAM)
def test_stream_like_is_within_a_tenth_of_the_papers_stream(
    stream_like: dict[str, float], workload: str, paper: float, tile: int
) -> None:
    assert stream_like[workload] == pytest.approx(paper, rel=0.1)


def test_stream_like_has_the_papers_order(stream_like: dict[str, float]) -> None:
    assert stream_like["mamba2"] > stream_like["mamba1"] > stream_like["mamba3_mimo"]


def test_everything_is_on_the_array_one_after_the_other() -> None:
    wanted = [*named_mapping("stream-like"), "layers=1", "sequence_length=64", "mapping.blocks=1"]
    job = prepare("mamba3_mimo", "edge_flexpe", wanted)
    section = job.sections[0]
    freely = prepare("mamba3_mimo", "edge_flexpe", ["layers=1", "sequence_length=64", "mapping.blocks=1"]).sections[0]
    assert set(section.mapping.placement.values()) == {"mac_array"}
    costs = section.costs
    for name in ("outer", "readout"):  # contractions of activations: elementwise, although a product would be quicker
        found = costs.cost(name, "mac_array", 1, 1).cycles
        passes = costs.passes(name, 1, 1)
        assert found >= sum(2 * step.points for step in passes if step.function == "fma") // 1024
        assert found > freely.costs.cost(name, "mac_array", 1, 1).cycles


def test_set_comes_after_the_mapping() -> None:
    wanted = ["--mapping", "stream-like", "--set", "mac_array.folds=overlapped", "--layers", "1"]
    size = ["--set", "sequence_length=32", "--set", "mapping.token_tile=16", "--json", "-"]
    found = CliRunner().invoke(app, ["run", "mamba2", "--hw", "edge_flexpe", *wanted, *size])
    assert found.exit_code == 0
    assert json.loads(found.stdout)["units"]["mac_array"]["fill_drain_cycles"] == 0


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param(
            "mapping: {lanes: 1, place: {in_proj.x: mac_array}}",
            ["mapping.lanes=1", 'mapping.place.in_proj.x="mac_array"'],
            id="wishes",
        ),
        pytest.param("machine: {simd: {lanes: 8}, clock: 1GHz}", ["simd.lanes=8", 'clock="1GHz"'], id="machine"),
        pytest.param("set: [simd.lanes=8]", ["simd.lanes=8"], id="as --set takes them"),
        pytest.param(
            "mapping: {spill: null}\nmachine: {ideal: [edges]}", ["mapping.spill=null", 'ideal=["edges"]'], id="values"
        ),
    ],
)
def test_a_mapping_in_yaml_is_settings(tmp_path: Path, text: str, expected: list[str]) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text(f"name: mine\n{text}\n", encoding="utf-8")
    assert named_mapping(str(path)) == expected
    prepare("mamba2-d96", "edge", ["layers=1", "sequence_length=8", *named_mapping(str(path))])


def test_a_mistake_is_put_to_its_line(tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text("name: mine\nmapping:\n  blocks: 7\n", encoding="utf-8")
    with pytest.raises(InputError, match=r"mine\.yaml:3: mapping\.blocks: blocks x lanes must divide"):
        prepare("mamba2-d96", "edge", named_mapping(str(path)))
    path.write_text("name: mine\nmachine:\n  simd:\n    lanse: 7\n  smid: {}\n", encoding="utf-8")
    with pytest.raises(InputError, match=r"mine\.yaml:5: machine\.smid: is no key of machines; did you mean 'simd'"):
        named_mapping(str(path))
