"""Every config.json that is refused, by its message."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from sim.files.checkpoint import read_checkpoint
from sim.files.documents import Document
from sim.files.errors import InputError
from sim.files.resolve import build_workload
from tests.support.configs import REMOVED, changed


def mistakes(path: Path) -> str:
    with pytest.raises(InputError) as caught:
        document: Document = read_checkpoint(path)
        build_workload(document)
    return str(caught.value)


@pytest.mark.usefixtures("in_an_empty_folder")
@pytest.mark.parametrize(
    ("base", "changes", "message"),
    [
        pytest.param(
            "hf-kimi-linear",
            {},
            "2: model_type: found 'kimi_linear', expected one of mamba, falcon_mamba, mamba2, bamba, falcon_h1, "
            "gpt_neo, granitemoehybrid, hymba, jamba, lfm2, llama, nemotron_h, phi3, qwen2, qwen3_next, "
            "recurrent_gemma, zamba2",
            id="another model_type",
        ),
        pytest.param(
            "state-spaces-mamba2attn-2.7b",
            {},
            "9: attn_layer_idx: found attention in layers 9, 18, 27, 36, 45, 56, expected none in this family",
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
            "20: layers: found 0, expected 1 at least",
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


@pytest.mark.usefixtures("in_an_empty_folder")
def test_a_missing_file_is_told() -> None:
    assert mistakes(Path("config.json")) == "config.json: no such file"
