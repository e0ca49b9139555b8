"""What can be reproduced: name -> the function that writes it into a folder, and which files it writes there.

PRODUCTS are those of "The Hyperscale Lottery", and what ``all`` means; other papers have a name each.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from sim.paper.claims import write_claims
from sim.paper.figure1 import write_figure1
from sim.paper.figure2 import write_figure2
from sim.paper.gpu.page import write_gpu
from sim.paper.official import write_official
from sim.paper.pages import Found
from sim.paper.ranking_page import write_ranking
from sim.paper.runs import Runs
from sim.paper.ssm_scope.product import write_long_context
from sim.paper.table1 import write_table1


class Product(NamedTuple):
    """What writes the *files* into a folder, and tells what came out."""

    write: Callable[[Path, Runs], Found]
    files: tuple[str, ...]


PRODUCTS: dict[str, Product] = {
    "table1": Product(write_table1, ("table1.md", "table1.csv", "table1.json")),
    "figure1": Product(write_figure1, ("figure1.svg", "figure1.png", "figure1.md")),
    "figure2": Product(write_figure2, ("figure2.svg", "figure2.png", "figure2.md")),
    "official": Product(write_official, ("official.svg", "official.png", "official.md")),
    "ranking": Product(write_ranking, ("ranking.md",)),
    "claims": Product(write_claims, ("claims.md",)),
    "gpu": Product(write_gpu, ("gpu.md",)),
}
OTHER_PAPERS: dict[str, Product] = {
    "ssm-scope": Product(write_long_context, ("long_context.svg", "long_context.png", "long_context.md")),
}
