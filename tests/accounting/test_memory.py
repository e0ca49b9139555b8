"""Peaks of memory: against measured ones, part by part against arithmetic, and the longest prompt that fits."""

from __future__ import annotations

import csv
from dataclasses import replace
from functools import cache

import pytest

from sim.accounting.forward_passes import FORWARD_PASSES, forward_pass_of
from sim.accounting.memory import HEAD, LONGEST, KeyValueCache, MemoryNeeds, memory, memory_needs, peaks_of
from sim.files.resolve import resolve_workload
from tests.support.folders import DATA

MIB, GIB = 2**20, 2**30
DEVICE = {"rtx4090": 24 * GIB, "jetson_orin_nano": 8 * GIB}


CALLED = {"phi-3-mini-128k": "phi-3-mini"}  # shipped under another name than measured


@cache
def needs_of(model: str) -> MemoryNeeds:
    """What a model needs that was measured, which is shipped."""
    return memory_needs(resolve_workload(CALLED.get(model, model)))


with (DATA / "ssm_scope_memory.csv").open() as file:
    MEASURED = [
        pytest.param(
            row["device"], row["model"], int(row["prompt_tokens"]), float(row["total_mib"]) * MIB,
            id=f"{row['model']}-{row['prompt_tokens']}-{row['device']}",
        )
        for row in csv.DictReader(line for line in file if not line.startswith("#"))
        if int(row["prompt_tokens"]) >= 1024
    ]  # fmt: skip


@pytest.mark.parametrize(("device", "model", "tokens", "measured"), MEASURED)
def test_measured_peaks(device: str, model: str, tokens: int, measured: float) -> None:
    """Of all that was measured from 1,024 tokens on, and it fits; what is left is the library's workspace, 8 MiB."""
    peak = peaks_of(needs_of(model), tokens, DEVICE[device])["all"]
    assert 0 < measured - peak.peak_bytes < 16 * MIB
    assert peak.peak_bytes == pytest.approx(measured, rel=0.01)
    assert peak.longest_tokens is not None
    assert peak.longest_tokens >= tokens


@pytest.mark.parametrize(
    ("model", "tokens", "moment", "with_masks", "without"),
    [
        pytest.param("qwen2.5-0.5b", 32_767, HEAD, 1.0, 1.0, id="qwen2 below its window"),
        pytest.param("qwen2.5-0.5b", 32_768, HEAD, 1.0, 1.0, id="qwen2 from its window on, logits are more"),
        pytest.param("qwen2.5-0.5b", 57_344, "masks", 19_865.76, 18_330, id="qwen2 longer"),
        pytest.param("phi-3-mini-128k", 1024, "attention", 8_410.67, 7_741, id="phi-3"),
        pytest.param("phi-3-mini-128k", 4096, "attention", 15_617.87, 9_099, id="phi-3 longer"),
    ],
)
def test_masks_and_scores_can_be_the_peak(
    model: str, tokens: int, moment: str, with_masks: float, without: float
) -> None:
    """*with_masks* is measured, *without* is weights + L (2 V + 2 d) + L times the cache's bytes, in MiB."""
    peaks = peaks_of(needs_of(model), tokens, 24 * GIB)
    assert peaks["all"].peak_moment == moment
    if moment == HEAD:
        assert peaks["all"].peak_bytes == peaks["all_without_masks"].peak_bytes
    else:
        assert peaks["all"].peak_bytes / MIB == pytest.approx(with_masks, rel=0.002)
        assert peaks["all_without_masks"].peak_bytes / MIB == pytest.approx(without, rel=0.001)
        assert (peaks["all"].longest_tokens or 0) < (peaks["all_without_masks"].longest_tokens or 0)


@pytest.mark.parametrize(
    ("model", "tokens", "held"),
    [
        pytest.param("qwen2.5-0.5b", 65_536, 65_536**2 * (2 + 2 + 1 + 1) + 65_536 * 2 * 896, id="qwen2"),
        # The state, 64 heads of 64 x 128, is 32 bit wide, windows of x, B and C are 16.
        pytest.param(
            "zamba2-1.2b",
            32_768,
            32_768**2 * 4 + 32_768 * (78_950 + 98_304) + 38 * (64 * 64 * 128 * 4 + 3 * (4096 + 256) * 2),
            id="zamba2",
        ),
        pytest.param(
            "phi-3-mini-128k", 2048, 2048**2 * (2 + 32 * 10) + 2048 * (16 * 3072 + 2 * 31 * 12_288), id="phi-3"
        ),
    ],
)
def test_what_a_framework_holds_beside_the_weights(model: str, tokens: int, held: int) -> None:
    needs = needs_of(model)
    assert peaks_of(needs, tokens, GIB)["all"].peak_bytes == needs.weights_bytes + held


TINY = MemoryNeeds(1000, d_model=8, vocabulary=100, state_bytes=24, caches=(KeyValueCache(16), KeyValueCache(4, 5, 2)))


@pytest.mark.parametrize(
    ("needs", "tokens", "last", "every"),
    [
        pytest.param(TINY, 6, 1000 + 24 + 6 * 20 + 6 * 16 + 200, 1000 + 24 + 6 * 20 + 6 * 16 + 1200, id="all kept"),
        pytest.param(TINY, 10, 1024 + 160 + 7 * 4 + 160 + 200, 1024 + 160 + 7 * 4 + 160 + 2000, id="window and sinks"),
        pytest.param(replace(TINY, batch=3), 1, 1000 + 3 * 260, 1000 + 3 * 260, id="batch"),
        pytest.param(
            replace(TINY, prefix_tokens=2), 8, 1024 + 160 + 7 * 4 + 160 + 200, 1024 + 160 + 7 * 4 + 160 + 2000,
            id="prefix",
        ),
        pytest.param(
            replace(TINY, later_tokens=9), 2, 1024 + 11 * 16 + 7 * 4 + 16 + 200, 1024 + 2 * 20 + 32 + 400, id="answer"
        ),
        pytest.param(replace(TINY, queries=1), 6, 1024 + 120 + 16 + 200, 1024 + 120 + 16 + 200, id="decode"),
        pytest.param(replace(TINY, vocabulary=None), 6, 1024 + 120 + 96, 1024 + 120 + 96, id="no vocabulary"),
        pytest.param(
            replace(TINY, element_bytes=4), 6, 1024 + 120 + 192 + 400, 1024 + 120 + 192 + 2400, id="wider activations"
        ),
        pytest.param(
            replace(TINY, forward=FORWARD_PASSES["falcon_h1"]), 6, 1024 + 120 + 96 + 200, 1000 + 96 + 2400, id="copies"
        ),
    ],
)  # fmt: skip
def test_parts(needs: MemoryNeeds, tokens: int, last: int, every: int) -> None:
    """Weights + state + cache + 2 d a token + logits, for the last token and for every one."""
    peaks = peaks_of(needs, tokens, GIB)
    assert (peaks["last"].peak_bytes, peaks["all"].peak_bytes) == (last, every)


@pytest.mark.parametrize(
    ("workload", "changes", "per_token", "cached", "heads", "prefix"),
    [
        pytest.param("llama-3.2-1b", [], 32_768, 1024 * 32_768, 32, 0, id="groups"),
        pytest.param("llama-3.2-1b", ["batch=2", "precision=8bit"], 32_768, 1024 * 32_768, 32, 0, id="8 bit, twice"),
        pytest.param("zamba2-1.2b", [], 98_304, 1024 * 98_304, 32, 0, id="one of each call of a shared block"),
        # 5 x (64 + 128) x 2 B of a token; 3 of 17 caches keep all tokens, 14 the last 1,024 and the first 128.
        pytest.param(
            "hymba-1.5b", ["sequence_length=4096"], 5760, 1920 * (3 * 4224 + 14 * 1152), 25, 128, id="caches of others"
        ),
        pytest.param("gpt-neo-125m", ["sequence_length=512"], 18_432, 3072 * 6 * (512 + 256), 12, 0, id="windows"),
    ],
)
def test_keys_and_values(
    workload: str, changes: list[str], per_token: int, cached: int, heads: int, prefix: int
) -> None:
    found = memory(resolve_workload(workload, changes), GIB)
    needs = memory_needs(resolve_workload(workload, changes))
    assert (found.kv_bytes_per_token, found.kv_bytes) == (per_token, cached)
    assert (needs.query_heads, needs.prefix_tokens) == (heads, prefix)


@pytest.mark.parametrize(
    ("workload", "changes", "forward"),
    [
        pytest.param("mamba2-780m", [], "mamba_ssm", id="mamba"),
        pytest.param("qwen2.5-1.5b", [], "qwen2", id="qwen"),
        pytest.param("phi-3-mini", [], "phi3", id="phi"),
        pytest.param("falcon-h1-0.5b", [], "falcon_h1", id="falcon"),
        pytest.param("zamba2-1.2b", [], "zamba2", id="zamba"),
        pytest.param("llama-3.2-1b", [], "plain", id="llama"),
        pytest.param("gla", [], "plain", id="equations"),
        pytest.param("llama-3.2-1b", ["name=Qwen2-like"], "qwen2", id="by its name"),
    ],
)
def test_forward_passes(workload: str, changes: list[str], forward: str) -> None:
    assert forward_pass_of(resolve_workload(workload, changes).spec) == forward
    assert memory(resolve_workload(workload, changes), GIB).forward == forward
    assert memory(resolve_workload(workload, changes), GIB, forward="plain").forward == "plain"


def test_an_answer_comes_after_the_prompt() -> None:
    """The first token of the answer is the prompt's; the last one finds all but itself in the cache."""
    found = memory(resolve_workload("llama-3.2-1b", ["phase=generate", "generate=101"]), GIB)
    answer, head = found.by_logits["last"].moments["answer"], found.by_logits["last"].moments[HEAD]
    assert (answer.kv_bytes, head.kv_bytes) == ((1024 + 100) * 32_768, 1024 * 32_768)
    assert (answer.activation_bytes, head.activation_bytes) == (2 * 2048, 1024 * 2 * 2048)
    assert answer.weights_bytes == head.weights_bytes == 2 * 1_235_814_400


@pytest.mark.parametrize(
    ("needs", "device_bytes", "longest"),
    [
        pytest.param(TINY, 1000 + 24 + 36 + 200, 1, id="one"),
        pytest.param(TINY, 1000 + 24 + 36 + 199, None, id="none"),
        pytest.param(TINY, 1000 + 24 + 200 + 28 + 32 * 100 + 31, 100, id="hundred"),
        pytest.param(MemoryNeeds(1000, 8, queries=1), 2000, LONGEST, id="any"),
    ],
)
def test_longest(needs: MemoryNeeds, device_bytes: int, longest: int | None) -> None:
    assert peaks_of(needs, 1, device_bytes)["last"].longest_tokens == longest


@pytest.mark.parametrize(
    ("workload", "changes", "weights", "state"),
    [
        # A layer's h and window: 3072 x 16 in 32 bit, 3 x 3072 in 16 bit.
        pytest.param("mamba-790m", [], 2 * 793_204_224, 48 * 3072 * (16 * 4 + 3 * 2), id="mamba-1"),
        pytest.param("mamba-790m", ["batch=4"], 2 * 793_204_224, 4 * 48 * 3072 * (16 * 4 + 3 * 2), id="batch"),
        pytest.param("mamba-790m", ["state_precision=16bit"], 2 * 793_204_224, 48 * 3072 * 19 * 2, id="narrow state"),
        pytest.param("mamba-790m", ["tied_embeddings=false"], 2 * (793_204_224 + 50_280 * 1536), None, id="untied"),
        # Heads' S of 64 x 128 in 32 bit, and the windows of x, B and C.
        pytest.param("mamba2-780m", [], 2 * 780_161_280, 48 * (48 * 64 * 128 * 4 + 3 * (3072 + 256) * 2), id="mamba-2"),
        # Without a vocabulary layers alone: q, k, v, g and out; the decay by rank 16, with its bias; two norms.
        pytest.param(
            "gla",
            ["layers=2", "precision=8bit"],
            2 * (4 * 1536**2 + 16 * (1536 + 768) + 768 + 1536 + 384),
            2 * 4 * 192 * 384,
            id="equations",
        ),
    ],
)
def test_of_shipped_workloads(workload: str, changes: list[str], weights: int, state: int | None) -> None:
    found = memory(resolve_workload(workload, changes), 24 * GIB)
    assert found.weights_bytes == weights
    assert state is None or found.state_bytes == state
    assert found.peak_bytes == found.by_logits["last"].peak_bytes
    assert found.kv_bytes_per_token == found.kv_bytes == 0


def test_narrow_weights_are_narrow_but_for_norms() -> None:
    """Projections and the LM head in 4 bit; norms, windows, decays and biases as activations."""
    wide, narrow = (
        memory(resolve_workload("mamba-130m", [f"precision.weights={bits}bit"]), GIB).weights_bytes for bits in (16, 4)
    )
    d, i = 768, 1536
    products = 24 * (2 * d * i + i * (48 + 32) + 48 * i + i * d) + 50_280 * d
    assert wide - narrow == products * 3 // 2


def test_the_keys_are_those_of_what_is_asked_for() -> None:
    workload = resolve_workload("mamba-130m", ["sequence_length=64"])
    last, every = (memory(workload, GIB, logits) for logits in ("last", "all"))
    assert last.by_logits == every.by_logits
    assert (last.logits_bytes, every.logits_bytes) == (2 * 50_280, 64 * 2 * 50_280)
    assert every.peak_bytes == every.by_logits["all"].peak_bytes
    assert sum(every.by_logits["all"].moments[HEAD].model_dump().values()) == every.peak_bytes
