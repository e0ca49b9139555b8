"""Random small models, random machines and wishes for them, and what must hold of every run of one on another.

The models are made of the pieces that state-space models have (norms, projections, a convolution window, one or two
recurrences, a read-out, gates, reductions over heads, a residual) in odd sizes and odd company: recurrences without a
parallel index, dense ones, ones that mix parallel and joint parts, and reads of earlier tokens of almost anything.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, get_args

from hypothesis import strategies as st

from hw.mac_array import Dataflow
from hw.machine import MachineSpec
from sim.accounting.result import Result
from sim.files.errors import InputError
from sim.search.choose import sections
from sim.simulation import Job
from tests.support.conservation import check_energy, check_parts
from workloads.builder import GraphBuilder
from workloads.graph import TimestepGraph
from workloads.models.pieces.norms import rms_norm
from workloads.precision import PrecisionSpec
from workloads.workload import Workload
from workloads.workload_spec import MappingSpec, WorkloadSpec

DATAFLOWS = get_args(Dataflow)
FUNCTIONS = ("add", "mul", "div", "max", "min", "exp", "tanh", "sin", "cos", "rsqrt", "sigmoid", "silu", "softplus")
RATED = ("w4a8", "w4a16", "w8a8", "w8a16", "w16a16")
STATES = ("none", "heads", "rotated", "mixing", "dense", "scalar")
SECOND = ("none", "angle", "joint", "sums_heads", "mixed", "two_operations")


@dataclass(frozen=True)
class Recipe:
    """Which pieces a random model has; index letters: d = model, h = heads, p = channels, n = state, k = taps."""

    sizes: dict[str, int]
    state: str
    second: str
    norm: bool = False
    shift: bool = False
    past_projection: bool = False
    conv: bool = False
    head_gate: bool = False
    token_gate: bool = False
    past_readout: bool = False
    over_heads: bool = False
    gate: bool = False
    gate_norm: bool = False
    residual: bool = False

    def graph(self) -> TimestepGraph:
        """The model as a graph."""
        sizes = {**self.sizes, "g": self.sizes["h"], "c": 2}
        b = GraphBuilder("random", sizes, "u[t,d]")
        source = self._entrance(b, sizes)
        b.define("in_proj.x", "projection", f"x[t,h,p] = sum(d, W_x[d,h,p] * {source}[t,d])")
        x = "x"
        if self.past_projection:
            b.define("in_proj.past", "projection", f"xp[t,h,p] = sum(d, W_xp[d,h,p] * {source}[t-1,d])")
            b.define("add_past", "projection", "xs[t,h,p] = x[t,h,p] + xp[t,h,p]")
            x = "xs"
        if self.conv:
            b.define("conv", "convolution", f"xc[t,h,p] = silu(sum(k, W_c[k,h,p] * {x}[t-k,h,p]) + b_c[h,p])")
            x = "xc"
        y = self._exit(b, sizes, self._recurrences(b, source, x), x, source)
        b.define("out_proj", "projection", f"o[t,d] = sum(h, p, W_o[h,p,d] * {y}[t,h,p])")
        if self.residual:
            b.define("residual", "residual", "out[t,d] = u[t,d] + o[t,d]")
        return b.build("out" if self.residual else "o")

    def _entrance(self, b: GraphBuilder, sizes: dict[str, int]) -> str:
        source = "u"
        if self.norm:
            rms_norm(b, sizes, "norm", "u", "v", over=["d"])
            source = "v"
        if self.shift:
            b.define("shift", "shift", f"w[t,d] = mu[d] * {source}[t,d] + u[t-1,d]")
            source = "w"
        return source

    def _recurrences(self, b: GraphBuilder, source: str, x: str) -> str:
        """Define the recurrences; returns what is read out of them, a tensor over h and p."""
        b.define("in_proj.B", "projection", f"B[t,n] = sum(d, W_B[d,n] * {source}[t,d])")
        b.define("in_proj.dt", "projection", f"dt[t,h] = sum(d, W_dt[d,h] * {source}[t,d])")
        b.define("decay", "discretisation", "a[t,h] = exp(dt[t,h] * A[h])")
        turned = self._second_recurrence(b, x)
        match self.state:
            case "none":
                b.define("readout", "state", f"y[t,h,p] = {x}[t,h,p] * a[t,h] + sum(n, {turned}[t,n])")
            case "heads":
                b.define("outer", "state", f"dBx[t,h,p,n] = {x}[t,h,p] * {turned}[t,n]")
                b.define("update", "state", "S[t,h,p,n] = a[t,h] * S[t-1,h,p,n] + dBx[t,h,p,n]")
                b.define("readout", "state", "y[t,h,p] = sum(n, B[t,n] * S[t,h,p,n])")
            case "rotated":  # pairs turn into each other: no parallel along c
                b.define("update", "state", f"S[t,c,h,n] = a[t,h] * S[t-1,1-c,h,n] + S[t-1,c,h,n] + {turned}[t,n]")
                b.define("readout", "state", f"y[t,h,p] = {x}[t,h,p] + sum(c, n, S[t,c,h,n] * S[t,c,h,n])")
            case "mixing":  # heads read each other's state: parallel along n only
                b.define("mix", "state", "M[t,h,n] = sum(g, W_m[h,g] * S[t-1,g,n])")
                b.define("update", "state", f"S[t,h,n] = a[t,h] * M[t,h,n] + {turned}[t,n]")
                b.define("readout", "state", f"y[t,h,p] = {x}[t,h,p] + sum(n, S[t,h,n])")
            case "dense":  # a plain recurrent network: its weights are used at every step
                b.define("mix", "state", "M[t,h] = sum(g, W_m[h,g] * S[t-1,g])")
                b.define("update", "state", "S[t,h] = tanh(M[t,h] + a[t,h])")
                b.define("readout", "state", f"y[t,h,p] = {x}[t,h,p] + S[t,h] * sum(n, {turned}[t,n])")
            case "scalar":
                b.define("update", "state", "S[t] = 0.5 * S[t-1] + sum(h, a[t,h])")
                b.define("readout", "state", f"y[t,h,p] = {x}[t,h,p] + S[t] * sum(n, {turned}[t,n])")
        return "y"

    def _second_recurrence(self, b: GraphBuilder, x: str) -> str:
        """Define the second recurrence, if any; returns a tensor over n that depends on it."""
        match self.second:
            case "angle":
                b.define("angle", "rotation", "phi[t,h,n] = phi[t-1,h,n] + tanh(B[t,n]) * dt[t,h]")
                b.define("turn", "rotation", "Bt[t,n] = B[t,n] * cos(sum(h, phi[t,h,n]))")
            case "joint":
                b.define("average", "rotation", "m[t,n] = 0.5 * m[t-1,n] + B[t,n]")
                b.define("turn", "rotation", "Bt[t,n] = B[t,n] - m[t,n]")
            case "sums_heads":
                b.define("average", "rotation", f"m[t,n] = 0.5 * m[t-1,n] + sum(h, p, {x}[t,h,p] * dt[t,h])")
                b.define("turn", "rotation", "Bt[t,n] = B[t,n] * m[t-1,n]")
            case "mixed":
                b.define("part", "rotation", "q[t,h] = a[t,h] * m[t-1]")
                b.define("whole", "rotation", "m[t] = tanh(sum(h, q[t,h]))")
                b.define("turn", "rotation", "Bt[t,n] = B[t,n] * m[t]")
            case "two_operations":
                b.define("first", "rotation", "q[t,h] = a[t,h] * m[t-1,h]")
                b.define("second", "rotation", "m[t,h] = tanh(q[t,h] + dt[t,h])")
                b.define("turn", "rotation", "Bt[t,n] = B[t,n] * sum(h, m[t,h])")
            case _:
                return "B"
        return "Bt"

    def _exit(self, b: GraphBuilder, sizes: dict[str, int], y: str, x: str, source: str) -> str:
        if self.past_readout:
            b.define("past", "gate", f"yp[t,h,p] = {y}[t-1,h,p] + {x}[t,h,p]")
            y = "yp"
        if self.over_heads:
            b.define("joint", "gate", f"j[t,p] = sum(h, {y}[t,h,p])")
            b.define("against", "gate", f"yj[t,h,p] = {y}[t,h,p] - j[t,p]")
            y = "yj"
        if self.gate:
            b.define("in_proj.z", "projection", f"z[t,h,p] = sum(d, W_z[d,h,p] * {source}[t,d])")
            b.define("gate", "gate", f"gz[t,h,p] = {y}[t,h,p] * silu(z[t,h,p])")
            y = "gz"
        if self.head_gate:
            b.define("head_gate", "gate", f"gh[t,h,p] = {y}[t,h,p] * sigmoid(dt[t,h])")
            y = "gh"
        if self.token_gate:
            b.define("token_gate", "gate", f"gt[t,h,p] = max({y}[t,h,p], {x}[t-1,h,p])")
            y = "gt"
        if self.gate_norm:
            rms_norm(b, sizes, "gate_norm", y, "gn", over=["h", "p"])
            y = "gn"
        return y


booleans = st.booleans()
recipes = st.builds(
    Recipe,
    sizes=st.fixed_dictionaries(
        {
            "d": st.integers(1, 70),
            "h": st.sampled_from([1, 2, 3, 4, 7, 8, 12]),
            "p": st.integers(1, 9),
            "n": st.integers(1, 9),
            "k": st.integers(1, 4),
        }
    ),
    state=st.sampled_from(STATES),
    second=st.sampled_from(SECOND),
    norm=booleans,
    shift=booleans,
    past_projection=booleans,
    conv=booleans,
    head_gate=booleans,
    token_gate=booleans,
    past_readout=booleans,
    over_heads=booleans,
    gate=booleans,
    gate_norm=booleans,
    residual=booleans,
)


grades = st.fixed_dictionaries(
    {
        "timing": st.sampled_from(["lpddr5-6400", "lpddr5x-8533"]),
        "refresh": st.sampled_from(["none", "all-bank"]),
    }
)
plain_memories = st.fixed_dictionaries(
    {"bandwidth": st.sampled_from(["700MB/s", "20GB/s", "3TB/s"])},
    optional={"latency": st.sampled_from(["0ns", "100ns", "3us"]), "efficiency": st.floats(0.05, 1.0)},
)


@st.composite
def machines(draw: st.DrawFn) -> MachineSpec:
    """Machines of 4 x 4 to 32 x 32 PEs, down to one lane and 16 KiB, with few banks or many."""
    functions = {name: draw(st.integers(1, 5)) for name in ("add", "exp")}
    vectors = {
        "pipeline_depth": draw(st.integers(0, 6)),
        "fma": draw(booleans),
        "special_functions": draw(st.sampled_from(["iterative", "behind_pipeline"])),
        "cycles": {name: functions["add" if name in ("add", "mul", "max", "min") else "exp"] for name in FUNCTIONS},
    }
    rows = draw(st.integers(4, 32))
    banks, interleave = draw(st.sampled_from([(1, 1), (4, 1), (4, 4), (8, 2), (16, 16)]))
    data: dict[str, Any] = {
        "name": "random",
        "clock": draw(st.sampled_from(["250MHz", "1GHz"])),
        "mac_array": {
            "rows": rows,
            "columns": draw(st.just(rows) | st.integers(4, 32)),
            "dataflow": draw(st.sampled_from(DATAFLOWS) | st.lists(st.sampled_from(DATAFLOWS), min_size=1, max_size=4)),
            "folds": draw(st.sampled_from(["serial", "overlapped"])),
            "packing": draw(booleans),
            "rates": draw(st.dictionaries(st.sampled_from(RATED), st.sampled_from([1, 2, 4]), max_size=3)),
            "types": draw(st.none() | st.just(["w8a8", "w16a16", "w32a32", "w8a16"])),
            "edges": {side: draw(st.none() | st.integers(1, 40)) for side in ("rows", "columns", "results")},
            "elementwise": draw(
                st.sampled_from([None, vectors | {"fed_by": "edges"}, vectors | {"fed_by": "sram"}]),
            ),
        },
        "simd": {**vectors, "lanes": draw(st.integers(1, 64))},
        "sram": {
            "capacity": draw(st.sampled_from(["16KiB", "32KiB", "64KiB", "256KiB", "2MiB"])),
            "banks": banks,
            "bank_width": draw(st.sampled_from(["2B", "8B", "64B"])),
            "ports": 1,
            "interleave": interleave,
        },
        "dram": draw(st.one_of(grades, plain_memories)) | {"channels": draw(st.integers(1, 2))},
        "dma": {"outstanding": draw(st.integers(1, 8))},
        "energy": ("paper", {"node": "22nm"}, {"node": "7nm", "level": "high"})[rows % 3],
    }
    return MachineSpec.model_validate(data)


wishes = st.builds(
    MappingSpec,
    placement=st.sampled_from(["auto", "mac_array", "simd"]),
    token_tile=st.none() | st.integers(1, 12),
    blocks=st.none() | st.sampled_from([1, 2, 4]),
    lanes=st.none() | st.sampled_from([1, 2]),
    weight_slot_kib=st.none() | st.sampled_from([1, 4, 32]),
    spill=st.sampled_from([None, None, False, True]),
)
REFUSALS = (
    "one layer needs",
    "blocks x lanes must divide",
    "no state is updated step by step in more than two blocks",
    "expected a multiple of the chunk",
    "which the MAC array does not take",
)


precisions = st.builds(
    PrecisionSpec,
    weights=st.sampled_from(["4bit", "4bit", "8bit", "16bit", "32bit"]),
    activations=st.sampled_from(["8bit", "16bit", "16bit", "32bit"]),
    accumulators=st.sampled_from([None, "16bit", "32bit"]),
    group=st.none() | st.integers(1, 200),
    scale=st.sampled_from(["8bit", "16bit", "32bit"]),
)


specs = st.builds(
    WorkloadSpec,
    name=st.just("random"),
    model=st.just("mamba1"),  # names a generator; the graph is what counts
    dimensions=st.just({}),
    layers=st.integers(1, 3),
    phase=st.sampled_from(["prefill", "decode"]),
    sequence_length=st.integers(1, 40),
    batch=st.integers(1, 3),
    precision=st.sampled_from(["8bit", "16bit", "32bit"]) | precisions,
    state_precision=st.sampled_from([None, "16bit", "32bit"]),
    mapping=wishes,
)


def prepared(workload: Workload, machine: MachineSpec) -> Job | None:
    """The job, or None for what may keep a model from a machine."""
    try:
        return Job(machine, sections(workload, machine))
    except InputError as error:
        assert any(reason in str(error) for reason in REFUSALS)
        return None


def least_dram_bytes(workload: Workload) -> int:
    """Every parameter once a layer, the layer's input and its output."""
    graph, spec = workload.graph, workload.spec
    border = graph.row_elements(graph.input_tensor) + graph.row_elements(graph.output_tensor)
    widths = spec.widths
    narrowest = min(int(width.removesuffix("bit")) for width in (widths.weights, widths.activations))
    parameters = graph.parameter_count * narrowest // 8
    return spec.layers * (parameters + workload.stacks[0].element_bytes * border * workload.tokens)


def check(result: Result, workload: Workload, machine: MachineSpec) -> None:
    """What holds for every run."""
    makespan, bounds = result.makespan_cycles, result.bounds
    for name, unit in result.units.items():
        assert unit.busy_cycles + sum(unit.stalls.values()) == makespan, name
        assert min(unit.busy_cycles, unit.edge_cycles, unit.fill_drain_cycles, *unit.stalls.values(), 0) == 0, name
        assert unit.useful_cycles + unit.edge_cycles + unit.fill_drain_cycles == unit.busy_cycles, name
    check_parts(result)
    assert max(bounds.resource_cycles, bounds.recurrence_cycles, bounds.any_mapping_cycles or 0) <= makespan
    assert sum(result.above_roofline.values()) == makespan - bounds.paper_roofline_cycles
    assert result.mapping.sram_bytes <= machine.sram.capacity
    assert result.dram_bytes >= least_dram_bytes(workload)
    check_energy(result)
