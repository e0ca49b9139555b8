"""Memory for people: what is there at the peak, with logits of the last token and of all, side by side."""

from __future__ import annotations

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from sim.accounting.memory import HEAD, LONGEST, Held, Memory, Peak
from sim.files.characters import visible
from sim.files.numbers import binary_size
from sim.presentation.terminal import plain

COLUMNS = {
    "last": "logits of the last token",
    "all_without_masks": "of all tokens",
    "all": "as measured",
}
ROWS = {
    "weights_bytes": "weights",
    "state_bytes": "state",
    "kv_bytes": "keys and values",
    "activation_bytes": "activations",
    "logits_bytes": "logits",
    "pair_bytes": "masks and scores",
}


def render(memory: Memory) -> RenderableType:
    """The whole report."""
    return Group(_headline(memory), _table(memory))


def as_text(memory: Memory) -> str:
    """The report without colours."""
    return plain.as_text(render(memory))


def as_html(memory: Memory) -> str:
    """The report for a notebook."""
    return plain.as_html(render(memory))


def _headline(memory: Memory) -> Text:
    length = "after" if memory.phase == "decode" else "L ="
    peak = memory.by_logits["last"]
    unknown = "" if peak.logits_bytes else "; no vocabulary, so no embedding and no logits"
    return Text.assemble(
        (visible(memory.workload), "bold"),
        f": {memory.phase}, {length} {memory.sequence_length:,} tokens, B = {memory.batch} ({visible(memory.model)})\n",
        (f"{binary_size(peak.peak_bytes)} at the peak", "bold green"),
        f" with logits of the last token; longest prompt in {binary_size(memory.device_bytes)}: {_longest(peak)}\n",
        f"{memory.kv_bytes_per_token:,} B of keys and values a token, {binary_size(memory.state_bytes)} of state",
        unknown,
    )


def _table(memory: Memory) -> Table:
    table = Table(
        title="What is there at the peak", title_justify="left", title_style="bold",
        box=None, pad_edge=False, padding=(0, 2, 0, 0),
    )  # fmt: skip
    peaks = {name: memory.by_logits[name] for name in COLUMNS if name in memory.by_logits}
    table.add_column("")
    for name in peaks:
        title = COLUMNS["all_without_masks"] if name == "all" and len(peaks) == 2 else COLUMNS[name]
        table.add_column(title, justify="right")
    held = [peak.moments[peak.peak_moment] for peak in peaks.values()]
    for key, title in ROWS.items():
        if any(getattr(each, key) for each in held):
            table.add_row(title, *(_bytes(each, key) for each in held))
    table.add_row("peak", *(binary_size(peak.peak_bytes) for peak in peaks.values()), style="bold")
    if any(peak.peak_moment != HEAD for peak in peaks.values()):
        table.add_row("which is at", *(_moment(peak) for peak in peaks.values()))
    device = binary_size(memory.device_bytes)
    table.add_row(f"longest prompt in {device}", *(_longest(peak) for peak in peaks.values()), style="bold")
    return table


def _bytes(held: Held, key: str) -> str:
    size = getattr(held, key)
    return binary_size(size) if size else "-"


def _moment(peak: Peak) -> str:
    return "the head" if peak.peak_moment == HEAD else peak.peak_moment


def _longest(peak: Peak) -> str:
    """In words: no prompt may fit, and any may."""
    if peak.longest_tokens is None:
        return "none"
    return "any" if peak.longest_tokens == LONGEST else f"{peak.longest_tokens:,} tokens"
