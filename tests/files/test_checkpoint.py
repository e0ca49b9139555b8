"""config.json as published with weights: what each dialect becomes."""

from __future__ import annotations

import json
from typing import Any

import pytest

from sim.files.checkpoint import read_checkpoint
from sim.files.resolve import build_workload
from tests.support.configs import REMOVED, changed
from tests.support.folders import CONFIGS
from workloads.workload_spec import WorkloadSpec

CHOSEN = {"phase": "prefill", "sequence_length": 1024, "batch": 1, "precision": "16bit", "state_precision": "32bit"}


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        pytest.param(
            "hf-mamba-130m",
            {
                "model": "mamba1",
                "dimensions": {"d_model": 768, "d_state": 16, "expand": 2, "d_conv": 4, "dt_rank": 48},
                "layers": 24,
                "vocabulary": 50280,
                "precision": "32bit",
            },
            id="Hugging Face, Mamba-1: float32, tied unless it says otherwise, keys left by the conversion",
        ),
        pytest.param(
            "falcon-mamba-7b",
            {
                "model": "mamba1",
                "dimensions": {
                    "d_model": 4096,
                    "d_state": 16,
                    "expand": 2,
                    "d_conv": 4,
                    "dt_rank": 256,
                    "bcdt_norm": True,
                },
                "layers": 64,
                "vocabulary": 65024,
                "tied_embeddings": False,
            },
            id="Falcon-Mamba: expand is 16 there, but intermediate_size counts",
        ),
        pytest.param(
            "hf-mamba2",
            {
                "model": "mamba2",
                "dimensions": {
                    "d_model": 4096,
                    "d_state": 128,
                    "expand": 2,
                    "head_dim": 64,
                    "n_groups": 8,
                    "d_conv": 4,
                },
                "chunk": 256,
                "layers": 64,
                "vocabulary": 32768,
                "tied_embeddings": False,
            },
            id="Hugging Face, Mamba-2: groups, infinity",
        ),
        pytest.param(
            "state-spaces-mamba-130m",
            {"model": "mamba1", "dimensions": {"d_model": 768}, "layers": 24, "vocabulary": 50280},
            id="state-spaces, Mamba-1: an empty ssm_cfg, vocabulary padded to 8",
        ),
        pytest.param(
            "state-spaces-mamba2-130m",
            {"model": "mamba2", "dimensions": {"d_model": 768}, "layers": 24, "vocabulary": 50288},
            id="state-spaces, Mamba-2: no MLP, vocabulary padded to 16",
        ),
        pytest.param(
            "state-spaces-mamba3-siso",
            {
                "model": "mamba3",
                "dimensions": {
                    "d_model": 768,
                    "d_state": 128,
                    "expand": 2,
                    "head_dim": 64,
                    "n_groups": 1,
                    "rope_fraction": 0.5,
                    "mimo": False,
                    "mimo_rank": 4,
                    "out_norm": False,
                    "d_intermediate": 1536,
                },
                "chunk": 64,
                "layers": 12,
                "vocabulary": 128256,
            },
            id="state-spaces, Mamba-3 SISO",
        ),
        pytest.param(
            "state-spaces-mamba3-mimo",
            {
                "model": "mamba3",
                "dimensions": {
                    "d_model": 1536,
                    "d_state": 128,
                    "expand": 2,
                    "head_dim": 64,
                    "n_groups": 1,
                    "rope_fraction": 0.5,
                    "mimo": True,
                    "mimo_rank": 4,
                    "out_norm": False,
                    "d_intermediate": 2816,
                },
                "chunk": 16,
                "layers": 24,
                "vocabulary": 128256,
            },
            id="state-spaces, Mamba-3 MIMO",
        ),
    ],
)
def test_a_config_becomes_a_workload(name: str, expected: dict[str, Any]) -> None:
    spec = read_checkpoint(CONFIGS / f"{name}.json").check(WorkloadSpec)
    assert spec == WorkloadSpec.model_validate({"name": name} | CHOSEN | expected)


@pytest.mark.parametrize(
    ("name", "parameters"),
    [
        pytest.param("hf-mamba-130m", 129.135, id="mamba-130m"),
        pytest.param("state-spaces-mamba2-130m", 128.990, id="mamba2-130m"),
        pytest.param("falcon-mamba-7b", 7272.665, id="falcon-mamba-7b: embeddings twice"),
    ],
)
def test_parameters_in_millions(name: str, parameters: float) -> None:
    assert build_workload(read_checkpoint(CONFIGS / f"{name}.json")).parameters / 1e6 == pytest.approx(
        parameters, abs=0.0005
    )


@pytest.mark.usefixtures("in_an_empty_folder")
class TestDetails:
    @pytest.mark.parametrize(
        ("base", "changes", "place", "value"),
        [
            pytest.param("hf-mamba-130m", {"torch_dtype": "float16"}, "precision", "16bit", id="half"),
            pytest.param("hf-mamba-130m", {"torch_dtype": None}, "precision", "16bit", id="no dtype"),
            pytest.param(
                "hf-mamba2",
                {"torch_dtype": REMOVED, "dtype": "float32"},
                "precision",
                "32bit",
                id="dtype by its new name",
            ),
            pytest.param("hf-mamba-130m", {"tie_word_embeddings": False}, "tied_embeddings", False, id="untied"),
            pytest.param(
                "hf-mamba2", {"tie_word_embeddings": REMOVED}, "tied_embeddings", False, id="untied by default"
            ),
            pytest.param(
                "state-spaces-mamba2-130m", {"tie_embeddings": False}, "tied_embeddings", False, id="untied too"
            ),
            pytest.param("hf-mamba-130m", {"time_step_rank": "auto"}, "dimensions.dt_rank", None, id="rank by default"),
            pytest.param(
                "state-spaces-mamba-130m",
                {"ssm_cfg.dt_rank": "auto"},
                "dimensions.dt_rank",
                None,
                id="rank by default too",
            ),
            pytest.param("state-spaces-mamba-130m", {"ssm_cfg.dt_rank": 5}, "dimensions.dt_rank", 5, id="rank given"),
            pytest.param(
                "hf-mamba-130m", {"intermediate_size": REMOVED, "expand": 3}, "dimensions.expand", 3, id="expand alone"
            ),
            pytest.param(
                "hf-mamba-130m", {"intermediate_size": 2304}, "dimensions.expand", 3, id="channels over expand"
            ),
            pytest.param(
                "state-spaces-mamba3-siso",
                {"d_intermediate": 1500},
                "dimensions.d_intermediate",
                1536,
                id="MLP rounded up",
            ),
            pytest.param(
                "state-spaces-mamba-130m", {"pad_vocab_size_multiple": REMOVED}, "vocabulary", 50280, id="padded to 8"
            ),
            pytest.param(
                "state-spaces-mamba3-siso",
                {"ssm_cfg.is_outproj_norm": True},
                "dimensions.out_norm",
                True,
                id="out-norm",
            ),
            pytest.param(
                "hf-mamba2",
                {"time_step_limit": [0.0, {"__float__": "Infinity"}]},
                "dimensions.head_dim",
                64,
                id="infinity as newer transformers write it",
            ),
        ],
    )
    def test_one_key(self, base: str, changes: dict[str, Any], place: str, value: Any) -> None:
        found: Any = read_checkpoint(changed(base, changes)).data
        for part in place.split("."):
            found = found.get(part)
        assert found == value

    def test_the_name_is_that_of_the_folder(self) -> None:
        assert read_checkpoint(changed("hf-mamba-130m", {}, folder="my-model")).data["name"] == "my-model"

    def test_tabs_are_fine(self) -> None:
        path = changed("hf-mamba-130m", {})
        path.write_text(json.dumps(json.loads(path.read_text(encoding="utf-8")), indent="\t"), encoding="utf-8")
        assert read_checkpoint(path).data["layers"] == 24

    def test_overrides_work(self) -> None:
        document = read_checkpoint(changed("hf-mamba-130m", {}))
        document.override("dimensions.d_model=256")
        document.override("phase=decode")
        workload = build_workload(document)
        assert (workload.spec.dimensions["d_model"], workload.spec.phase) == (256, "decode")
