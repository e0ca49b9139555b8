"""To which class of a whole model an operation belongs: ours, and the one that SSM-Scope counts it to.

Both are tables of rules, of which the first that holds says the class; none is left out, since the last rule of each
always holds. A rule looks at the operation's kind (the word that its graph gives it), at the first part of its name,
and at the part of the model that it is in, its *place*:

- ``head``: final norm and LM head;
- ``attention``: the graph of attention itself, scores to values;
- ``around``: the graphs before and behind attention, but the mixer that is there as well (``ssm.``...);
- ``mamba``: a layer of the official Mamba implementations;
- ``recurrent``: any other graph with a recurrence, or such a mixer;
- ``plain``: a graph without one.

SSM-Scope (arXiv 2507.12442) sums up PyTorch's operators. Which ones are in which class follows from its own sums, to
the last digit: `GEMM` is linear, matmul and scaled_dot_product_attention. `SSM_Scan` is, of mamba_ssm's layers, one
fused function that begins behind in_proj and ends with out_proj: in Mamba-1 it has x_proj and dt_proj, in Mamba-2 the
gated norm. In models of transformers it is the scan with dt, skip and, in Mamba-1, gate, and the causal convolution.
The norm of mamba_ssm has the residual addition in it. Hymba's attention, which is compiled, is in ``other`` there; here
it is GEMM.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

from sim.accounting.forward_passes import MAMBA
from sim.lowering.analysis import Analysis
from workloads.models.layers.kinds import BESIDE
from workloads.models.layers.shared import SHARED
from workloads.stack import Stack

Place = Literal["head", "attention", "around", "mamba", "recurrent", "plain"]

ATTENTION: Final = "attention"  # the part of a layer that it is
AROUND: Final = ("before_attention", "after_attention")  # and what stands before and behind it
RECURRENCE: Final = ("state", "passing", "chunk", "scan", "discretisation", "input_scale", "skip", "angle")
FEEDFORWARD: Final = ("mlp", "experts", "router", "common", "adapter_mlp")
AROUND_A_MIXER: Final = ("gate", "rotation", "bias", "multiplier", "adapter")


@dataclass(frozen=True)
class Facts:
    """What rules look at: the operation's ``kind``, the first part of its ``name``, and where it is.

    ``recurrent`` and ``projection`` are found from its equation; ``gated_norm`` says whether its graph has a norm
    behind the gate, which is one operator then.
    """

    kind: str
    name: str
    place: Place
    recurrent: bool = False
    projection: bool = False
    gated_norm: bool = False
    mamba1: bool = False


@dataclass(frozen=True)
class Rule:
    """A class, and for what it is: all that is said has to hold; what is not said does not matter."""

    belongs: str
    places: tuple[Place, ...] = ()
    kinds: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    recurrent: bool | None = None
    projection: bool | None = None
    gated_norm: bool | None = None
    mamba1: bool | None = None

    def holds(self, facts: Facts) -> bool:
        """Whether it holds."""
        lists = ((self.places, facts.place), (self.kinds, facts.kind), (self.names, facts.name))
        flags = (
            (self.recurrent, facts.recurrent), (self.projection, facts.projection),
            (self.gated_norm, facts.gated_norm), (self.mamba1, facts.mamba1),
        )  # fmt: skip
        return all(not few or found in few for few, found in lists) and all(
            wish is None or wish == found for wish, found in flags
        )


RULES: Final = (
    Rule("head", places=("head",)),
    Rule("attention", places=("attention",)),
    Rule("residual", kinds=("residual", "join")),
    Rule("norms", kinds=("norm",)),
    Rule("mlp", names=FEEDFORWARD),
    Rule("mlp", kinds=FEEDFORWARD),
    Rule("projections", kinds=("projection",)),
    Rule("convolution", kinds=("convolution",)),
    Rule("ssm", kinds=RECURRENCE),
    Rule("projections", places=("around",), kinds=("bias", "adapter")),
    Rule("attention", places=("around",), kinds=AROUND_A_MIXER),
    Rule("ssm", places=("mamba", "recurrent"), kinds=AROUND_A_MIXER),
    Rule("convolution", places=("plain",), kinds=("gate",)),  # of a gated short convolution
    Rule("ssm", recurrent=True),
    Rule("projections", projection=True),
    Rule("other"),
)
PAPER_RULES: Final = (
    Rule("normalization", kinds=("norm",), places=("head", "around", "recurrent", "plain")),
    Rule("normalization", kinds=("norm",), places=("mamba",), names=("norm", "mlp_norm")),
    Rule("normalization", kinds=("residual",), places=("mamba",)),
    Rule("GEMM", places=("attention",)),
    Rule("activation", kinds=FEEDFORWARD),
    Rule("GEMM", places=("mamba",), kinds=("projection",), names=("in_proj", *FEEDFORWARD)),
    Rule("SSM_Scan", places=("mamba",)),
    Rule("GEMM", kinds=("projection",)),
    Rule("SSM_Scan", kinds=("convolution", *RECURRENCE)),
    Rule("SSM_Scan", places=("recurrent",), kinds=("gate",), mamba1=True),
    Rule("normalization", places=("recurrent",), kinds=("gate",), gated_norm=True),
    Rule("GEMM", places=("around", "plain"), kinds=("bias",)),  # of a linear operator
    Rule("arithmetic", kinds=("residual", "join", *AROUND_A_MIXER, "head")),
    Rule("SSM_Scan", recurrent=True),
    Rule("GEMM", projection=True),
    Rule("other"),
)


CLASSES: Final = (
    "ssm", "attention", "projections", "mlp", "convolution", "norms", "residual", "head", "other",
)  # fmt: skip
PAPER_CLASSES: Final = ("SSM_Scan", "GEMM", "normalization", "activation", "arithmetic", "other")


def class_of(facts: Facts) -> str:
    """Our class."""
    return next(rule.belongs for rule in RULES if rule.holds(facts))


def paper_class_of(facts: Facts) -> str:
    """The class of SSM-Scope."""
    return next(rule.belongs for rule in PAPER_RULES if rule.holds(facts))


def facts_of(stack: Stack, analysis: Analysis) -> dict[str, Facts]:
    """Operation -> what the rules look at, of all operations of *stack*, whose graph *analysis* is about."""
    return {name: _facts(stack, analysis, name) for name in analysis.operations}


def _facts(stack: Stack, analysis: Analysis, operation: str) -> Facts:
    parts = operation.split(".")
    beside = parts[0] == BESIDE
    own = parts[1:] if parts[0] in (BESIDE, SHARED) and len(parts) > 1 else parts
    within = f"{BESIDE}." if beside else ""
    return Facts(
        kind=analysis.operations[operation].kind,
        name=own[0],
        place=_place(stack, analysis, beside),
        recurrent=operation in analysis.recurrent,
        projection=analysis.kind(operation) == "projection",
        gated_norm=f"{within}gate_norm.apply" in analysis.operations,
        mamba1=f"{within}x_proj.dt" in analysis.operations,
    )


def _place(stack: Stack, analysis: Analysis, beside: bool) -> Place:
    if stack.head:
        return "head"
    if stack.part == ATTENTION:
        return "attention"
    if stack.part in AROUND and not beside:
        return "around"
    if stack.spec.model in MAMBA:
        return "mamba"
    return "recurrent" if analysis.recurrent else "plain"
