"""How long work tells how far it has come."""

from __future__ import annotations

from collections.abc import Callable

ProgressCallback = Callable[[int, int], None]
"""Called with (done, in all) whenever another piece of the work is done."""
