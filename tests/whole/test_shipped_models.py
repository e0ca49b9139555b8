"""Every shipped workload is a model with dimensions; the official ones have the published numbers of parameters."""

from __future__ import annotations

from pathlib import Path

import pytest

from sim.files.catalog import find, shipped
from sim.files.checkpoint import read_checkpoint
from sim.files.resolve import build_workload
from tests.support.folders import CONFIGS
from tests.support.shipped import built

SHIPPED = shipped("workload")
DEFAULTS = {"phase": "prefill", "sequence_length": 1024, "batch": 1, "precision": "16bit"}


@pytest.mark.parametrize("name", SHIPPED)
def test_every_shipped_workload_is_a_model_called_like_its_file(name: str) -> None:
    spec = built(name).spec
    assert spec.name == name
    assert spec.description
    assert {key: getattr(spec, key) for key in DEFAULTS} == DEFAULTS


@pytest.mark.parametrize("name", SHIPPED)
def test_every_shipped_workload_is_found_by_name(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert find("workload", name) == find("workload", f"{name}.yaml") == SHIPPED[name]


@pytest.mark.parametrize(
    ("name", "d_model", "layers", "vocabulary"),
    [
        pytest.param("mamba-130m", 768, 24, 50280, id="mamba-130m"),
        pytest.param("mamba-370m", 1024, 48, 50280, id="mamba-370m"),
        pytest.param("mamba-790m", 1536, 48, 50280, id="mamba-790m"),
        pytest.param("mamba-1.4b", 2048, 48, 50280, id="mamba-1.4b"),
        pytest.param("mamba-2.8b", 2560, 64, 50280, id="mamba-2.8b"),
        pytest.param("mamba2-130m", 768, 24, 50288, id="mamba2-130m"),
        pytest.param("mamba2-370m", 1024, 48, 50288, id="mamba2-370m"),
        pytest.param("mamba2-780m", 1536, 48, 50288, id="mamba2-780m"),
        pytest.param("mamba2-1.3b", 2048, 48, 50288, id="mamba2-1.3b"),
        pytest.param("mamba2-2.7b", 2560, 64, 50288, id="mamba2-2.7b"),
        pytest.param("mamba3-siso-187m", 768, 12, 128256, id="mamba3-siso-187m"),
        pytest.param("mamba3-siso-443m", 1024, 24, 128256, id="mamba3-siso-443m"),
        pytest.param("mamba3-siso-893m", 1536, 24, 128256, id="mamba3-siso-893m"),
        pytest.param("mamba3-siso-1.5b", 2048, 24, 128256, id="mamba3-siso-1.5b"),
        pytest.param("mamba3-mimo-894m", 1536, 24, 128256, id="mamba3-mimo-894m"),
        pytest.param("mamba3-mimo-1.5b", 2048, 24, 128256, id="mamba3-mimo-1.5b"),
    ],
)
def test_sizes_of_the_official_models(name: str, d_model: int, layers: int, vocabulary: int) -> None:
    spec = built(name).spec
    assert (spec.dimensions["d_model"], spec.layers, spec.vocabulary) == (d_model, layers, vocabulary)
    assert (spec.tied_embeddings, spec.state_precision, spec.formulation) == (True, "32bit", "sequential")


@pytest.mark.parametrize(
    ("name", "millions", "digits"),
    [
        pytest.param("mamba-130m", 129.135, 3, id="mamba-130m"),
        pytest.param("mamba2-130m", 128.990, 3, id="mamba2-130m"),
        pytest.param("mamba3-siso-187m", 186.850, 3, id="mamba3-siso-187m"),
        pytest.param("mamba3-siso-443m", 443.0, 1, id="mamba3-siso-443m"),
        pytest.param("mamba3-siso-893m", 892.8, 1, id="mamba3-siso-893m"),
        pytest.param("mamba3-mimo-894m", 894.6, 1, id="mamba3-mimo-894m"),
    ],
)
def test_parameters_of_the_official_models(name: str, millions: float, digits: int) -> None:
    assert round(built(name).parameters / 1e6, digits) == millions


@pytest.mark.parametrize(
    ("name", "config"),
    [
        pytest.param("mamba-130m", "state-spaces-mamba-130m", id="mamba-130m"),
        pytest.param("mamba-130m", "hf-mamba-130m", id="mamba-130m of Hugging Face"),
        pytest.param("mamba2-130m", "state-spaces-mamba2-130m", id="mamba2-130m"),
        pytest.param("mamba3-siso-187m", "state-spaces-mamba3-siso", id="mamba3-siso-187m"),
        pytest.param("mamba3-mimo-894m", "state-spaces-mamba3-mimo", id="mamba3-mimo-894m"),
    ],
)
def test_a_shipped_model_is_what_its_checkpoint_says(name: str, config: str) -> None:
    ours, published = built(name), build_workload(read_checkpoint(CONFIGS / f"{config}.json"))
    assert dict(ours.graph.sizes) == dict(published.graph.sizes)
    for key in ("model", "layers", "vocabulary", "tied_embeddings", "state_precision"):
        assert getattr(ours.spec, key) == getattr(published.spec, key)


@pytest.mark.parametrize("d_model", [96, 192, 384, 768])
def test_figure_2_pairs_models_of_one_size(d_model: int) -> None:
    mamba1, mamba2 = built(f"mamba1-d{d_model}").spec, built(f"mamba2-d{d_model}").spec
    naive = built(f"mamba3_mimo-d{d_model // 2}").spec
    assert [spec.dimensions["d_model"] for spec in (mamba1, mamba2, naive)] == [d_model, d_model, d_model // 2]
    assert [spec.model for spec in (mamba1, mamba2, naive)] == ["mamba1", "mamba2", "mamba3_naive"]
    for spec in (mamba1, mamba2, naive):
        assert (spec.dimensions["d_state"], spec.layers) == (64, 48)


@pytest.mark.parametrize(
    ("name", "sequential", "formulation", "chunk"),
    [
        pytest.param("mamba1_pscan", "mamba1", "blelloch", 32, id="mamba1"),
        pytest.param("mamba2_ssd", "mamba2", "chunked", 64, id="mamba2"),
        pytest.param("mamba3_mimo_ssd", "mamba3_mimo", "chunked", 16, id="mamba3"),
    ],
)
def test_table_1_has_each_model_twice(name: str, sequential: str, formulation: str, chunk: int) -> None:
    spec, other = built(name).spec, built(sequential).spec
    assert (spec.formulation, spec.chunk) == (formulation, chunk)
    same = {"name": other.name, "description": other.description, "formulation": "sequential", "chunk": None}
    assert spec.model_copy(update=same) == other
