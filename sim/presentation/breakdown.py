"""The classes of a whole model in words that every kind of report shows."""

from __future__ import annotations

from sim.accounting.result import Breakdown
from sim.files.numbers import percent


def model_class_title(name: str) -> str:
    """What a class of a whole model is called."""
    return {"ssm": "SSM", "mlp": "MLP"}.get(name, name)


def ssm_scope_words(found: Breakdown) -> str:
    """SSM-Scope's classes in a line, the largest first: ``SSM_Scan 71.1%, GEMM 27.7%``."""
    ordered = sorted(found.ssm_scope.items(), key=lambda each: -each[1].time_share)
    return ", ".join(f"{name} {percent(share.time_share)}" for name, share in ordered)
