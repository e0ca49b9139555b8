"""How much memory a prompt needs at most, and which is the longest that fits: a closed form, nothing is simulated.

There are at once, when the last layer has ended: all weights, the state and the keys and values that the prompt leaves,
the residual stream of every token, and logits: of the last token, which is all that a device needs, or of all tokens,
which is what PyTorch computes and what measured peaks are made of. A framework may hold more at other moments
(forward_passes.py). In decode there is one token a sequence, and a context of ``sequence_length`` tokens before it;
where an answer is generated its last token comes after the prompt and all of the answer.

Not in it: what the layers have between them and the residual stream (tiles, in SRAM), the allocator's rounding, the
workspaces of kernels (about 8 MiB of cuBLAS's on a GPU), the runtime itself.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final, Literal

from sim.accounting.forward_passes import FORWARD_PASSES, PLAIN, ForwardPass, Moment, forward_pass_of
from sim.accounting.shown import ShownAsText
from workloads.counts import CountsModel
from workloads.models.attention import Attention
from workloads.models.layers.shared import SHARED
from workloads.stack import Stack
from workloads.workload import Workload, width
from workloads.workload_spec import WorkloadSpec

Logits = Literal["last", "all"]
LONGEST: Final = 2**30  # tokens of a prompt that a workload can have
HEAD: Final = "head"
ANSWER: Final = "answer"


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
    prompt; ``later_tokens`` of an answer follow its first one. Without a ``vocabulary`` there are no logits.
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
    later_tokens: int = 0
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


class Memory(ShownAsText, CountsModel):
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
    forward: str
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

    def __str__(self) -> str:
        from sim.presentation.terminal.memory import as_text

        return as_text(self)

    def _repr_html_(self) -> str:
        from sim.presentation.terminal.memory import as_html

        return as_html(self)


def memory(
    workload: Workload, device_bytes: int, logits: Logits = "last", forward: str | None = None
) -> Memory:  # fmt: skip
    """The peak of *workload*, and the longest prompt that fits into a device of so many bytes.

    *forward* names a forward pass (forward_passes.py), that of its model unless given.
    """
    needs, spec = memory_needs(workload, forward), workload.spec
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
        forward=forward or forward_pass_of(spec),
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
        "last": lambda length: _moments(needs, length, every=False),
        "all": lambda length: _moments(needs, length, every=True) | _before_the_head(needs, length),
    }
    if needs.forward.moments:
        held["all_without_masks"] = lambda length: _moments(needs, length, every=True)
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


def _moments(needs: MemoryNeeds, length: int, every: bool) -> dict[str, Held]:
    """The ends of a prompt and of its answer, if there is one: its last token, after all others."""
    found = {HEAD: _head(needs, length, every)}
    if needs.later_tokens:
        last = replace(needs, queries=1, forward=PLAIN)
        found[ANSWER] = _head(last, length + needs.later_tokens, every=False)
    return found


def _before_the_head(needs: MemoryNeeds, length: int) -> dict[str, Held]:
    """The other moments of a framework's pass."""
    return {each.name: _at(each, needs, length) for each in needs.forward.moments if length >= each.least_tokens}


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


def memory_needs(workload: Workload, forward: str | None = None) -> MemoryNeeds:
    """What of *workload* matters to its peak; *forward* names the forward pass, that of its model unless given."""
    spec, stacks = workload.spec, workload.stacks_of(workload.stacks[0].spec.phase)
    model = workload.model
    attentions = [part for layer in model.layers for part in layer if isinstance(part, Attention)] if model else []
    element_bytes, decodes = stacks[0].element_bytes, spec.phase == "decode"
    return MemoryNeeds(
        weights_bytes=workload.parameters * element_bytes - _narrower(spec, stacks),
        d_model=width(workload.graph),
        vocabulary=spec.vocabulary,
        state_bytes=sum(stack.all_layers * stack.carried_bytes for stack in stacks if stack.keeps_state),
        caches=tuple(
            KeyValueCache(each.cached_elements * element_bytes, each.window, each.sinks)
            for each in attentions
            if each.own_cache
        ),
        query_heads=max((each.heads for each in attentions), default=0),
        element_bytes=element_bytes,
        batch=spec.batch,
        prefix_tokens=model.prefix_tokens if model else 0,
        queries=1 if decodes else None,
        later_tokens=(spec.generate or 1) - 1,
        forward=PLAIN if decodes else FORWARD_PASSES[forward or forward_pass_of(spec)],
    )


def _narrower(spec: WorkloadSpec, stacks: Sequence[Stack]) -> int:
    """By how many bytes weights are less than if all were as wide as activations; what layers share counts once."""
    saved = 0
    for stack in stacks:
        for tensor in () if stack.head else stack.graph.parameters:
            times = 1 if tensor.endswith(f"_{SHARED}") else stack.all_layers
            saved += times * (stack.graph.elements(tensor) * stack.element_bytes - stack.parameter_bytes(tensor))
    if spec.vocabulary is None:
        return saved
    first, d_model = stacks[0], width(stacks[0].graph)
    return saved + spec.vocabulary * d_model * first.element_bytes - first.weights.size_bytes(d_model, spec.vocabulary)
