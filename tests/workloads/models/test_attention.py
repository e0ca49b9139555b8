"""Attention over blocks of keys: its numbers against softmax, its counts against closed forms."""

from __future__ import annotations

import numpy as np
import pytest

from workloads.evaluate import Array
from workloads.execute import execute
from workloads.models.attention import Attention, KeyBlocks, QueryTile, attention_graph, query_tiles, useful_macs

# name, (groups, queries, key size, value size, window, sinks), (queries, keys, groups, parts) of the cut, first, tokens
CASES = [
    ("one head", (1, 1, 4, 4, None, 0), (8, 8, 1, 1), 0, 8),
    ("grouped queries", (2, 3, 4, 5, None, 0), (8, 8, 2, 1), 0, 24),
    ("short blocks of keys", (2, 2, 4, 4, None, 0), (8, 2, 2, 1), 0, 24),
    ("long blocks of keys", (2, 2, 4, 4, None, 0), (4, 16, 2, 1), 0, 24),
    ("one group at a time", (4, 2, 4, 4, None, 0), (8, 4, 1, 1), 0, 16),
    ("padded", (1, 2, 4, 4, None, 0), (8, 6, 1, 1), 0, 21),
    ("window", (2, 1, 4, 4, 5, 0), (4, 4, 2, 1), 0, 23),
    ("window and sinks", (2, 1, 4, 4, 6, 3), (4, 4, 2, 1), 0, 23),
    ("one token", (2, 4, 4, 4, None, 0), (1, 8, 2, 1), 37, 1),
    ("one token, split over keys", (2, 4, 4, 4, None, 0), (1, 4, 2, 3), 37, 1),
    ("one token, window, sinks, split", (2, 4, 4, 4, 9, 3), (1, 2, 2, 2), 37, 1),
    ("a later part of a prompt", (1, 2, 4, 4, None, 0), (4, 4, 1, 2), 9, 11),
]
PARAMETERS = pytest.mark.parametrize(
    ("shape", "cut", "first", "tokens"), [pytest.param(*case[1:], id=case[0]) for case in CASES]
)


def _attention(shape: tuple[int, int, int, int, int | None, int]) -> Attention:
    groups, queries, key_size, value_size, window, sinks = shape
    return Attention(groups, queries, key_size, value_size, 0.7, window, sinks)


def _softmax(a: Attention, queries: Array, keys: Array, values: Array, first: int) -> Array:
    """``[tokens, g, r, w]`` of what softmax over all visible keys gives."""
    places, seen = np.arange(len(keys)), np.arange(first, first + len(queries))[:, None]
    visible = places <= seen
    if a.window is not None:
        visible &= (places > seen - a.window) | (places < a.sinks)
    scores = np.where(visible[:, None, None, :], np.einsum("tgre,kge->tgrk", queries, keys) * a.scale, -np.inf)
    weights = np.exp(scores - scores.max(axis=-1, keepdims=True))
    return np.einsum("tgrk,kgw->tgrw", weights / weights.sum(axis=-1, keepdims=True), values)


def _blocks(cached: Array, cut: KeyBlocks, tile: QueryTile, sinks: int, groups: slice) -> Array:
    """``[steps, g, c, k, e]`` of what *tile* meets of *cached* ``[tokens, g, e]``: sinks, then the newest first."""
    end = tile.first + tile.queries
    parts = [cached[: sinks if tile.sinks else 0, groups], cached[end - tile.keys : end, groups][::-1]]
    padded = [
        np.concatenate([part, np.zeros((steps * cut.block - len(part), *part.shape[1:]))])
        for part, steps in zip(parts, (tile.sinks, tile.blocks), strict=True)
    ]
    rows = np.concatenate(padded).reshape(tile.steps, cut.parts, cut.keys, *padded[0].shape[1:])
    return np.moveaxis(rows, 3, 1)


@PARAMETERS
def test_blocks_of_keys_give_what_softmax_gives(shape, cut, first, tokens):
    a, cut = _attention(shape), KeyBlocks(*cut)
    random = np.random.default_rng(1)
    queries = random.standard_normal((tokens, a.groups, a.queries, a.key_size)) * 3
    keys = random.standard_normal((first + tokens, a.groups, a.key_size)) * 3
    values = random.standard_normal((first + tokens, a.groups, a.value_size))
    expected = _softmax(a, queries, keys, values, first)
    for tile in query_tiles(a, cut, first, tokens):
        graph = attention_graph(a, cut, tile.sinks, tile.keys)
        own = slice(tile.first - first, tile.first - first + tile.queries)
        for start in range(0, a.groups, cut.groups):
            groups = slice(start, start + cut.groups)
            rows = np.zeros((cut.groups, cut.queries, a.queries, a.key_size))
            rows[:, : tile.queries] = np.swapaxes(queries[own, groups], 0, 1)[:, ::-1]
            given = {"Q": rows} | {
                name: _blocks(cached, cut, tile, a.sinks, groups) for name, cached in (("K", keys), ("V", values))
            }
            (found,) = execute(graph, {}, given).values["o"]
            np.testing.assert_allclose(
                np.swapaxes(found[:, : tile.queries][:, ::-1], 0, 1), expected[own, groups], rtol=1e-10, atol=1e-10
            )


@PARAMETERS
def test_the_analysis_finds_the_recurrence(shape, cut, first, tokens):
    graph = attention_graph(_attention(shape), KeyBlocks(*cut))
    assert set(graph.recurrences) == {frozenset({"highest"}), frozenset({"sum"}), frozenset({"accumulate"})}


def test_useful_macs_are_the_closed_form():
    a = Attention(groups=2, queries=7, key_size=64, value_size=64, scale=0.125)
    assert useful_macs(a, 0, 1024) == 14 * 128 * 1024 * 1025 // 2
    assert useful_macs(a, 1023, 1) == 14 * 128 * 1024


def test_tiles_compute_whole_blocks():
    """h (e + w) Tq Tk times the number of tiles whose first key is no later than the last query."""
    a, cut = Attention(groups=2, queries=7, key_size=64, value_size=64, scale=0.125), KeyBlocks(256, 128, 1)
    steps = sum(tile.steps for tile in query_tiles(a, cut, 0, 1024))
    assert steps == sum(2 * (tile + 1) for tile in range(4))
    assert attention_graph(a, cut).counts.macs * steps * a.groups == 14 * 128 * 256 * 128 * steps


def test_a_window_keeps_its_tokens_and_sinks():
    a = Attention(5, 5, 64, 128, 0.125, window=1024, sinks=128)
    assert [a.kept(context) for context in (1, 1024, 1152, 4096)] == [1, 1024, 1152, 1152]
