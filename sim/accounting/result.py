"""The result of a run: the stable contract for scripts, as JSON and as a Python object.

Every number is an exact integer where it counts something. For each unit, ``busy_cycles`` plus the sum of ``stalls``
equals ``makespan_cycles``. The JSON schema is that of :class:`Result`; docs/result.md explains the fields. The file is
longer than others because it is that one contract, part by part and in the order of the JSON.
"""

from __future__ import annotations

from typing import Any, ClassVar

from pydantic import BaseModel, ConfigDict, SerializerFunctionWrapHandler, model_serializer

from hw.unit_names import compute_units
from sim.accounting.shown import ShownAsText
from sim.files.numbers import plural
from sim.lowering.section import Origin


class ResultModel(BaseModel):
    """The base of all parts of a result: frozen, and JSON in the order of declaration.

    Fields named in ``absent_if_none`` stand in the JSON only where they say something.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)
    absent_if_none: ClassVar[frozenset[str]] = frozenset()

    @model_serializer(mode="wrap")
    def _without_absent(self, serialise: SerializerFunctionWrapHandler) -> dict[str, Any]:
        fields: dict[str, Any] = serialise(self)
        return {key: value for key, value in fields.items() if value is not None or key not in self.absent_if_none}


class Bounds(ResultModel):
    """Reference line and lower bounds, in cycles; that over every mapping only where it was asked for."""

    absent_if_none = frozenset({"any_mapping_cycles"})

    paper_roofline_cycles: int
    resource_cycles: int
    resource_unit: str
    recurrence_cycles: int
    any_mapping_cycles: int | None = None


class UnitAccount(ResultModel):
    """Where one unit's cycles went.

    ``useful_cycles`` of the busy ones would remain without edges, fill and drain; a stall's key is its reason.
    """

    busy_cycles: int
    useful_cycles: int
    fill_drain_cycles: int
    edge_cycles: int
    stalls: dict[str, int]


class PathPart(ResultModel):
    """Cycles of the critical path in requests of one unit and class of operation.

    ``spent_on`` says what they went to, ``because`` why the next request on the path waited for these.
    """

    unit: str
    operation_class: str
    spent_on: str
    because: str
    cycles: int


class ClassShare(ResultModel):
    """What a class of a whole model has of a run.

    ``alone_cycles`` are the busy cycles of its busiest unit, ``time_share`` is their share of those of all classes.
    """

    busy_cycles: dict[str, int]
    alone_cycles: int
    time_share: float
    macs: int
    ops: int
    dram_bytes: int

    def busy(self, unit: str) -> int:
        """Cycles in which *unit* is busy with it."""
        return self.busy_cycles.get(unit, 0)


class Breakdown(ResultModel):
    """A run by the classes of a whole model, and by those that SSM-Scope (arXiv 2507.12442) tells of."""

    classes: dict[str, ClassShare]
    ssm_scope: dict[str, ClassShare]


class Windows(ResultModel):
    """Accounts over time: ``units[NAME][WHAT][w]`` are the cycles of window w, each ``window_cycles`` long."""

    window_cycles: int
    units: dict[str, dict[str, list[int]]]


class StreamReport(ResultModel):
    """One stream of requests: operations done together, on which unit, how often and for how long in all."""

    name: str
    unit: str
    operations: list[str]
    order: str
    requests: int
    busy_cycles: int


class BufferReport(ResultModel):
    """One buffer in SRAM."""

    name: str
    role: str
    slot_bytes: int
    slots: int


class Interval(ResultModel):
    """A quantity by low, typical and high figures."""

    low: float
    typical: float
    high: float


class EnergyFigures(ResultModel):
    """Energy by component, in mJ a token, by low, typical and high figures of a technology ``node``.

    ``level`` says which of the three is the result's energy.
    """

    node: str
    level: str
    arithmetic: str
    low: dict[str, float]
    typical: dict[str, float]
    high: dict[str, float]

    def total(self, level: str) -> float:
        """mJ a token by the figures of a *level*."""
        parts: dict[str, float] = getattr(self, level)
        return sum(parts.values())


class SramBytes(ResultModel):
    """What a buffer gives and takes in all."""

    read: int
    written: int


class MappingReport(ResultModel):
    """How the layer was laid onto the machine.

    ``share_projections`` is said where there are equal arrays, ``parallel`` where blocks and lanes are along another
    index than the first that is possible. Where tokens choose experts, those of a tile read ``experts_read``.
    """

    absent_if_none = frozenset({"share_projections", "parallel", "experts_read"})

    token_tile: int
    tiles_per_layer: int
    experts_read: int | None = None
    parallel: str | None = None
    blocks: int
    lanes: int
    weight_slot_bytes: int
    placement: dict[str, str]
    stepped: list[str]
    spilled: list[str]
    sram_bytes: int
    spare_sram: str
    head_first: bool
    steps_first: bool
    share_projections: bool | None = None
    buffers: list[BufferReport]
    origin: Origin
    trials: int

    @property
    def source(self) -> str:
        """Where the mapping comes from, in words."""
        if self.origin == "given":
            return "given"
        tried = f"the best of {plural(self.trials, 'trial')}"
        return tried if self.origin == "searched" else f"{tried}, shipped with this version"


class SectionReport(ResultModel):
    """``layers`` layers that are alike, or a part of each, from ``first_layer`` on: how they are laid out.

    Where others lie between them the ``last_layer`` is said, and the ``phase`` where there are two. Attention is cut
    into tiles of ``queries`` and blocks of ``keys``.
    """

    absent_if_none = frozenset({"phase", "last_layer", "queries", "keys"})

    block: str
    phase: str | None = None
    first_layer: int
    last_layer: int | None = None
    layers: int
    queries: int | None = None
    keys: int | None = None
    mapping: MappingReport

    @property
    def words(self) -> str:
        """Which layers these are, counted from 0."""
        last = self.first_layer + self.layers - 1 if self.last_layer is None else self.last_layer
        which = f"layer {last}" if self.layers == 1 else f"layers {self.first_layer} to {last}"
        which = which if self.last_layer is None else f"{self.layers} of {which}"
        block = self.block
        if self.queries is not None:
            block += f", {plural(self.queries, 'query', 'queries')} by {plural(self.keys or 0, 'key')}"
        return f"{which} ({block}){f' in {self.phase}' if self.phase else ''}"


class TokensReport(ResultModel):
    """``tokens`` tokens of an answer, from number ``first`` on, that took so many ``seconds`` each."""

    first: int
    tokens: int
    seconds: float


class PhaseReport(ResultModel):
    """What reading the prompt, or producing the tokens after the first, took in all."""

    makespan_cycles: int
    seconds: float
    energy_mj: float
    dram_bytes: int
    units: dict[str, UnitAccount]


class Generation(ResultModel):
    """A prompt and its answer of so many ``tokens`` in all sequences; the first token is there after prefill.

    ``seconds_per_later_token`` is the mean of the others, each of which is told by ``later_tokens``.
    """

    seconds_to_first_token: float
    seconds_per_later_token: float | None
    tokens: int
    later_tokens: list[TokensReport]
    phases: dict[str, PhaseReport]


class Result(ShownAsText, ResultModel):
    """Everything that a run found out.

    ``mapping`` is that of the first layers. Only where layers differ there are ``sections``, only where the workload's
    file gives the model another number of layers than were run there are ``model_layers``, only where energy is told by
    component there are ``energy_figures`` and ``area_mm2``, and only where an answer is produced there is the
    ``generation``.
    """

    absent_if_none = frozenset({"sections", "model_layers", "energy_figures", "area_mm2", "generation"})

    version: str
    workload: str
    machine: str
    model: str
    formulation: str
    chunk: int | None
    phase: str
    layers: int
    simulated_layers: int
    sequence_length: int
    batch: int
    tokens: int
    clock_hz: int
    makespan_cycles: int
    seconds: float
    tokens_per_second: float
    energy_mj_per_token: float
    energy_mj_per_token_by_component: dict[str, float] = {}
    energy_mj_per_token_by_class: dict[str, float] = {}
    energy_figures: EnergyFigures | None = None
    average_power_w: float | None = None
    energy_delay_js: float | None = None
    area_mm2: dict[str, Interval] | None = None
    ops_per_token: float
    macs_per_token: float
    dram_bytes: int
    dram_read_bytes: int
    dram_write_bytes: int
    dram_rows: int | None = None
    sram_bytes: dict[str, SramBytes] = {}
    operation_counts: dict[str, dict[str, int]] = {}
    requests: int
    bounds: Bounds
    above_roofline: dict[str, int]
    units: dict[str, UnitAccount]
    by_layer: list[dict[str, UnitAccount]]
    by_class: dict[str, dict[str, UnitAccount]]
    breakdown: Breakdown | None = None
    windows: Windows | None
    critical_path: list[PathPart] | None
    streams: list[StreamReport]
    mapping: MappingReport
    head_mapping: MappingReport | None
    sections: list[SectionReport] | None = None
    model_layers: int | None = None
    generation: Generation | None = None

    @property
    def mappings(self) -> dict[str, MappingReport]:
        """How layers are laid out, by which layers these are; by an empty word where all are alike."""
        if self.sections is None:
            return {"": self.mapping}
        return {each.words: each.mapping for each in self.sections}

    @property
    def path_shares(self) -> dict[tuple[str, str], int]:
        """Cycles of the critical path by unit and class of operation, the largest first."""
        shares: dict[tuple[str, str], int] = {}
        for part in self.critical_path or ():
            key = part.unit, part.operation_class
            shares[key] = shares.get(key, 0) + part.cycles
        return dict(sorted(shares.items(), key=lambda share: (-share[1], share[0])))

    def to_json(self) -> str:
        """The result as JSON text: sorted as declared, two spaces, one newline at the end."""
        return self.model_dump_json(indent=2) + "\n"

    @property
    def above_any_mapping(self) -> float | None:
        """By which share of the bound over every mapping the run is above it; None if that is not known."""
        bound = self.bounds.any_mapping_cycles
        return None if bound is None else self.makespan_cycles / bound - 1

    @property
    def compute_units(self) -> tuple[str, ...]:
        """The names of its compute units."""
        return compute_units(self.units)

    @property
    def busy(self) -> dict[str, float]:
        """How busy compute units and DRAM are, 0 to 1; one channel stands for all."""
        return {unit: self.utilisation(unit) for unit in (*self.compute_units, "dram.channel0")}

    def utilisation(self, unit: str) -> float:
        """Busy share of *unit*, 0 to 1."""
        return self.units[unit].busy_cycles / self.makespan_cycles

    def stall_share(self, unit: str, reason: str) -> float:
        """Share of the makespan that *unit* waited for *reason*, 0 to 1."""
        return self.units[unit].stalls.get(reason, 0) / self.makespan_cycles

    def __rich__(self) -> Any:
        from sim.presentation.terminal.result import render

        return render(self)

    def __str__(self) -> str:
        from sim.presentation.terminal.result import as_text

        return as_text(self)

    def _repr_html_(self) -> str:
        from sim.presentation.html.notebook import as_html

        return as_html(self)
