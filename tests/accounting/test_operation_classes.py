"""Classes of operations of a whole model: none is left out, and each is where somebody would look for it."""

from __future__ import annotations

from functools import cache

import pytest

from sim.accounting.operation_classes import (
    CLASSES,
    PAPER_CLASSES,
    PAPER_RULES,
    RULES,
    Facts,
    Place,
    class_of,
    facts_of,
    paper_class_of,
)
from sim.files.catalog import shipped
from sim.files.errors import InputError
from sim.files.resolve import resolve_workload
from sim.lowering.analysis import Analysis
from workloads.workload import Workload

FORMS = ("sequential", "chunked", "blelloch", "kogge_stone")
HEADLESS = "vocabulary=1000"


@cache
def of_workload(name: str, form: str) -> Workload | None:
    """A shipped workload in a *form*, with a head; None if it has no such form."""
    try:
        return resolve_workload(name, [f"formulation={form}", "chunk=16", "head=true", HEADLESS])
    except InputError:
        return None


@cache
def found(name: str, form: str = "sequential") -> dict[str, Facts]:
    """Operation -> facts, of all layers and the head of a shipped workload."""
    workload = of_workload(name, form)
    assert workload is not None
    return {
        operation: facts
        for stack in workload.stacks
        for operation, facts in facts_of(stack, Analysis(stack.graph)).items()
    }


@pytest.mark.parametrize("name", shipped("workload"))
def test_every_operation_of_shipped_workloads_has_a_class_that_is_not_other(name: str) -> None:
    forms = [form for form in FORMS if of_workload(name, form) is not None]
    assert "sequential" in forms
    for form in forms:
        classes = {operation: (class_of(f), paper_class_of(f)) for operation, f in found(name, form).items()}
        assert {ours for ours, _ in classes.values()} <= set(CLASSES) - {"other"}
        assert {theirs for _, theirs in classes.values()} <= set(PAPER_CLASSES) - {"other"}


MAMBA1 = {
    "norm.square": ("norms", "normalization"),
    "in_proj.x": ("projections", "GEMM"),
    "in_proj.z": ("projections", "GEMM"),
    "conv": ("convolution", "SSM_Scan"),
    "x_proj.dt": ("projections", "SSM_Scan"),
    "x_proj.B": ("projections", "SSM_Scan"),
    "dt_proj": ("projections", "SSM_Scan"),
    "dt": ("ssm", "SSM_Scan"),
    "update": ("ssm", "SSM_Scan"),
    "readout": ("ssm", "SSM_Scan"),
    "skip": ("ssm", "SSM_Scan"),
    "gate": ("ssm", "SSM_Scan"),
    "out_proj": ("projections", "SSM_Scan"),
    "residual": ("residual", "normalization"),
    "final_norm.apply": ("head", "normalization"),
    "lm_head": ("head", "GEMM"),
}
MAMBA2 = {
    "in_proj.dt": ("projections", "GEMM"),
    "conv.B": ("convolution", "SSM_Scan"),
    "dt": ("ssm", "SSM_Scan"),
    "gate": ("ssm", "SSM_Scan"),
    "gate_norm.apply": ("norms", "SSM_Scan"),
    "out_proj": ("projections", "SSM_Scan"),
    "norm.apply": ("norms", "normalization"),
}


@pytest.mark.parametrize(
    ("name", "form", "classes"),
    [
        pytest.param("mamba-130m", "sequential", MAMBA1, id="mamba-1"),
        pytest.param("mamba1_pscan", "blelloch", {"up1.state": ("ssm", "SSM_Scan")}, id="scan"),
        pytest.param("mamba2-130m", "sequential", MAMBA2, id="mamba-2"),
        pytest.param(
            "mamba2-130m", "chunked", {"scores": ("ssm", "SSM_Scan"), "update": ("ssm", "SSM_Scan")}, id="chunks"
        ),
        pytest.param(
            "mamba3-siso-187m",
            "sequential",
            {
                "mlp.gate": ("mlp", "GEMM"),
                "mlp.activate": ("mlp", "activation"),
                "mlp_norm.square": ("norms", "normalization"),
                "mlp.residual": ("residual", "normalization"),
                "rotate_B": ("ssm", "SSM_Scan"),
                "bias_C": ("ssm", "SSM_Scan"),
            },
            id="mamba-3",
        ),
        pytest.param(
            "gla",
            "chunked",
            {
                "in_proj.q": ("projections", "GEMM"),
                "intra": ("ssm", "SSM_Scan"),
                "out_norm.apply": ("norms", "normalization"),
                "gate": ("ssm", "arithmetic"),
                "residual": ("residual", "arithmetic"),
            },
            id="equations",
        ),
        pytest.param("rwkv7", "sequential", {"shift.k": ("convolution", "SSM_Scan")}, id="token shift"),
    ],
)
def test_classes_of_operations(name: str, form: str, classes: dict[str, tuple[str, str]]) -> None:
    facts = found(name, form)
    assert {each: (class_of(facts[each]), paper_class_of(facts[each])) for each in classes} == classes


FALCON = {
    "q_proj": ("projections", "GEMM"),
    "k_scale": ("attention", "arithmetic"),
    "q_rotate": ("attention", "arithmetic"),
    "ssm.in_proj.z": ("projections", "GEMM"),
    "ssm.conv.x": ("convolution", "SSM_Scan"),
    "ssm.update": ("ssm", "SSM_Scan"),
    "ssm.gate": ("ssm", "arithmetic"),
    "ssm.out_proj": ("projections", "GEMM"),
    "scores": ("attention", "GEMM"),
    "exponential": ("attention", "GEMM"),
    "mlp.activate": ("mlp", "activation"),
    "mlp.down": ("mlp", "GEMM"),
    "residual": ("residual", "arithmetic"),
}
ZAMBA = {
    "shared.q_proj": ("projections", "GEMM"),
    "adapter_q.up": ("projections", "GEMM"),
    "shared.mlp.gate_up.up": ("mlp", "GEMM"),
    "adapter_mlp.down": ("mlp", "GEMM"),
    "linear": ("projections", "GEMM"),
    "ssm.conv.x": ("convolution", "SSM_Scan"),
    "ssm.gate": ("ssm", "normalization"),
    "ssm.gate_norm.apply": ("norms", "normalization"),
    "readout": ("ssm", "SSM_Scan"),
    "gate": ("ssm", "normalization"),
    "out_proj": ("projections", "GEMM"),
}
HYMBA = {
    "ssm.gate": ("ssm", "SSM_Scan"),
    "ssm.x_proj.dt": ("projections", "GEMM"),
    "ssm.norm_B.apply": ("norms", "normalization"),
    "join": ("residual", "arithmetic"),
    "out_proj": ("projections", "GEMM"),
}


@pytest.mark.parametrize(
    ("name", "classes"),
    [
        pytest.param("falcon-h1-0.5b", FALCON, id="falcon-h1"),
        pytest.param("zamba2-1.2b", ZAMBA, id="zamba2"),
        pytest.param("hymba-1.5b", HYMBA, id="hymba"),
        pytest.param("qwen2.5-0.5b", {"q_bias": ("projections", "GEMM")}, id="bias of a linear operator"),
        pytest.param("lfm2-1.2b", {"gate.in": ("convolution", "arithmetic")}, id="gated convolution"),
        pytest.param("jamba-v0.1", {"router": ("mlp", "GEMM"), "experts.down": ("mlp", "GEMM")}, id="experts"),
    ],
)
def test_classes_of_hybrids(name: str, classes: dict[str, tuple[str, str]]) -> None:
    facts = found(name)
    assert {each: (class_of(facts[each]), paper_class_of(facts[each])) for each in classes} == classes


@pytest.mark.parametrize(
    ("place", "kind", "name", "more", "ours", "theirs"),
    [
        pytest.param("attention", "softmax", "exponential", {}, "attention", "GEMM", id="softmax"),
        pytest.param("attention", "scores", "scores", {"projection": True}, "attention", "GEMM", id="scores"),
        pytest.param("around", "projection", "q_proj", {}, "projections", "GEMM", id="query"),
        pytest.param("around", "rotation", "rotate_q", {}, "attention", "arithmetic", id="rotary embedding"),
        pytest.param("around", "bias", "q_bias", {}, "projections", "GEMM", id="bias of a projection"),
        pytest.param("around", "gate", "gate", {}, "attention", "arithmetic", id="gate of attention"),
        pytest.param("around", "join", "join", {}, "residual", "arithmetic", id="two branches"),
        pytest.param("around", "norm", "q_norm", {}, "norms", "normalization", id="norm of queries"),
        pytest.param("recurrent", "projection", "out_proj", {}, "projections", "GEMM", id="out_proj of a hybrid"),
        pytest.param("recurrent", "convolution", "conv", {}, "convolution", "SSM_Scan", id="window of a hybrid"),
        pytest.param(
            "recurrent", "gate", "gate", {"gated_norm": True}, "ssm", "normalization", id="gate in a norm's operator"
        ),
        pytest.param("recurrent", "gate", "gate", {"mamba1": True}, "ssm", "SSM_Scan", id="gate in the scan's"),
        pytest.param("recurrent", "gate", "gate", {}, "ssm", "arithmetic", id="gate by itself"),
        pytest.param("plain", "gate", "gate", {}, "convolution", "arithmetic", id="gate of a short convolution"),
        pytest.param("plain", "mlp", "mlp", {}, "mlp", "activation", id="activation"),
        pytest.param("plain", "experts", "experts", {}, "mlp", "activation", id="experts"),
        pytest.param("plain", "projection", "router", {}, "mlp", "GEMM", id="router"),
        pytest.param("head", "head", "lm_head", {}, "head", "arithmetic", id="scaled logits"),
        pytest.param("plain", "my word", "y", {}, "other", "other", id="a word of one's own"),
        pytest.param("recurrent", "my word", "y", {"recurrent": True}, "ssm", "SSM_Scan", id="in a recurrence"),
        pytest.param("plain", "my word", "y", {"projection": True}, "projections", "GEMM", id="with weights"),
    ],
)
def test_rules(place: Place, kind: str, name: str, more: dict[str, bool], ours: str, theirs: str) -> None:
    facts = Facts(kind, name, place, **more)
    assert (class_of(facts), paper_class_of(facts)) == (ours, theirs)


def test_rules_name_the_classes_that_there_are() -> None:
    assert {rule.belongs for rule in RULES} == set(CLASSES)
    assert {rule.belongs for rule in PAPER_RULES} == set(PAPER_CLASSES)
