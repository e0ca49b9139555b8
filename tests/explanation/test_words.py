"""Words of made-up explanations: plain where every schedule near the best says the same, and not where one does not."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from sim.explanation.findings import Explanation, NearSchedule, Pair, Range, WhatIf
from sim.explanation.words import words
from tests.support.explanations import explained

CALM = {"mac_array": 0.99, "simd": 0.5, "dram.channel0": 0.1}
LANES = {"mac_array": 0.5, "simd": 0.99, "dram.channel0": 0.1}


def what_if(name: str, same: float | None, new: float | None, *near: float | None) -> WhatIf:
    return WhatIf(name=name, assignments=["a=1"], same_schedule=same, new_schedule=new, near_gains=list(near))


def schedule(busy: dict[str, float]) -> NearSchedule:
    return NearSchedule(of_explained=1.01, busy=busy, mappings=[])


def made_up(edges: tuple[float, ...], *what_ifs: WhatIf, **changes: Any) -> Explanation:
    """An explanation in which edges add 20 % of the time and nothing else does; *edges* with the other schedules."""
    found = explained("prefill")
    total = found.result.makespan_cycles
    rungs = [
        rung.model_copy(
            update={
                "added_cycles": round(0.2 * total) if rung.effect == "edges" else 0,
                "near_shares": list(edges) if rung.effect == "edges" else [0.0] * len(edges),
            }
        )
        for rung in found.rungs
    ]
    result = found.result.model_copy(
        update={"units": {u: a.model_copy(update={"busy_cycles": round(CALM.get(u, 0) * total)})
                          for u, a in found.result.units.items()}}
    )  # fmt: skip
    near = [schedule(CALM) for _ in edges]
    update = {"rungs": rungs, "what_ifs": list(what_ifs), "near": near, "near_tried": 7, "near_share": 0.02,
              "pairs": [], "result": result}  # fmt: skip
    return found.model_copy(update=update | changes)


EDGES = "PEs and lanes without work at the edges of matrices and vectors"


@pytest.mark.parametrize(
    ("found", "said"),
    [
        pytest.param(
            lambda: made_up((0.19, 0.21)),
            f"From the roofline to here: {EDGES} (+19.0% to +21.0% of the time).",
            id="a rung of every schedule",
        ),
        pytest.param(
            lambda: made_up((0.004, 0.21)),
            f"Depends on the schedule: {EDGES} (+0.4% to +21.0% of the time).",
            id="a rung of some schedules",
        ),
        pytest.param(
            lambda: made_up((0.19, 0.21)),
            "holds for 2 other mappings within 2.0% of the best as well, the most "
            "unlike of 7, but for what depends on the schedule.",
            id="how many",
        ),
        pytest.param(lambda: made_up(()), "No other mapping that was tried is within 2.0% of the best", id="no others"),
        pytest.param(lambda: made_up((), near_share=0.0), "What follows is about this one schedule.", id="none wanted"),
        pytest.param(lambda: made_up((0.2,)), "Busiest is the MAC array.", id="the same is busiest"),
        pytest.param(
            lambda: made_up((0.2, 0.2), near=[schedule(LANES), schedule(CALM)]),
            "What is busiest depends on the schedule: the MAC array with 2 schedules and the lanes with 1 schedule.",
            id="another is busiest",
        ),
        pytest.param(
            lambda: made_up((0.2,), what_if("2x MACs", 1.5, 1.7, 1.45)),
            "What would help most: 2x MACs (1.70x).",
            id="a change that helps all",
        ),
        pytest.param(
            lambda: made_up((0.2,), what_if("2x MACs", 1.74, 1.74, 1.0)),
            "With the schedule kept it depends on the schedule: 2x MACs: 1.00x to 1.74x.",
            id="one that does not",
        ),
        pytest.param(
            lambda: made_up((0.2,), what_if("no buffers", 1.0, None, 1.2)),
            "depends on the schedule: no buffers: 1.00x to 1.20x.",
            id="of use to another schedule only",
        ),
        pytest.param(
            lambda: made_up((0.2,), what_if("2x SRAM", 1.0, 1.004, 1.001, None)),
            "No gain of a percent: 2x SRAM.",
            id="a change that helps none",
        ),
    ],
)
def test_words(found: Callable[[], Explanation], said: str) -> None:
    assert said in words(found())


def test_what_helps_only_a_schedule_that_is_kept_is_not_said_plainly() -> None:
    said = words(made_up((0.2,), what_if("no buffers", 1.3, None, 1.0)))
    assert "no buffers: 1.00x to 1.30x" in said
    assert "What would help most" not in said and "No gain of a percent" not in said


@pytest.mark.parametrize(
    ("gain", "idle", "said"),
    [
        pytest.param(1.25, (0.3, 0.1), "not one array costs 20.0% of the time. ", id="costs"),
        pytest.param(1.004, (0.3, 0.1), "not one array costs and saves less than a percent. ", id="neither"),
        pytest.param(
            0.8,
            (0.1, 0.3),
            "not one array saves: it would take 25.0% longer, its PEs without work at the edges of products and in "
            "short folds for 30.0% of it, not 10.0% as now. ",
            id="saves at edges",
        ),
        pytest.param(0.8, (0.3, 0.1), "not one array saves: it would take 25.0% longer. ", id="saves elsewhere"),
    ],
)
def test_words_about_a_split(gain: float, idle: tuple[float, float], said: str) -> None:
    split = what_if("both in one", None, gain).model_copy(
        update={"joins": ["mac_array", "mac_array_2"], "idle_at_edges": idle}
    )
    found = words(made_up((), split)) + " "
    assert f"That the MAC array and the unit mac_array_2 are {said}" in found
    assert "No gain of a percent" not in found


@pytest.mark.parametrize(
    ("together", "said"),
    [
        pytest.param(1.60, "more than the product of both, 1.50x.", id="more"),
        pytest.param(1.25, "less than the product of both, 1.50x.", id="less"),
        pytest.param(1.505, "the product of both.", id="as much"),
    ],
)
def test_words_about_a_pair(together: float, said: str) -> None:
    pair = Pair(names=["a", "b"], assignments=[], new_schedule=together, product=1.5, mappings=[])
    assert f"Together a and b buy {together:.2f}x, {said}" in words(made_up((), pairs=[pair]))


@pytest.mark.parametrize(
    ("least", "most", "robust"),
    [
        pytest.param(0.0, 0.02, True, id="two points of the time"),
        pytest.param(0.0, 0.021, False, id="more than two"),
        pytest.param(0.31, 0.4, True, id="a quarter of the largest"),
        pytest.param(-0.4, 0.1, False, id="another sign"),
    ],
)
def test_what_is_robust(least: float, most: float, robust: bool) -> None:
    assert Range(least=least, most=most).robust is robust
