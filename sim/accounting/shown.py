"""How results show themselves where IPython has text only, as in the file of a notebook."""

from __future__ import annotations

from typing import Any


class ShownAsText:
    """Shown by IPython as ``print`` shows it, not with all of its fields."""

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:
        printer.text("..." if cycle else str(self))
