"""config.json as published with weights: what each dialect becomes, and every config that is refused by its message."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from sim.files.checkpoint import read_checkpoint
from sim.files.documents import Document
from sim.files.errors import InputError
from sim.files.resolve import build_workload
from tests.support.folders import CONFIGS
from workloads.workload import WorkloadSpec

CHOSEN = {"phase": "prefill", "sequence_length": 1024, "batch": 1, "precision": "16bit", "state_precision": "32bit"}
REMOVED = object()


def changed(base: str, changes: dict[str, Any], folder: str = "model") -> Path:
    """A config.json in *folder*, one key a line, like *base* but for *changes* (``ssm_cfg.key`` for an inner one)."""
    config = json.loads((CONFIGS / f"{base}.json").read_text(encoding="utf-8"))
    for key, value in changes.items():
        *parents, last = key.split(".")
        inside = config
        for parent in parents:
            inside = inside[parent]
        if value is REMOVED:
            del inside[last]
        else:
            inside[last] = value
    path = Path(folder) / "config.json"
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps(config, indent=1), encoding="utf-8")
    return path


@pytest.fixture
def _in_an_empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


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


@pytest.mark.usefixtures("_in_an_empty_folder")
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


def mistakes(path: Path) -> str:
    with pytest.raises(InputError) as caught:
        document: Document = read_checkpoint(path)
        build_workload(document)
    return str(caught.value)


@pytest.mark.usefixtures("_in_an_empty_folder")
@pytest.mark.parametrize(
    ("base", "changes", "message"),
    [
        pytest.param(
            "jamba",
            {},
            "18: model_type: found 'jamba', expected one of mamba, falcon_mamba, mamba2",
            id="another model_type",
        ),
        pytest.param(
            "state-spaces-mamba2attn-2.7b",
            {},
            "9: attn_layer_idx: found attention in layers 9, 18, 27, 36, 45, 56, expected none: "
            "attention is not simulated",
            id="attention layers",
        ),
        pytest.param(
            "state-spaces-mamba2-130m",
            {"ssm_cfg.layer": "Mamba4"},
            "7: ssm_cfg.layer: found 'Mamba4', expected one of Mamba1, Mamba2, Mamba3",
            id="another mixer",
        ),
        pytest.param(
            "state-spaces-mamba-130m",
            {"ssm_cfg": REMOVED},
            "1: model_type: is missing, and so is the mapping ssm_cfg: "
            "neither Hugging Face nor state-spaces/mamba wrote this",
            id="neither family",
        ),
        pytest.param("hf-mamba-130m", {"use_bias": True}, "36: use_bias: found True, expected False", id="biases"),
        pytest.param("hf-mamba-130m", {"use_bias": REMOVED}, "1: use_bias: is missing", id="biases unclear"),
        pytest.param(
            "hf-mamba2", {"use_conv_bias": False}, "41: use_conv_bias: found False, expected True", id="no bias of conv"
        ),
        pytest.param(
            "falcon-mamba-7b", {"hidden_act": "gelu"}, "10: hidden_act: found 'gelu', expected 'silu'", id="activation"
        ),
        pytest.param("hf-mamba2", {"rms_norm": False}, "24: rms_norm: found False, expected True", id="LayerNorm"),
        pytest.param(
            "state-spaces-mamba-130m",
            {"rms_norm": False},
            "6: rms_norm: found False, expected True",
            id="LayerNorm too",
        ),
        pytest.param(
            "hf-mamba2",
            {"num_heads": 64},
            "19: num_heads: found 64, expected expand * hidden_size / head_dim = 8192 / 64",
            id="heads do not cover the channels",
        ),
        pytest.param(
            "hf-mamba2",
            {"intermediate_size": 4096},
            "14: intermediate_size: found 4096, expected expand * hidden_size = 8192",
            id="channels at odds with expand",
        ),
        pytest.param(
            "hf-mamba-130m",
            {"intermediate_size": 1000},
            "16: intermediate_size: found 1000, expected a multiple of hidden_size = 768",
            id="channels no multiple",
        ),
        pytest.param(
            "hf-mamba2",
            {"time_step_limit": [0.001, 0.1]},
            "29: time_step_limit: found [0.001, 0.1], expected [0.0, 'Infinity']",
            id="clamped dt",
        ),
        pytest.param(
            "hf-mamba-130m",
            {"torch_dtype": "float8_e4m3fn"},
            "34: torch_dtype: found 'float8_e4m3fn', expected one of float32, float16, bfloat16",
            id="dtype",
        ),
        pytest.param(
            "hf-mamba-130m",
            {"ssm_cfg": {"layer": "Mamba2"}},
            "26: ssm_cfg: found {'layer': 'Mamba2'}, expected {}",
            id="both families at once",
        ),
        pytest.param(
            "hf-mamba2",
            {"quantization_config": {"bits": 2}},
            "43: quantization_config: found {'bits': 2}, expected no such key: "
            "it is unknown here and may change the model",
            id="unknown key",
        ),
        pytest.param(
            "hf-mamba-130m",
            {"mixer_rms_eps": 1e-6},
            "40: mixer_rms_eps: found 1e-06, expected no such key: it is unknown here and may change the model",
            id="a key of another dialect",
        ),
        pytest.param(
            "state-spaces-mamba2-130m",
            {"ssm_cfg.chunks": 3},
            "8: ssm_cfg.chunks: found 3, expected no such key: it is unknown here and may change the model",
            id="unknown key of ssm_cfg",
        ),
        pytest.param(
            "state-spaces-mamba2-130m",
            {"ssm_cfg.D_has_hdim": True},
            "8: ssm_cfg.D_has_hdim: found True, expected False",
            id="skip connection of each channel",
        ),
        pytest.param(
            "state-spaces-mamba-130m", {"n_layer": REMOVED}, "1: n_layer: is missing", id="missing in state-spaces"
        ),
        pytest.param(
            "state-spaces-mamba-130m",
            {"vocab_size": "many"},
            "4: vocab_size: found vocab_size = 'many', expected a positive whole number",
            id="no number where one is computed with",
        ),
        pytest.param(
            "hf-mamba-130m",
            {"num_hidden_layers": 0},
            "20: layers: found 0, expected greater than 0",
            id="a value the workload refuses, at the line of the config",
        ),
        pytest.param(
            "hf-mamba-130m",
            {"state_size": "16"},
            "27: dimensions.d_state: found '16', expected a valid integer",
            id="a dimension the model refuses, at the line of the config",
        ),
        pytest.param(
            "hf-mamba2",
            {"expand": 1.5, "num_heads": 96, "intermediate_size": 6144},
            "14: intermediate_size: found expand = 1.5, expected a positive whole number\n"
            "model/config.json:19: num_heads: found expand = 1.5, expected a positive whole number",
            id="every key that depends on a bad one",
        ),
        pytest.param(
            "hf-mamba-130m",
            {"use_bias": True, "use_conv_bias": False},
            "36: use_bias: found True, expected False\nmodel/config.json:38: use_conv_bias: found False, expected True",
            id="all at once",
        ),
    ],
)
def test_what_cannot_be_simulated_is_told(base: str, changes: dict[str, Any], message: str) -> None:
    assert mistakes(changed(base, changes)) == f"model/config.json:{message}"


@pytest.mark.usefixtures("_in_an_empty_folder")
def test_a_missing_file_is_told() -> None:
    assert mistakes(Path("config.json")) == "config.json: no such file"
