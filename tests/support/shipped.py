"""Shipped workloads by name."""

from __future__ import annotations

from typing import Any

from sim.files.catalog import shipped
from sim.files.documents import read_document
from sim.files.resolve import build_workload
from workloads.models.registry import LAYERS
from workloads.workload import Workload

UNLIKE = [name for name, path in shipped("workload").items() if read_document(path).data.get("model") == LAYERS]
"""Those whose layers are not all alike."""


def built(name: str, **overrides: Any) -> Workload:
    """A shipped workload, with ``place__in_the_file=value`` changed."""
    document = read_document(shipped("workload")[name])
    for key, value in overrides.items():
        document.override(f"{key.replace('__', '.')}={value}")
    return build_workload(document)
