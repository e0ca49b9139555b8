"""The command ``list``: what is shipped."""

from __future__ import annotations

from sim.commands.options import show


def list_() -> None:
    """List the shipped workloads, machines and named mappings."""
    from rich.table import Table

    from sim.files.catalog import shipped
    from sim.files.documents import read_document

    for kind in ("workload", "machine", "mapping"):
        table = Table(kind, "description", box=None, pad_edge=False, padding=(0, 2, 0, 0))
        for name, path in shipped(kind).items():
            table.add_row(name, str(read_document(path).data.get("description", "")))
        show(table)
