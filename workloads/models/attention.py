"""Attention as a recurrence over blocks of keys.

Softmax over keys that go by block after block (the online softmax of arXiv 1805.02867, in tiles as in arXiv
2205.14135): for each query the largest score so far m, the sum l of exp(s - m), and the values weighted by it, O, are
carried from block to block and rescaled by exp(m_before - m). Nothing says that this is a recurrence: the analysis
finds it, as it finds a state-space model's.

A timestep is a block of keys; a run is a tile of queries that meets its keys, the newest block first, and within a
block the newest key first, so that every tile has the same graph: key u, counted back from the newest, is seen by query
q, counted back from the newest, where q <= u, and with a window w where u < q + w. Tokens that are always visible come
before them, in blocks of their own. Where the keys of a block are split, each part has an m, l and O of its own, which
the end merges. Index letters: g = key/value heads, r = query heads that share one, q = queries, k = keys of a block,
c = parts of a block, e = channels of a key, w = of a value.

Masks cost nothing: a unit predicates its lanes. So blocks on the diagonal cost as much as others; how many more
products than a query needs that makes, :func:`useful_macs` says.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from math import inf

from workloads.builder import GraphBuilder
from workloads.graph import TimestepGraph

HIDDEN = -1e30  # the score of what is not seen: its weight is exactly 0 as soon as anything is


@dataclass(frozen=True)
class Attention:
    """Scaled dot-product attention: *groups* groups of *queries* query heads that share a key and a value head.

    A key has ``key_size`` channels, a value ``value_size``; scores are multiplied by ``scale``. A query sees the
    ``window`` latest tokens, itself among them, all if None, and the first ``sinks`` of a sequence whatever the window.
    Without an ``own_cache`` the keys and values are those that an earlier layer has left.
    """

    groups: int
    queries: int
    key_size: int
    value_size: int
    scale: float
    window: int | None = None
    sinks: int = 0
    own_cache: bool = True

    @property
    def heads(self) -> int:
        """Query heads."""
        return self.groups * self.queries

    @property
    def cached_elements(self) -> int:
        """Elements of a key and a value of one token, of all groups."""
        return self.groups * (self.key_size + self.value_size)

    def kept(self, context: int) -> int:
        """How many of *context* tokens have to be kept."""
        return context if self.window is None else min(context, self.window + self.sinks)

    def seen(self, position: int) -> int:
        """How many tokens the query at *position*, counted from 0, sees."""
        return self.kept(position + 1)


@dataclass(frozen=True)
class KeyBlocks:
    """How attention is cut: tiles of ``queries`` tokens meet blocks of ``parts`` x ``keys`` keys of ``groups``."""

    queries: int
    keys: int
    groups: int
    parts: int = 1

    @property
    def block(self) -> int:
        """Keys of a block."""
        return self.parts * self.keys


@dataclass(frozen=True)
class KeyRun:
    """A ``tile`` of queries of ``attention``, of those at ``positions``, that meets its keys, ``cut`` in that way.

    Where tokens are decoded one by one, each is a tile, and the first of them is number ``first_answer`` of an answer.
    """

    attention: Attention
    cut: KeyBlocks
    tile: QueryTile
    positions: range
    first_answer: int = 0


@dataclass(frozen=True)
class QueryTile:
    """``queries`` tokens from position ``first`` on, and the blocks of keys that they meet.

    Those are ``sinks`` blocks of tokens that are always visible, then ``blocks`` of the ``keys`` latest tokens.
    """

    first: int
    queries: int
    sinks: int
    blocks: int
    keys: int

    @property
    def steps(self) -> int:
        """Blocks in all."""
        return self.sinks + self.blocks


def query_tiles(attention: Attention, cut: KeyBlocks, first: int, tokens: int) -> tuple[QueryTile, ...]:
    """The tiles of *tokens* queries that begin at position *first*; the last may be padded.

    A window must have space for the tokens that are always visible and a tile of queries.
    """
    tiles = []
    for start in range(first, first + tokens, cut.queries):
        end = min(start + cut.queries, first + tokens)
        apart = attention.sinks if attention.window is not None and end > attention.window else 0
        keys = end - apart
        if attention.window is not None:
            keys = min(keys, attention.window + cut.queries - 1)
        tiles.append(QueryTile(start, end - start, -(-apart // cut.block), -(-keys // cut.block), keys))
    return tuple(tiles)


def useful_macs(attention: Attention, first: int, tokens: int) -> int:
    """MACs of the scores and values that *tokens* queries from position *first* on need, of all heads.

    h (e + w) L (L + 1) / 2 for a prompt of L tokens that sees all of itself: each sees itself and what is before it.
    """
    seen = sum(attention.seen(position) for position in range(first, first + tokens))
    return attention.heads * (attention.key_size + attention.value_size) * seen


@cache
def attention_graph(attention: Attention, cut: KeyBlocks, sink_blocks: int = 0, keys: float = inf) -> TimestepGraph:
    """The graph of one block of keys for a tile of queries, of which the first *sink_blocks* are always visible.

    Of the latest tokens only so many *keys* are there: what pads the last block is not seen. Inputs are
    ``K[t,g,c,k,e]`` and ``V[t,g,c,k,w]``, held is ``Q[t,g,q,r,e]``, all the newest first; the output is
    ``o[t,g,q,r,w]``.
    """
    a = attention
    sizes = {"g": cut.groups, "q": cut.queries, "r": a.queries, "c": cut.parts, "k": cut.keys}
    sizes |= {"e": a.key_size, "w": a.value_size}
    b = GraphBuilder("attention", sizes, "K[t,g,c,k,e]")
    b.input("V[t,g,c,k,w]")
    b.hold("Q[t,g,q,r,e]")
    b.spans(cut.block)
    rows = "t,g,q,r,c"
    b.define("scores", "scores", f"s[{rows},k] = sum(e, Q[t,g,q,r,e] * K[t,g,c,k,e])")
    b.define("mask", "softmax", f"S[{rows},k] = {_visible(a, cut, sink_blocks, keys)}")
    b.initial("m", HIDDEN)
    b.define("highest", "softmax", f"m[{rows}] = max(m[t-1,g,q,r,c], max(k, S[{rows},k]))")
    b.define("scale", "softmax", f"ms[{rows}] = {a.scale!r} * m[{rows}]")
    b.define("exponential", "softmax", f"p[{rows},k] = exp({a.scale!r} * S[{rows},k] - ms[{rows}])")
    b.define("rescale", "softmax", f"a[{rows}] = exp({a.scale!r} * m[t-1,g,q,r,c] - ms[{rows}])")
    b.define("sum", "softmax", f"l[{rows}] = a[{rows}] * l[t-1,g,q,r,c] + sum(k, p[{rows},k])")
    b.define("values", "values", f"pv[{rows},w] = sum(k, p[{rows},k] * V[t,g,c,k,w])")
    b.define("accumulate", "softmax", f"O[{rows},w] = a[{rows}] * O[t-1,g,q,r,c,w] + pv[{rows},w]")
    _finish(b, cut.parts, a.scale)
    return b.build("o")


def _visible(a: Attention, cut: KeyBlocks, sink_blocks: int, keys: float) -> str:
    """The scores, hidden where a key is not seen."""
    start = sink_blocks * cut.block  # where the latest tokens begin
    score, at = "s[t,g,q,r,c,k]", "at(c, k)"
    text = f"where({start} <= {at} - q, {score}, {HIDDEN!r})"
    if a.window is not None:
        text = f"where({at} - q < {start + a.window}, {text}, {HIDDEN!r})"
    if keys < inf:
        text = f"where({at} < {start + int(keys)}, {text}, {HIDDEN!r})"
    if sink_blocks:
        sinks = f"where({at} < {a.sinks}, {score}, {HIDDEN!r})"
        text = f"where({at} < {start}, {sinks}, {text})"
    return text


def _finish(b: GraphBuilder, parts: int, scale: float) -> None:
    """Divide by the sum of the weights, after the parts of a split block are merged."""
    total, values = "l[t,g,q,r,c]", "O[t,g,q,r,c,w]"
    if parts > 1:
        b.define("merge.highest", "softmax", "M[t,g,q,r] = max(c, m[t,g,q,r,c])", final=True)
        factor = f"f[t,g,q,r,c] = exp({scale!r} * (m[t,g,q,r,c] - M[t,g,q,r]))"
        b.define("merge.factor", "softmax", factor, final=True)
        total, values = f"f[t,g,q,r,c] * {total}", f"f[t,g,q,r,c] * {values}"
    b.define("reciprocal", "softmax", f"inv[t,g,q,r] = 1 / sum(c, {total})", final=True)
    b.define("normalise", "softmax", f"o[t,g,q,r,w] = sum(c, {values}) * inv[t,g,q,r]", final=True)
