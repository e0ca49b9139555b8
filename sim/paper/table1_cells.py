"""The numbers of Table 1, ours and the paper's: counted by its convention, simulated in several settings, measured."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from sim.files.resolve import resolve_workload
from sim.paper.counts import paper_columns
from sim.paper.pages import excess
from sim.paper.published import STREAM_MAPPING, STREAM_TILES, table1
from sim.paper.runs import Run, Runs, Simulated, command_of

THROUGHPUT, ENERGY = SIMULATED = "throughput", "energy"
LARGER_SRAM = "sram.capacity=4MiB"
COUNTED, MEASURED = "counted", "measured"


@dataclass(frozen=True)
class Setting:
    """A way to simulate the rows: with the best tile of tokens that was found, or with the paper's."""

    name: str
    machine: str
    mapping: str | None = None
    at_paper_tile: bool = False
    assignments: tuple[str, ...] = ()

    def run(self, workload: str) -> Run | None:
        """The run of a row; None if it has no tile of the paper's. Of that tile and its halves the first that fits."""
        if not self.at_paper_tile:
            return Run(workload, self.machine, self.assignments, self.mapping)
        if workload not in STREAM_TILES:
            return None
        tile = STREAM_TILES[workload]
        halves = tuple(f"mapping.token_tile={tile >> k}" for k in range(tile.bit_length()))
        return Run(workload, self.machine, self.assignments, self.mapping, halves)

    @property
    def larger(self) -> Setting:
        """The same with more SRAM."""
        return replace(self, name=f"{self.name}, 4 MiB", assignments=(LARGER_SRAM,))


SETTINGS = (
    Setting("edge", "edge"),
    Setting("edge, paper's tile", "edge", at_paper_tile=True),
    Setting("edge_flexpe", "edge_flexpe"),
    Setting("edge_flexpe, paper's tile", "edge_flexpe", at_paper_tile=True),
    Setting("edge_flexpe, stream-like", "edge_flexpe", STREAM_MAPPING),
    Setting("edge_flexpe, stream-like, paper's tile", "edge_flexpe", STREAM_MAPPING, at_paper_tile=True),
)


@dataclass(frozen=True)
class Cell:
    """One number of ours and the paper's; None is N/A. ``setting`` says how ours came about, ``remark`` what is odd."""

    row: str
    quantity: str
    unit: str
    setting: str
    paper: float | None
    ours: float | None
    token_tile: int | None = None
    remark: str = ""
    command: str = ""

    @property
    def residual_percent(self) -> float | None:
        """How much more ours is than the paper's; None where one of the two is N/A."""
        return None if self.paper is None or self.ours is None else excess(self.ours, self.paper)


def counted() -> Iterator[Cell]:
    """The columns that need no simulation, by the paper's convention (sim/paper/convention.py)."""
    for name, paper in table1().items():
        ours = paper_columns(resolve_workload(name))
        command = f"python -m sim count {name}"
        for quantity, unit, field in (
            ("operations", "GOP/token", "ops_gop_per_token"),
            ("state operations", "GOP/token", "state_gop_per_token"),
            ("operational intensity", "op/B", "oi_op_per_byte"),
            ("roofline", "tok/s", "roofline_tok_per_s"),
        ):
            yield Cell(name, quantity, unit, COUNTED, getattr(paper, field), getattr(ours, field), command=command)


def simulated(runs: Runs) -> Iterator[Cell]:
    """Throughput and energy of every row in every setting; where the paper's tile does not fit, with more SRAM too."""
    asked = _asked([(name, setting) for name in table1() for setting in SETTINGS])
    found = runs.of(asked.values())
    larger = _asked([(name, setting.larger) for (name, setting), run in asked.items() if found[run].refused])
    found |= runs.of(larger.values())
    for (name, setting), run in asked.items():
        yield from _cells_of(name, setting, run, found[run])
        if (name, setting.larger) in larger:
            again = larger[name, setting.larger]
            yield from _cells_of(name, setting.larger, again, found[again])


def _asked(pairs: Iterable[tuple[str, Setting]]) -> dict[tuple[str, Setting], Run]:
    """The runs of those (row, setting) that have one."""
    return {(name, setting): run for name, setting in pairs if (run := setting.run(name)) is not None}


def _cells_of(name: str, setting: Setting, run: Run, found: Simulated) -> Iterator[Cell]:
    paper, tile, command = table1()[name], found.result.mapping.token_tile, command_of(run, found)
    remark = found.refused[0][1] if found.refused else ""
    for quantity, unit, theirs, ours in (
        (THROUGHPUT, "tok/s", paper.stream_tok_per_s, found.tokens_per_second),
        (ENERGY, "mJ/token", paper.stream_mj_per_token, found.energy_mj_per_token),
    ):
        yield Cell(name, quantity, unit, setting.name, theirs, ours, tile, remark, command)
