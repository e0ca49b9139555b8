"""What can be reproduced: name -> the function that writes it into a folder and says which files.

PRODUCTS are those of "The Hyperscale Lottery", and what ``all`` means; other papers have a name each.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from sim.paper.claims import write_claims
from sim.paper.figure1 import write_figure1
from sim.paper.figure2 import write_figure2
from sim.paper.gpu.page import write_gpu
from sim.paper.official import write_official
from sim.paper.ranking_page import write_ranking
from sim.paper.runs import Runs
from sim.paper.ssm_scope.product import write_long_context
from sim.paper.table1 import write_table1

Product = Callable[[Path, Runs], list[Path]]

PRODUCTS: dict[str, Product] = {
    "table1": write_table1,
    "figure1": write_figure1,
    "figure2": write_figure2,
    "official": write_official,
    "ranking": write_ranking,
    "claims": write_claims,
    "gpu": write_gpu,
}
OTHER_PAPERS: dict[str, Product] = {"ssm-scope": write_long_context}
