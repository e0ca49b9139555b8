"""Every family of config.json: what its ``model_type``, or the ``layer`` of its ``ssm_cfg``, is called."""

from __future__ import annotations

from sim.files.dialects.bamba import BAMBA
from sim.files.dialects.decoders import GPT_NEO, LLAMA, PHI3, QWEN2
from sim.files.dialects.dialect import Dialect
from sim.files.dialects.falcon_h1 import FALCON_H1
from sim.files.dialects.granite import GRANITE
from sim.files.dialects.hymba import HYMBA
from sim.files.dialects.jamba import JAMBA
from sim.files.dialects.lfm2 import LFM2
from sim.files.dialects.mamba import MAMBA, STATE_SPACES
from sim.files.dialects.nemotron_h import NEMOTRON_H
from sim.files.dialects.qwen3_next import QWEN3_NEXT
from sim.files.dialects.recurrent_gemma import RECURRENT_GEMMA
from sim.files.dialects.zamba2 import ZAMBA2

__all__ = ["HUGGING_FACE", "STATE_SPACES"]

HUGGING_FACE: dict[str, Dialect] = MAMBA | {
    "bamba": BAMBA,
    "falcon_h1": FALCON_H1,
    "gpt_neo": GPT_NEO,
    "granitemoehybrid": GRANITE,
    "hymba": HYMBA,
    "jamba": JAMBA,
    "lfm2": LFM2,
    "llama": LLAMA,
    "nemotron_h": NEMOTRON_H,
    "phi3": PHI3,
    "qwen2": QWEN2,
    "qwen3_next": QWEN3_NEXT,
    "recurrent_gemma": RECURRENT_GEMMA,
    "zamba2": ZAMBA2,
}
