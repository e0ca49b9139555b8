"""Where the repository and what the tests read of it lie, however deep a test stands."""

from __future__ import annotations

from pathlib import Path

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
DATA = ROOT / "tests" / "data"
CONFIGS = DATA / "configs"
TABLE1 = DATA / "table1.csv"
