"""A proof for people: what was compared with what, and the largest error."""

from __future__ import annotations

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from sim.validation.proof import Proof


def render(proof: Proof) -> RenderableType:
    """The verdict, and a line for each comparison."""
    worst = max((each.error for each in proof.comparisons), default=0.0)
    verdict = ("proven", "bold green") if proof.holds else ("not proven", "bold red")
    head = Text.assemble(
        (proof.workload, "bold"), f" ({proof.model}), as scheduled on {proof.machine}: ", verdict,
        f", largest error {worst:.1e} of the largest value ({proof.tolerance:.0e} is allowed)",
    )  # fmt: skip
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for column in ("what", "against"):
        table.add_column(column)
    for column in ("tokens", "tensors", "largest error"):
        table.add_column(column, justify="right")
    table.add_column("where")
    for each in proof.comparisons:
        where = f"{each.tensor}, token {each.token}" if each.error else ""
        table.add_row(each.what, each.against, f"{each.tokens}", f"{each.tensors}", f"{each.error:.1e}", where)
    return Group(head, table)
