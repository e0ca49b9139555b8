"""A prompt and its answer in one run: what two runs by themselves say, and how tokens grow with their context."""

from __future__ import annotations

import pytest

from sim.accounting.result import Result
from sim.files.errors import InputError
from sim.files.limits import LIMITS
from sim.simulation import simulate

SHORT = LIMITS._replace(search="short")
TRANSFORMER = (
    "dimensions.d_model=64", "dimensions.kinds.layer.attention.heads=4", "dimensions.kinds.layer.attention.groups=2",
    "dimensions.kinds.layer.attention.head_dim=16", "dimensions.kinds.layer.mlp.width=128", "layers=2",
    "vocabulary=512", "mapping.query_tile=16", "mapping.key_block=16", "mapping.key_parts=1",
)  # fmt: skip
MAMBA = ("dimensions.d_model=128", "layers=2", "vocabulary=512")
MODELS = [
    ("attention", "qwen2.5-0.5b", TRANSFORMER),
    ("a state", "mamba2", MAMBA),
    ("a batch", "mamba2", (*MAMBA, "batch=3")),
]
MODEL = pytest.mark.parametrize(("workload", "sizes"), [pytest.param(*case[1:], id=case[0]) for case in MODELS])


def _run(workload: str, *assignments: str) -> Result:
    return simulate(workload, "edge", assignments, stride="tile", limits=SHORT)


@MODEL
def test_phases_are_those_of_runs_by_themselves(workload, sizes):
    """Told by the mappings that the whole run has found."""
    length = "sequence_length=40"
    both = _run(workload, *sizes, length, "phase=generate", "generate=3").generation
    prompt = _run(workload, *sizes, length, "head=true")
    token = _run(workload, *sizes, "sequence_length=40", "head=true", "phase=decode")
    assert both.seconds_to_first_token == prompt.seconds
    assert both.phases["prefill"].energy_mj == pytest.approx(prompt.energy_mj_per_token * prompt.tokens)
    assert both.later_tokens[0].first == 1
    assert both.later_tokens[0].seconds == pytest.approx(token.seconds, rel=0.05)  # the search has seen a longer answer


@MODEL
def test_the_whole_is_the_sum_of_its_phases(workload, sizes):
    result = _run(workload, *sizes, "sequence_length=20", "phase=generate", "generate=8")
    found = result.generation
    assert sum(phase.makespan_cycles for phase in found.phases.values()) == result.makespan_cycles
    assert sum(phase.dram_bytes for phase in found.phases.values()) == result.dram_bytes
    assert sum(phase.energy_mj for phase in found.phases.values()) == pytest.approx(
        result.energy_mj_per_token * result.tokens
    )
    for phase in found.phases.values():
        for unit in phase.units.values():
            assert unit.busy_cycles + sum(unit.stalls.values()) == phase.makespan_cycles
    later = sum(each.tokens * each.seconds for each in found.later_tokens)
    assert later == pytest.approx(found.phases["decode"].seconds)
    assert found.seconds_per_later_token == pytest.approx(later / 7)
    assert sum(each.tokens for each in found.later_tokens) == 7
    assert found.tokens == result.tokens == 8 * result.batch
    assert result.simulated_layers == result.layers == len(result.by_layer) - 1  # the head is the last


def test_tokens_of_attention_take_longer_as_their_context_grows():
    found = _run("qwen2.5-0.5b", *TRANSFORMER, "sequence_length=10", "phase=generate", "generate=60").generation
    seconds = [each.seconds for each in found.later_tokens]
    assert len(seconds) == 5  # blocks of 16 keys: contexts of 11 to 69 tokens
    assert seconds == sorted(seconds)
    assert [each.first for each in found.later_tokens] == [1, 7, 23, 39, 55]


def test_tokens_of_a_state_all_take_as_long():
    found = _run("mamba2", *MAMBA, "sequence_length=10", "phase=generate", "generate=60").generation
    assert [(each.first, each.tokens) for each in found.later_tokens] == [(1, 59)]


MISTAKES = [
    ("no tokens", ["phase=generate"], "generate"),
    ("another phase", ["generate=3"], "generate"),
    ("none", ["phase=generate", "generate=0"], "generate"),
]


@pytest.mark.parametrize(("assignments", "key"), [pytest.param(*case[1:], id=case[0]) for case in MISTAKES])
def test_an_answer_needs_its_tokens_and_its_phase(assignments, key):
    with pytest.raises(InputError) as error:
        _run("mamba2", *assignments)
    assert key in str(error.value)
