"""What the claims rest on: every simulation that a verdict or a sensitivity needs.

What our machines assume beyond the paper is varied one at a time; see :data:`ASSUMPTIONS`. So is the mapping of what a
verdict rests on, by others near the best; see :meth:`Facts.varied`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields, replace
from typing import Any, get_args

from hw.mac_array import Dataflow
from sim.paper.gpu.decode import BATCHES, COARSE, DECODERS, decode_run
from sim.paper.published import STREAM_MAPPING, STREAM_TILES
from sim.paper.runs import Run, Runs, Simulated

MODELS = ("mamba1", "mamba2", "mamba3_mimo")
CHUNKED = {"mamba2": "mamba2_ssd", "mamba3_mimo": "mamba3_mimo_ssd", "mamba1": "mamba1_pscan"}
SMALL = ("mamba2-d96", "mamba3_mimo-d48")
MACHINES = ("edge", "edge_flexpe")

_FUNCTIONS = ("exp", "sigmoid", "tanh", "silu", "softplus", "sin", "cos", "rsqrt", "div")


@dataclass(frozen=True)
class Assumption:
    """Something that the paper does not say, set to another value than ours."""

    name: str
    value: str
    assignments: tuple[str, ...]
    functions: tuple[tuple[str, str], ...] = ()  # cycles of functions, wherever a machine does elementwise work
    elementwise: tuple[str, ...] = ()  # assignments where PEs do elementwise work


ASSUMPTIONS = (
    Assumption("as shipped", "", ()),
    *(Assumption("exp", f"{n} cycles", (), (("exp", str(n)),)) for n in (1, 8)),
    Assumption("all special functions", "1 cycle", (), tuple((name, "1") for name in _FUNCTIONS)),
    Assumption("lanes", "no multiply-add", ("simd.fma=false",)),
    *(Assumption("precision", f"{bits} bit", (f"precision={bits}bit",)) for bits in (8, 32)),
    *(Assumption("SRAM banks", str(n), (f"sram.banks={n}", f"sram.interleave={n}")) for n in (4, 32)),
    Assumption("tile of tokens", "16", ("mapping.token_tile=16",)),
    Assumption("folds", "serial", ("mac_array.folds=serial",)),
    Assumption("dataflow", "weight-stationary", ("mac_array.dataflow=weight_stationary",)),
    Assumption("dataflow", "each product's quickest", (f"mac_array.dataflow=[{', '.join(get_args(Dataflow))}]",)),
    Assumption("packing", "none", ("mac_array.packing=false",)),
    Assumption("the array's sides", "32 elements a cycle", ("mac_array.edges={rows: 32, columns: 32, results: 32}",)),
    Assumption("elementwise operands", "by the array's sides", (), elementwise=("mac_array.elementwise.fed_by=edges",)),
    *(Assumption("precision of states", f"{bits} bit", (f"state_precision={bits}bit",)) for bits in (8, 32)),
    *(Assumption("mapped for", least, (f"mapping.objective={least}",)) for least in ("energy", "edp")),
)


@dataclass(frozen=True)
class Facts:
    """Everything that was simulated, by what it is for."""

    assumed: dict[tuple[Assumption, str, str], Simulated]
    stream: dict[str, Simulated]
    parallel: dict[tuple[str, str], Simulated]
    small: dict[tuple[str, str], Simulated]
    decode: dict[tuple[str, int], Simulated]

    def speeds(self, assumption: Assumption, machine: str) -> dict[str, float]:
        """Tokens a second of the three models."""
        return {name: self.assumed[assumption, machine, name].tokens_per_second for name in MODELS}

    def varied(self) -> Iterator[Facts]:
        """With one run by another mapping near its best, for each of them."""
        for group in fields(self):
            runs: dict[Any, Simulated] = getattr(self, group.name)
            for key, run in runs.items():
                for result in run.near:
                    yield replace(self, **{group.name: runs | {key: replace(run, result=result)}})

    def shipped(self, machine: str) -> dict[str, float]:
        """The same on the machine as shipped."""
        return self.speeds(ASSUMPTIONS[0], machine)


def simulate_facts(runs: Runs, gpu: str = COARSE) -> Facts:
    """Simulate all of it; *gpu* is the machine on which many sequences are decoded."""
    assumed = {(a, m, name): _assumed(a, m, name) for m in MACHINES for a in ASSUMPTIONS for name in MODELS}
    stream = {name: _stream_run(name) for name in MODELS}
    parallel = {(name, machine): Run(CHUNKED[name], machine, near=True) for name in MODELS for machine in MACHINES}
    small = {(name, machine): Run(name, machine, near=True) for name in SMALL for machine in MACHINES}
    steps = {(name, batch): decode_run(name, batch, gpu) for name in DECODERS for batch in BATCHES}
    decode = {key: replace(run, near=True) for key, run in steps.items()}
    found = runs.of([*assumed.values(), *stream.values(), *parallel.values(), *small.values(), *decode.values()])
    return Facts(
        {key: found[run] for key, run in assumed.items()},
        {key: found[run] for key, run in stream.items()},
        {key: found[run] for key, run in parallel.items()},
        {key: found[run] for key, run in small.items()},
        {key: found[run] for key, run in decode.items()},
    )


def _assumed(assumption: Assumption, machine: str, workload: str) -> Run:
    places = ["simd", *(["mac_array.elementwise"] if machine == "edge_flexpe" else [])]
    functions = tuple(f"{place}.cycles.{name}={cycles}" for place in places for name, cycles in assumption.functions)
    on_pes = assumption.elementwise if machine == "edge_flexpe" else ()
    settings = (*assumption.assignments, *functions, *on_pes)
    return Run(workload, machine, settings, near=assumption is ASSUMPTIONS[0])


def _stream_run(workload: str) -> Run:
    """The paper's mapping at its tile; if that does not fit, at the largest smaller one that does."""
    tiles = [tile for tile in (128, 64, 32, 16) if tile <= STREAM_TILES[workload]]
    options = tuple(f"mapping.token_tile={tile}" for tile in tiles)
    return Run(workload, "edge_flexpe", mapping=STREAM_MAPPING, options=options, near=True)
