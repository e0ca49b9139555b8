"""Runs side by side, and what the difference of their times is made of.

Every run's time is the length of its critical path; cut by unit and class of operation, and taken for a token and a
layer of the same number of layers, the parts of two runs differ by exactly what the runs differ by.
"""

from __future__ import annotations

from collections.abc import Sequence

from hw.unit_names import MAC_ARRAY, SIMD
from sim.accounting.layers import not_the_model
from sim.accounting.result import Result, ResultModel
from sim.accounting.shown import ShownAsText
from sim.explanation.energy_ranking import EnergyRanking, energy_ranking

WORTH_NAMING = 0.02  # of the first run's time


class ComparedRun(ResultModel):
    """One run's headline figures; its ``label`` is unlike the others'.

    ``busy`` are the shares of the time in which units work, 0 to 1; those of a unit that a machine has not are 0 where
    they have a key of their own.

    Of its ``layers`` so many were simulated, and the model may have others of its own.

    Per token and layer where the run is per token: the models may have different numbers of layers, so a token's
    figures are those of all layers.
    """

    absent_if_none = frozenset({"model_layers"})

    label: str
    workload: str
    machine: str
    layers: int
    simulated_layers: int
    tokens_per_second: float
    cycles_per_token_layer: float
    of_roofline: float
    energy_mj_per_token: float
    ops_per_token: float
    dram_bytes_per_token: float
    mac_array_busy: float
    simd_busy: float
    dram_busy: float
    busy: dict[str, float]
    model_layers: int | None = None


class ComparedPart(ResultModel):
    """Cycles a token and layer on the critical path, of each run, in requests of a unit and class of operation."""

    unit: str
    operation_class: str
    cycles: list[float]


class Comparison(ShownAsText, ResultModel):
    """The runs, and the parts of their times, the largest first; how sure their order by energy is.

    The latter only where all of them tell energy by component.
    """

    absent_if_none = frozenset({"energy"})

    command: str
    runs: list[ComparedRun]
    rows: list[ComparedPart]
    words: str
    energy: EnergyRanking | None = None

    @property
    def units(self) -> list[str]:
        """The units of all runs that are said to be busy."""
        return list(dict.fromkeys(unit for run in self.runs for unit in run.busy))

    def to_json(self) -> str:
        """As JSON text: sorted as declared, two spaces, one newline at the end."""
        return self.model_dump_json(indent=2) + "\n"

    def __str__(self) -> str:
        return self._repr_markdown_()

    def _repr_markdown_(self) -> str:
        from sim.presentation.markdown import comparison

        return comparison(self)


def compare(results: Sequence[Result], labels: Sequence[str], command: str = "") -> Comparison:
    """Compare *results*, which need their critical paths and a label each."""
    runs = [_run(result, label) for result, label in zip(results, labels, strict=True)]
    shares = [result.path_shares for result in results]
    scales = [result.tokens * result.layers for result in results]
    keys = dict.fromkeys(key for share in shares for key in share)
    rows = [
        ComparedPart(
            unit=unit,
            operation_class=kind,
            cycles=[share.get((unit, kind), 0) / scale for share, scale in zip(shares, scales, strict=True)],
        )
        for unit, kind in keys
    ]
    rows.sort(key=lambda row: -max(row.cycles))
    figures = {label: each.energy_figures for label, each in zip(labels, results, strict=True) if each.energy_figures}
    energy = energy_ranking(figures) if len(figures) == len(runs) else None
    words = _words(runs, rows) + (f" {energy.words}" if energy else "")
    return Comparison(command=command, runs=runs, rows=rows, words=words, energy=energy)


def _run(result: Result, label: str) -> ComparedRun:
    return ComparedRun(
        label=label,
        workload=result.workload,
        machine=result.machine,
        layers=result.layers,
        simulated_layers=result.simulated_layers,
        tokens_per_second=result.tokens_per_second,
        cycles_per_token_layer=result.makespan_cycles / result.tokens / result.layers,
        of_roofline=result.bounds.paper_roofline_cycles / result.makespan_cycles,
        energy_mj_per_token=result.energy_mj_per_token,
        ops_per_token=result.ops_per_token,
        dram_bytes_per_token=result.dram_bytes / result.tokens,
        mac_array_busy=result.busy.get(MAC_ARRAY, 0.0),
        simd_busy=result.busy.get(SIMD, 0.0),
        dram_busy=result.utilisation("dram.channel0"),
        busy=result.busy,
        model_layers=result.model_layers,
    )


def _pace(run: ComparedRun) -> str:
    cut = not_the_model(run)
    return f"{run.label} {run.tokens_per_second:.1f} tok/s{f' ({cut})' if cut else ''}"


def _words(runs: Sequence[ComparedRun], rows: Sequence[ComparedPart]) -> str:
    order = sorted(runs, key=lambda run: -run.tokens_per_second)
    sentences = [f"Fastest first: {', '.join(map(_pace, order))}."]
    first = runs[0]
    for number, run in enumerate(runs[1:], start=1):
        differences = [(row.cycles[number] - row.cycles[0], row) for row in rows]
        differences.sort(key=lambda difference: -abs(difference[0]))
        named = [
            f"{row.operation_class} on {row.unit} {cycles:+,.0f}"
            for cycles, row in differences
            if abs(cycles) >= WORTH_NAMING * first.cycles_per_token_layer
        ]
        change = run.cycles_per_token_layer - first.cycles_per_token_layer
        sentences.append(
            f"A token and layer of {run.label} takes {change:+,.0f} cycles against {first.label}"
            + (f": {', '.join(named)}." if named else ".")
        )
    return " ".join(sentences)
