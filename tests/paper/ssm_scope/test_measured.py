"""What SSM-Scope measured, as it is read."""

from __future__ import annotations

import pytest

from sim.files.resolve import resolve_workload
from sim.paper.ssm_scope.facts import told
from sim.paper.ssm_scope.measured import Point, found, points, rows

POINTS = {(each.device, each.model, each.tokens): each for each in points()}


@pytest.mark.parametrize(
    ("model", "tokens", "seconds", "of"),
    [
        pytest.param("mamba2-1.3b", 32_768, 0.756712, "pass", id="a row with another model's name"),
        pytest.param("mamba2-780m", 32_768, 0.490997101, "pass", id="the model that the row is named after"),
        pytest.param("qwen2.5-0.5b", 32_768, 1.30031636, "pass", id="in two tables: the first"),
        pytest.param("mamba-130m", 131_072, 0.3801215, "kernels", id="a profiled pass"),
        pytest.param("llama-3.2-1b", 1024, 0.0216057, "kernels", id="a short one that kernels fill"),
    ],
)
def test_a_point(model: str, tokens: int, seconds: float, of: str) -> None:
    point = POINTS["rtx4090", model, tokens]
    assert point.seconds == pytest.approx(seconds) and point.of == of


@pytest.mark.parametrize(
    "key", [("rtx4090", "qwen2.5-0.5b", 1024), ("rtx4090", "mamba2-130m", 1024), ("rtx4090", "hymba-1.5b", 256)]
)
def test_what_the_host_decides_says_nothing_about_the_device(key: tuple[str, str, int]) -> None:
    assert key not in POINTS


@pytest.mark.parametrize("point", told(), ids=lambda point: f"{point.device} {point.model} {point.tokens}")
def test_every_point_that_is_compared_has_a_workload(point: Point) -> None:
    assert resolve_workload(point.model).spec.name == point.model


def test_a_figure_is_found_or_missed() -> None:
    assert found("energy_prefill", "energy_j", "qwen2.5-0.5b", 24_576) == 166.97
    with pytest.raises(StopIteration):
        found("energy_prefill", "energy_j", "qwen2.5-0.5b", 7)


@pytest.mark.parametrize("name", ["ttft", "generation", "passes", "op_classes", "energy_prefill", "memory", "limits"])
def test_a_table_is_there(name: str) -> None:
    assert all(row["device"] in ("rtx4090", "jetson_orin_nano") for row in rows(name))
