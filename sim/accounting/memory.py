"""How much memory a prompt needs at most, and which is the longest that fits: a closed form, nothing is simulated.

There are at once, when the last layer has ended: all weights, the state and the keys and values that the prompt leaves,
the residual stream of every token, and logits: of the last token, which is all that a device needs, or of all tokens,
which is what PyTorch computes and what measured peaks are made of. A framework may hold more at other moments
(forward_passes.py). In decode there is one token a sequence, and a context of ``sequence_length`` tokens before it.

Not in it: what the layers have between them and the residual stream (tiles, in SRAM), the allocator's rounding, the
workspaces of kernels (about 8 MiB of cuBLAS's on a GPU), the runtime itself.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final, Literal

from sim.accounting.forward_passes import FORWARD_PASSES, PLAIN, ForwardPass, Moment
from workloads.counts import CountsModel
from workloads.workload import Stack, Workload

Logits = Literal["last", "all"]
LONGEST: Final = 2**30  # tokens of a prompt that a workload can have
HEAD: Final = "head"


@dataclass(frozen=True)
class KeyValueCache:
    """What a layer keeps of each of the ``window`` latest tokens (all if None) and the ``sinks`` first ones."""

    token_bytes: int
    window: int | None = None
    sinks: int = 0

    def size_bytes(self, tokens: int) -> int:
        """Bytes after so many *tokens* of a sequence."""
        kept = tokens if self.window is None else min(tokens, self.window + self.sinks)
        return kept * self.token_bytes


@dataclass(frozen=True)
class MemoryNeeds:
    """What of a workload matters to its peak; bytes of states and caches are a sequence's.

    ``prefix_tokens`` stand before every prompt; ``queries`` is how many tokens are read at once, None for the whole
    prompt. Without a ``vocabulary`` there are no logits.
    """

    weights_bytes: int
    d_model: int
    vocabulary: int | None = None
    state_bytes: int = 0
    caches: tuple[KeyValueCache, ...] = ()
    query_heads: int = 0
    element_bytes: int = 2
    batch: int = 1
    prefix_tokens: int = 0
    queries: int | None = None
    forward: ForwardPass = PLAIN

    def cached_bytes(self, tokens: int, times: int = 1, last: int = 1) -> int:
        """Keys and values of all sequences after *tokens*, each *times* times, those of the last layer *last* times."""
        sizes = [self.batch * cache.size_bytes(tokens) for cache in self.caches]
        return times * sum(sizes[:-1]) + last * sum(sizes[-1:])


class Held(CountsModel):
    """What is in memory at a moment; ``pair_bytes`` are those of each query and key, masks and scores."""

    weights_bytes: int
    state_bytes: int
    kv_bytes: int
    activation_bytes: int
    logits_bytes: int
    pair_bytes: int

    @property
    def total_bytes(self) -> int:
        """All of it."""
        return sum(self.model_dump().values())


class Peak(CountsModel):
    """The most that is in memory, by the moments at which that could be, and the longest prompt that fits.

    ``logits_bytes`` and ``activation_bytes`` are there at the head, ``longest_tokens`` is None if nothing fits.
    """

    logits_bytes: int
    activation_bytes: int
    peak_bytes: int
    peak_moment: str
    longest_tokens: int | None
    moments: Mapping[str, Held]


class Memory(CountsModel):
    """The memory that a workload needs; the keys of :class:`Peak` are those with the ``logits`` that were asked for.

    ``by_logits`` has the peaks with logits of the ``last`` token and of ``all``, and with those of ``all`` but without
    what a framework holds beside for a model's masks and scores, where it does.
    """

    workload: str
    model: str
    phase: str
    sequence_length: int
    batch: int
    device_bytes: int
    logits: Logits
    weights_bytes: int
    state_bytes: int
    kv_bytes_per_token: int
    kv_bytes: int
    logits_bytes: int
    activation_bytes: int
    peak_bytes: int
    peak_moment: str
    longest_tokens: int | None
    by_logits: Mapping[str, Peak]

    def to_json(self) -> str:
        """As JSON text: sorted as declared, two spaces, one newline at the end."""
        return self.model_dump_json(indent=2) + "\n"


def memory(workload: Workload, device_bytes: int, logits: Logits = "last") -> Memory:
    """The peak of *workload*, and the longest prompt that fits into a device of so many bytes."""
    needs, spec = memory_needs(workload), workload.spec
    peaks = peaks_of(needs, spec.sequence_length, device_bytes)
    asked = peaks[logits]
    tokens = spec.sequence_length + needs.prefix_tokens
    return Memory(
        workload=spec.name,
        model=spec.model,
        phase=spec.phase,
        sequence_length=spec.sequence_length,
        batch=spec.batch,
        device_bytes=device_bytes,
        logits=logits,
        weights_bytes=needs.weights_bytes,
        state_bytes=needs.batch * needs.state_bytes,
        kv_bytes_per_token=needs.batch * sum(each.token_bytes for each in needs.caches if each.window is None),
        kv_bytes=needs.cached_bytes(tokens),
        by_logits=peaks,
        **{key: getattr(asked, key) for key in Peak.model_fields if key in Memory.model_fields},
    )


def peaks_of(needs: MemoryNeeds, tokens: int, device_bytes: int) -> dict[str, Peak]:
    """The peaks of a prompt of *tokens*, by which logits there are; see :class:`Memory`."""
    held: dict[str, Callable[[int], dict[str, Held]]] = {
        "last": lambda length: {HEAD: _head(needs, length, every=False)},
        "all": lambda length: _measured(needs, length),
    }
    if needs.forward.moments:
        held["all_without_masks"] = lambda length: {HEAD: _head(needs, length, every=True)}
    return {logits: _peak(at, tokens, device_bytes) for logits, at in held.items()}


def _peak(held: Callable[[int], dict[str, Held]], tokens: int, device_bytes: int) -> Peak:
    moments = held(tokens)
    largest = max(moments, key=lambda name: moments[name].total_bytes)
    return Peak(
        logits_bytes=moments[HEAD].logits_bytes,
        activation_bytes=moments[HEAD].activation_bytes,
        peak_bytes=moments[largest].total_bytes,
        peak_moment=largest,
        longest_tokens=_longest(lambda length: max(each.total_bytes for each in held(length).values()), device_bytes),
        moments=moments,
    )


def _longest(peak: Callable[[int], int], device_bytes: int) -> int | None:
    """The most tokens of which *peak*, which never falls, is within the device's bytes."""
    if peak(1) > device_bytes:
        return None
    fits, beyond = 1, LONGEST + 1
    while beyond - fits > 1:
        middle = (fits + beyond) // 2
        fits, beyond = (middle, beyond) if peak(middle) <= device_bytes else (fits, middle)
    return fits


def _head(needs: MemoryNeeds, length: int, every: bool) -> Held:
    """The end of a pass with the logits of every token, as its framework has them, or of the last one of a sequence."""
    tokens = length + needs.prefix_tokens
    read = needs.queries or tokens
    forward = needs.forward if every else PLAIN
    positions = read * forward.logit_copies if every else 1
    return Held(
        weights_bytes=needs.weights_bytes,
        state_bytes=needs.batch * needs.state_bytes if forward.leaves_cache else 0,
        kv_bytes=needs.cached_bytes(tokens) if forward.leaves_cache else 0,
        activation_bytes=needs.batch * read * needs.d_model * needs.element_bytes,
        logits_bytes=needs.batch * positions * (needs.vocabulary or 0) * needs.element_bytes,
        pair_bytes=0,
    )


def _measured(needs: MemoryNeeds, length: int) -> dict[str, Held]:
    """The moments of a framework's pass."""
    found = {HEAD: _head(needs, length, every=True)}
    for moment in needs.forward.moments:
        if length >= moment.least_tokens:
            found[moment.name] = _at(moment, needs, length)
    return found


def _at(moment: Moment, needs: MemoryNeeds, length: int) -> Held:
    tokens, width = length + needs.prefix_tokens, needs.element_bytes
    read = needs.queries or tokens
    pairs = moment.sequence.size_bytes(width) + moment.head.size_bytes(width) * needs.query_heads
    return Held(
        weights_bytes=needs.weights_bytes,
        state_bytes=needs.batch * needs.state_bytes if moment.cached else 0,
        kv_bytes=needs.cached_bytes(tokens, moment.cached, moment.cached_last),
        activation_bytes=needs.batch * read * (moment.widths * needs.d_model * width + moment.token_bytes),
        logits_bytes=0,
        pair_bytes=read * tokens * (needs.batch * pairs + moment.shared.size_bytes(width)),
    )


def memory_needs(workload: Workload) -> MemoryNeeds:
    """What of *workload* matters to its peak."""
    spec, graph = workload.spec, workload.graph
    d_model = graph.row_elements(graph.input_tensor)
    return MemoryNeeds(
        weights_bytes=sum(map(_layer_weights, workload.body)) + _outer_weights(workload, d_model),
        d_model=d_model,
        vocabulary=spec.vocabulary,
        state_bytes=sum(stack.layers * stack.carried_bytes for stack in workload.body),
        element_bytes=workload.stacks[0].element_bytes,
        batch=spec.batch,
        queries=1 if spec.phase == "decode" else None,
        forward=FORWARD_PASSES.get(spec.model, PLAIN) if spec.phase == "prefill" else PLAIN,
    )


def _layer_weights(stack: Stack) -> int:
    return stack.layers * sum(map(stack.parameter_bytes, stack.graph.parameters))


def _outer_weights(workload: Workload, d_model: int) -> int:
    """Final norm, embedding and LM head, which may be one; nothing where the vocabulary is not known."""
    spec, stack = workload.spec, workload.stacks[0]
    if spec.vocabulary is None:
        return 0
    lm_head = stack.weights.size_bytes(d_model, spec.vocabulary)
    embedding = 0 if spec.tied_embeddings else spec.vocabulary * d_model * stack.element_bytes
    return d_model * stack.element_bytes + lm_head + embedding
