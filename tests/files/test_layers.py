"""Models whose layers differ as shipped and as published: parameters to the digit, operators, mistakes by line."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from sim.files.checkpoint import read_checkpoint
from sim.files.documents import Document
from sim.files.equations import with_equations
from sim.files.errors import InputError
from sim.files.layers import check_layers
from sim.files.resolve import build_workload, read
from tests.support.folders import CONFIGS
from workloads.graph import Operation, TimestepGraph
from workloads.models.attention import Attention
from workloads.models.layers.layered import LayeredModel, layered
from workloads.workload_spec import WorkloadSpec

PARAMETERS = {
    "bamba-9b": 9_778_138_240,
    "falcon-h1-0.5b": 521_411_104,
    "gpt-neo-125m": 125_198_592,
    "granite-4.0-h-tiny": 6_939_037_248,
    "hymba-1.5b": 1_522_797_824,
    "jamba-v0.1": 51_570_323_328,
    "lfm2-1.2b": 1_170_340_608,
    "llama-3.2-1b": 1_235_814_400,
    "nemotron-h-8b": 8_100_852_736,
    "phi-3-mini": 3_821_079_552,
    "qwen2.5-0.5b": 494_032_768,
    "qwen2.5-1.5b": 1_543_714_304,
    "qwen3-next-80b-a3b": 79_674_391_296,
    "recurrentgemma-2b": 2_682_862_080,
    "tinyllama-1.1b": 1_100_048_384,
    "zamba2-1.2b": 1_215_064_704,
}
"""As their classes in transformers 5.24 have them, but Hymba's, which has none there."""
PRODUCTS = ("in_proj", "x_proj", "qkv_proj", "gate_up", "q_proj", "experts")  # of which parts are called after it


def built(document: Document) -> LayeredModel:
    """The model that a *document* describes."""
    document = with_equations(document)
    spec = document.check(WorkloadSpec)
    return layered(spec, check_layers(spec, document))


def shipped(name: str, *assignments: str) -> LayeredModel:
    document = read("workload", name)
    for assignment in assignments:
        document.override(assignment)
    return built(document)


def operations(model: LayeredModel) -> Iterator[tuple[int, Operation]]:
    """(layer, operation) of a pass, the head as one more layer."""
    layers = [*model.layers, (model.head,) if model.head else ()]
    for number, parts in enumerate(layers):
        for part in parts:
            if isinstance(part, TimestepGraph):
                yield from ((number, op) for op in part.operations)


def call(name: str) -> str:
    """The matrix product of the published code that an operation is a part of."""
    above = name.rpartition(".")[0]
    return above if above.split(".")[-1] in PRODUCTS else name


@pytest.mark.parametrize(("name", "expected"), PARAMETERS.items())
def test_parameters_of_what_is_shipped(name: str, expected: int) -> None:
    assert shipped(name).parameters == expected


@pytest.mark.parametrize(
    ("name", "products", "norms", "attended"),
    [
        pytest.param("qwen2.5-0.5b", 7 * 24 + 1, 49, 24, id="Qwen2.5"),
        pytest.param("llama-3.2-1b", 7 * 16 + 1, 33, 16, id="Llama"),
        pytest.param("phi-3-mini", 4 * 32 + 1, 65, 32, id="Phi-3: fused"),
        pytest.param("gpt-neo-125m", 6 * 12 + 1, 25, 12, id="GPT-Neo"),
        pytest.param("falcon-h1-0.5b", 9 * 36 + 1, 73, 36, id="Falcon-H1"),
        pytest.param("zamba2-1.2b", 167, 51, 6, id="Zamba2"),
        pytest.param("hymba-1.5b", 7 * 32 + 1, 225, 32, id="Hymba"),
    ],
)
def test_operators_of_a_pass(name: str, products: int, norms: int, attended: int) -> None:
    model = shipped(name, "head=true")
    found = list(operations(model))
    assert len({(layer, call(op.name)) for layer, op in found if op.kind == "projection"}) == products
    normed = [op.name for _, op in found if op.kind == "norm" and op.name.endswith(".scale")]
    assert sum("gate_norm" not in name for name in normed) == norms  # a gated norm is another operator
    assert sum(isinstance(part, Attention) for parts in model.layers for part in parts) == attended


@pytest.mark.parametrize(
    ("name", "macs"),
    [
        pytest.param("qwen2.5-0.5b", 24 * (2 * 896**2 + 2 * 896 * 128 + 3 * 896 * 4864), id="Qwen2.5"),
        pytest.param("llama-3.2-1b", 16 * (2 * 2048**2 + 2 * 2048 * 512 + 3 * 2048 * 8192), id="Llama"),
        pytest.param("falcon-h1-0.5b", 36 * (3_432_448 + 1_572_864 + 1_310_720 + 6_291_456), id="Falcon-H1"),
        pytest.param(
            "zamba2-1.2b",
            38 * (2048 * 8512 + 4096 * 2048)
            + 6 * (3 * 4096**2 + 3 * 2 * 4096 * 128 + 4096 * 2048 + 128 * (2048 + 16384) + 3 * 2048 * 8192 + 2048**2),
            id="Zamba2",
        ),
    ],
)
def test_projection_macs_of_a_token(name: str, macs: int) -> None:
    graphs = [part for parts in shipped(name).layers for part in parts if isinstance(part, TimestepGraph)]
    found = sum(
        graph.operation_counts(op).macs for graph in graphs for op in graph.operations if op.kind == "projection"
    )
    assert found == macs


@pytest.mark.parametrize(
    ("name", "growing", "kept"),
    [
        pytest.param("qwen2.5-0.5b", 12_288, 0, id="Qwen2.5-0.5B"),
        pytest.param("qwen2.5-1.5b", 28_672, 0, id="Qwen2.5-1.5B"),
        pytest.param("llama-3.2-1b", 32_768, 0, id="Llama"),
        pytest.param("tinyllama-1.1b", 22_528, 0, id="TinyLlama"),
        pytest.param("phi-3-mini", 393_216, 0, id="Phi-3"),
        pytest.param("falcon-h1-0.5b", 18_432, 0, id="Falcon-H1"),
        pytest.param("zamba2-1.2b", 98_304, 0, id="Zamba2: one for each call"),
        pytest.param("gpt-neo-125m", 18_432, 6 * 256 * 3072, id="GPT-Neo: half of the layers keep a window"),
        pytest.param("hymba-1.5b", 5_760, 14 * 1152 * 1_920, id="Hymba: 17 caches"),
    ],
)
def test_cached_bytes(name: str, growing: int, kept: int) -> None:
    """A token more, and of windows that are full."""
    every = [part for parts in shipped(name).layers for part in parts if isinstance(part, Attention) and part.own_cache]
    far = 10**6
    assert sum(2 * part.cached_elements for part in every if part.window is None) == growing
    assert sum(2 * part.cached_elements * part.kept(far) for part in every if part.window is not None) == kept


@pytest.mark.parametrize(
    ("config", "name"),
    [
        ("bamba", "bamba-9b"),
        ("falcon-h1", "falcon-h1-0.5b"),
        ("gpt-neo", "gpt-neo-125m"),
        ("granitemoehybrid", "granite-4.0-h-tiny"),
        ("hymba", "hymba-1.5b"),
        ("jamba", "jamba-v0.1"),
        ("lfm2", "lfm2-1.2b"),
        ("llama", "llama-3.2-1b"),
        ("nemotron-h", "nemotron-h-8b"),
        ("phi3", "phi-3-mini"),
        ("qwen2", "qwen2.5-0.5b"),
        ("qwen3-next", "qwen3-next-80b-a3b"),
        ("recurrent-gemma", "recurrentgemma-2b"),
        ("zamba2", "zamba2-1.2b"),
    ],
)
def test_what_is_shipped_is_what_its_config_says(config: str, name: str) -> None:
    documents = read_checkpoint(CONFIGS / f"hf-{config}.json"), read("workload", name)
    for document in documents:
        document.override("head=true")
    published, ours = map(built, documents)
    assert published == ours


@pytest.mark.parametrize(
    ("config", "parameters"),
    [
        pytest.param("nemotron-h-moe", 12_321_936, id="Nemotron-H with experts"),
        pytest.param("granite-dense", 33_339_312, id="Granite without experts, with positions"),
    ],
)
def test_parameters_of_other_configs(config: str, parameters: int) -> None:
    """As transformers 5.24 counts them."""
    assert built(read_checkpoint(CONFIGS / f"hf-{config}.json")).parameters == parameters


FILE = """\
name: own
model: layers
dimensions:
  d_model: {d_model}
  kinds:
    a:
      equations:
        extends: {extends}
        sizes: {{d: 8, b: 2}}
    b:
      attention: {{heads: 2, head_dim: 4}}
  pattern: [a, {entry}]
formulation: {formulation}
layers: 2
sequence_length: 4
"""
GOOD = {"d_model": 8, "extends": "rg_lru", "entry": "b", "formulation": "chunked"}


def written(folder: Path, **changes: Any) -> Document:
    path = folder / "own.yaml"
    path.write_text(FILE.format(**GOOD | changes), encoding="utf-8")
    return read("workload", str(path))


def test_a_kind_lays_its_own_keys_over_a_file_of_equations(tmp_path: Path) -> None:
    (first, *_), (before, *_) = built(written(tmp_path)).layers
    assert isinstance(first, TimestepGraph) and isinstance(before, TimestepGraph)
    assert (first.sizes["i"], first.tokens, before.tokens) == (4, 32, 32)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        pytest.param(
            {"extends": "rg_lr"}, "8: dimensions.kinds.a.equations.extends: found 'rg_lr', expected", id="file"
        ),
        pytest.param({"entry": "c"}, "12: dimensions.pattern: found c, expected one of a, b", id="kind"),
        pytest.param({"d_model": 9}, "9: dimensions.kinds.a.equations.sizes: found a residual stream of 8", id="width"),
        pytest.param({"formulation": "blelloch"}, "13: formulation: found 'blelloch', expected one of", id="scan"),
        pytest.param({"d_model": "x"}, "4: dimensions.d_model: found 'x', expected a valid integer", id="a number"),
        pytest.param({"formulation": "chunked\nchunk: 65"}, "14: chunk: a chunk of 65 tokens: 64 at most", id="long"),
    ],
)
def test_mistakes_stand_at_their_lines(tmp_path: Path, changes: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError) as caught:
        build_workload(written(tmp_path, **changes))
    assert f"own.yaml:{message}" in str(caught.value)
