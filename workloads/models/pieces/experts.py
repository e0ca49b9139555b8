"""Experts."""

from __future__ import annotations

from workloads.spec import Spec


class ExpertsSpec(Spec):
    """Experts."""
