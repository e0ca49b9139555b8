"""The picture of the stall taxonomy: writes docs/stalls.svg.

python -m bench.taxonomy
"""

from __future__ import annotations

from pathlib import Path

from sim.files.outputs import write_text
from sim.presentation.figures.stall_tree import as_svg

TARGET = Path(__file__).parent.parent / "docs" / "stalls.svg"


def main() -> None:
    """Draw it."""
    write_text(TARGET, as_svg())


if __name__ == "__main__":
    main()
