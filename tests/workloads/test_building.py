"""Stacks of models whose layers have parts: what is alike once, tiles of queries, tokens of an answer."""

from __future__ import annotations

from collections import Counter

import pytest

from sim.files.resolve import resolve_workload
from workloads.building import cut_into
from workloads.models.attention import KeyBlocks
from workloads.stack import Stack
from workloads.workload import Workload


def _attention(workload: Workload) -> list[Stack]:
    return [stack for stack in workload.stacks if stack.keys is not None]


def test_parts_that_are_alike_are_one_stack_at_several_places():
    workload = resolve_workload("qwen2.5-0.5b", ["sequence_length=256"])
    before, *attention, after = workload.stacks
    assert [before.part, after.part] == ["before_attention", "after_attention"]
    assert before.places == after.places == tuple(range(24))
    assert before.times == before.model_layers == 24
    assert [stack.model_layers for stack in (*attention, after)] == [0] * (len(attention) + 1)
    assert all(stack.times == 24 for stack in attention)


def test_layers_in_a_row_that_have_one_part_are_one_stack():
    stacks = resolve_workload("zamba2-1.2b").stacks
    mamba = [stack for stack in stacks if not stack.part and not stack.head]
    assert [(stack.layers, stack.places) for stack in mamba] == [(5, (0, 6, 12, 18, 24, 30)), (2, (36,))]
    assert sum(stack.model_layers for stack in stacks) == 38


# name, cut, (steps, runs) of each stack: a tile of queries meets all keys up to its own, for each group of heads
PROMPTS = [
    ("tiles as long as blocks", KeyBlocks(64, 64, 1), [(1, 2), (2, 2), (3, 2), (4, 2)]),
    ("short blocks", KeyBlocks(128, 32, 1), [(4, 2), (8, 2)]),
    ("long blocks", KeyBlocks(64, 128, 1), [(1, 4), (2, 4)]),
    ("all groups at once", KeyBlocks(128, 128, 2), [(1, 1), (2, 1)]),
    ("a padded tile", KeyBlocks(192, 64, 1), [(3, 2), (4, 2)]),
]


@pytest.mark.parametrize(("cut", "expected"), [pytest.param(*case[1:], id=case[0]) for case in PROMPTS])
def test_a_prompt_has_a_stack_for_each_tile_of_queries(cut, expected):
    workload = resolve_workload("qwen2.5-0.5b", ["sequence_length=256"])
    assert [(stack.steps, stack.layers) for stack in cut_into(_attention(workload)[0], cut)] == expected


def test_tiles_in_the_middle_of_a_window_are_one_stack():
    workload = resolve_workload("gpt-neo-125m", ["sequence_length=1024"])
    local = next(stack for stack in _attention(workload) if stack.keys.attention.window)
    steps = Counter({stack.steps: stack.layers // 12 for stack in cut_into(local, KeyBlocks(64, 64, 1))})
    assert steps == {1: 1, 2: 1, 3: 1, 4: 1, 5: 12}  # 256 tokens before each of 64: 319 keys


def test_tokens_before_a_prompt_are_read_as_part_of_it():
    workload = resolve_workload("hymba-1.5b", ["sequence_length=100"])
    assert {stack.steps for stack in workload.stacks if stack.part == "before_attention"} == {228}
    assert max(stack.keys.tile.first + stack.keys.tile.queries for stack in _attention(workload)) == 228


def test_a_token_meets_all_that_is_before_it_and_itself():
    workload = resolve_workload("qwen2.5-0.5b", ["phase=decode", "sequence_length=256"])
    (stack,) = cut_into(_attention(workload)[0], KeyBlocks(1, 1, 2))
    assert (stack.steps, stack.layers, stack.times) == (257, 1, 24)


def test_an_answer_grows_its_context():
    workload = resolve_workload("qwen2.5-0.5b", ["phase=generate", "generate=6", "sequence_length=30"])
    decoded = [stack for stack in _attention(workload) if stack.spec.phase == "decode"]
    stacks = cut_into(decoded[0], KeyBlocks(1, 32, 2))
    assert [(stack.steps, stack.answers) for stack in stacks] == [(1, range(1, 3)), (2, range(3, 6))]
    others = [stack for stack in workload.stacks_of("decode") if stack.keys is None]
    assert all(stack.answers == range(1, 6) for stack in others)
    assert [stack.head for stack in others] == [False, False, True]  # a token needs a head


@pytest.mark.parametrize("model", ["mamba2", "qwen2.5-0.5b"])
def test_an_answer_of_one_token_is_the_prompts(model):
    workload = resolve_workload(model, ["phase=generate", "generate=1", "sequence_length=32"])
    assert {stack.spec.phase for stack in workload.stacks} == {"prefill"}


def test_layers_of_one_graph_decode_an_answer_token_by_token():
    workload = resolve_workload("mamba2", ["phase=generate", "generate=9", "sequence_length=32"])
    prompt, answer = workload.stacks
    assert (prompt.times, prompt.steps, answer.times, answer.steps) == (1, 32, 8, 1)
    assert answer.resumes and not prompt.resumes
    assert workload.tokens == 9
    assert workload.parameters == resolve_workload("mamba2").parameters
