"""Counts for people: what the graph has, and what the paper's convention counts of it, kind by kind."""

from __future__ import annotations

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from hw.quantities import format_bytes
from sim.paper.counts import Counts, PaperColumns
from sim.presentation.terminal import plain

MEGA = 10**6


def render(counts: Counts) -> RenderableType:
    """The whole report."""
    paper = [] if counts.paper is None else [_paper(counts.paper)]
    return Group(_headline(counts), _kinds(counts), *paper)


def as_text(counts: Counts) -> str:
    """The report without colours."""
    return plain.as_text(render(counts))


def as_html(counts: Counts) -> str:
    """The report for a notebook."""
    return plain.as_html(render(counts))


def _headline(counts: Counts) -> Text:
    chunks = f", chunks of {counts.chunk} tokens" if counts.chunk else ""
    length = "" if counts.phase == "decode" else f"L = {counts.sequence_length}, "
    cache = f", {format_bytes(counts.cache_bytes)} of keys and values" if counts.cache_bytes else ""
    return Text.assemble(
        (counts.workload, "bold"),
        f": {counts.model}, {counts.formulation}{chunks}; {counts.phase}, {length}B = {counts.batch}, "
        f"{counts.layers} layers\n",
        f"{counts.parameters / MEGA:,.3f} M parameters, {counts.layer_parameters:,} a layer\n"
        f"{counts.macs_per_token / MEGA:,.2f} MMAC, {counts.ops_per_token / MEGA:,.2f} Mop (a MAC is two) and "
        f"{counts.transcendentals_per_token / MEGA:,.3f} M transcendentals a token\n"
        f"{format_bytes(counts.state_bytes)} of state carried from token to token{cache}; at least "
        f"{counts.dram_minimum_bytes_per_token / MEGA:,.2f} MB of DRAM traffic a token",
    )  # fmt: skip


def _kinds(counts: Counts) -> Table:
    table = Table(
        title="A token, all layers, in millions", title_justify="left", title_style="bold",
        box=None, pad_edge=False, padding=(0, 2, 0, 0),
    )  # fmt: skip
    table.add_column("kind")
    told = ("ops by the paper's convention",) if counts.paper is not None else ()
    for column in ("MACs", "ops", "transcendentals", *told):
        table.add_column(column, justify="right")
    for kind, each in counts.kinds.items():
        row = (each.macs, each.ops, each.transcendentals, each.paper_ops)[: 3 + len(told)]
        table.add_row(kind, *(f"{value / MEGA:,.3f}" if value else "-" for value in row))
    paper = sum(each.paper_ops for each in counts.kinds.values())
    totals = (counts.macs_per_token, counts.ops_per_token, counts.transcendentals_per_token, paper)[: 3 + len(told)]
    table.add_row("all", *(f"{value / MEGA:,.3f}" for value in totals), style="bold")
    return table


def _paper(paper: PaperColumns) -> Text:
    on_state = f"{paper.state_gop_per_token:.4f} GOP on the state"
    if paper.oi_op_per_byte is not None:
        on_state += f" at {paper.oi_op_per_byte:.1f} op/B"
    roofline = "none" if paper.roofline_tok_per_s is None else f"{paper.roofline_tok_per_s:.1f} tok/s"
    return Text.assemble(
        ("By the convention of arXiv 2604.07935 ", "bold"),
        f"{paper.ops_gop_per_token:.3f} GOP a token, of them {on_state}; its roofline: {roofline}",
    )
