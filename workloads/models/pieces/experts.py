"""Experts (mixture of experts, arXiv 1701.06538): a router chooses a few MLPs for each token and weighs their results.

The choice is written out in what a vector unit has, for E experts of which k are chosen: k times the largest logit, E
comparisons each, and before the next time that one is taken out, 4 E operations: l' = min(l, (m - l) HUGE - FAR) is l
where l < m, and -FAR where l = m. Then 5 E operations make 1 of what is not below the last of these, else 0, and a
softmax weighs it: over the chosen ones, or over all (5 E operations with the sum in either case); or sigmoids choose
and weigh, as in DeepSeek-V3 (arXiv 2412.19437, section 2.1.2), with a correction for the choice that is not learned by
gradient and is zero here. Two equal logits are chosen together.

Parameters are those of all experts. A run reads n of them at once: as many as the tokens of one pass over the weights
choose on average if experts are equally likely, E (1 - (1 - k/E)^T) for T tokens, rounded up (``different`` of
workloads/graph.py). In decode these are the B tokens of a batch; in prefill those of a tile, over all sequences: the
graph that is built here has all E, and a mapping's tile says how many are read (``Stack.in_tiles``). Each token is
worked on by k of the n (``TimestepGraph.chosen``), and a projection has k/n of all rows, as if the tokens were spread
evenly. Which experts the n are does not matter to cost: in the graph they are the first.
"""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator

from workloads.graph import different
from workloads.models.pieces.mlp import MlpSpec, activate, mlp
from workloads.models.pieces.scope import Definitions, Scope
from workloads.models.sizes import Multiplier
from workloads.spec import contradiction

HUGE, FAR = 1e60, 1e30
CHOSEN, ALL = "x", "y"  # indices of the experts that are read, and of all


class ExpertsSpec(MlpSpec):
    """MLPs of which each token gets a few; width, activation and biases are those of one expert."""

    count: int = Field(ge=1, le=65_536, json_schema_extra={"unit": "experts"}, description="Experts in all.")
    chosen: int = Field(ge=1, le=1024, json_schema_extra={"unit": "experts"}, description="Experts of a token.")
    weights: Literal["chosen", "all", "sigmoid"] = Field(
        default="chosen",
        description="What weighs results: a softmax over the chosen experts, or over all; or sigmoids, which with a "
        "correction also choose, over their sum.",
    )
    weights_multiplier: Multiplier = Field(
        default=1.0, description="What an expert's weight is multiplied by; 1 takes no operation."
    )
    common: MlpSpec | None = Field(default=None, description="An MLP beside them that every token gets.")
    common_gate: bool = Field(
        default=False, description="Whether the common MLP's result is multiplied by the sigmoid of a projected number."
    )

    @model_validator(mode="after")
    def _enough(self) -> ExpertsSpec:
        if self.chosen > self.count:
            message = f"chosen = {self.chosen} must be at most count = {self.count}"
            raise contradiction(message, "chosen", "count")
        if self.common_gate and self.common is None:
            raise contradiction("there is no common MLP to be gated", "common_gate")
        if self.bias or self.fused or self.gate_multiplier != 1 or self.output_multiplier != 1:
            raise contradiction("experts have neither biases nor multipliers, and are not fused", "experts")
        return self

    def read(self, batch: int | None) -> int:
        """How many experts the graph has: what so many sequences choose in decode, or all in prefill (None)."""
        return self.count if batch is None else different(self.count, self.chosen, batch)

    def sizes(self, batch: int | None) -> dict[str, int]:
        """The length of each index but d."""
        sizes = {"f": self.width, CHOSEN: self.read(batch), ALL: self.count}
        return sizes | ({"common_f": self.common.width} if self.common is not None else {})


def experts(b: Definitions, spec: ExpertsSpec, source: str, *, at: str) -> str:
    """Define the experts of *source* ``[d]``, those of the index CHOSEN; the name of the result ``[d]``."""
    weights = router(b, spec, source, at=at)
    here = f"[{at},{CHOSEN},f]"
    for part in ("gate", "up") if spec.gated else ("up",):
        product = f"sum(d, W_{part}[d,{CHOSEN},f] * {source}[{at},d])"
        b.define(f"experts.{part}", "projection", f"expert_{part[0]}{here} = {product}")
    gate, up = ("expert_g", "expert_u") if spec.gated else ("expert_u", None)
    activate(b, "experts", spec.activation, gate, up, "expert_a", f"{CHOSEN},f", at=at)
    b.define("experts.weigh", "router", f"expert_w{here} = expert_a{here} * {weights}[{at},{CHOSEN}+0]")
    product = f"sum({CHOSEN}, f, W_down[{CHOSEN},f,d] * expert_w{here})"
    b.define("experts.down", "projection", f"expert_o[{at},d] = {product}")
    if spec.common is None:
        return "expert_o"
    return _with_common(b, spec, spec.common, source, at)


def _with_common(b: Definitions, spec: ExpertsSpec, common: MlpSpec, source: str, at: str) -> str:
    """Define the sum of the experts' result and that of the *common* MLP; its name."""
    scope = Scope(b, "common", {"f": "common_f"}, (source,))
    result = scope.tensor(mlp(scope, common, source, at=at))
    gate = ""
    if spec.common_gate:
        b.define("common.gate", "projection", f"common_g[{at}] = sum(d, W_common_gate[d] * {source}[{at},d])")
        b.define("common.open", "router", f"common_s[{at}] = sigmoid(common_g[{at}])")
        gate = f" * common_s[{at}]"
    b.define("experts.add", "router", f"moe_o[{at},d] = expert_o[{at},d] + {result}[{at},d]{gate}")
    return "moe_o"


def router(b: Definitions, spec: ExpertsSpec, source: str, *, at: str) -> str:
    """Define the weight of every expert, 0 of those that are not chosen; its name."""
    row, one = f"[{at},{ALL}]", f"[{at}]"
    by_sigmoid = spec.weights == "sigmoid"
    logits = "logits" if by_sigmoid else "l1"
    b.define("router", "projection", f"{logits}{row} = sum(d, W_router[d,{ALL}] * {source}[{at},d])")
    if by_sigmoid:
        b.constant("correction", ALL, [0.0] * spec.count)
        b.define("router.sigmoid", "router", f"le{row} = sigmoid({logits}{row})")
        b.define("router.correct", "router", f"l1{row} = le{row} + correction[{ALL}]")
    for place in range(1, spec.chosen + 1):
        b.define(f"router.top{place}", "router", f"top{place}{one} = max({ALL}, l{place}{row})")
        if place < spec.chosen:
            taken = f"min(l{place}{row}, (top{place}{one} - l{place}{row}) * {HUGE!r} - {FAR!r})"
            b.define(f"router.without{place}", "router", f"l{place + 1}{row} = {taken}")
    above = f"(l1{row} - top{spec.chosen}{one}) * {HUGE!r} + 1"
    b.define("router.chosen", "router", f"chosen{row} = max(min({above}, 1), 0)")
    if not by_sigmoid:
        b.define("router.exp", "router", f"le{row} = exp(l1{row} - top1{one})")
    b.define("router.mask", "router", f"lm{row} = le{row} * chosen{row}")
    total = "le" if spec.weights == "all" else "lm"
    b.define("router.sum", "router", f"ls{one} = sum({ALL}, {total}{row})")
    scaled = "" if spec.weights_multiplier == 1 else f" * {spec.weights_multiplier!r}"
    b.define("router.weights", "router", f"weight{row} = lm{row} / ls{one}{scaled}")
    return "weight"
