"""The arbiter that looks at every cycle, by itself."""

from __future__ import annotations

import pytest

from sim.validation.arbiter import Work, done_by_arbiter


# Clusters give 64 bytes a cycle; each unit asks for the bytes of its row at full speed.
@pytest.mark.parametrize(
    ("work", "done"),
    [
        pytest.param({"a": [(10, {0: 640})]}, {"a": 100}, id="alone"),
        pytest.param({"a": [(10, {0: 1280})]}, {"a": 50}, id="alone, more than the cluster gives"),
        pytest.param({"a": [(10, {0: 640})], "b": [(10, {0: 160})]}, {"a": 75, "b": 100}, id="the modest one first"),
        pytest.param({"a": [(10, {0: 640})], "b": [(10, {0: 640})]}, {"a": 50, "b": 50}, id="half each"),
        pytest.param({"a": [(10, {0: 640})], "b": [(10, {1: 640})]}, {"a": 100, "b": 100}, id="a cluster each"),
        # b and c hold one another to half in cluster 1; a gets half of cluster 0 and what b cannot use, nothing
        pytest.param(
            {"a": [(10, {0: 640})], "b": [(10, {0: 640, 1: 640})], "c": [(10, {1: 640})]},
            {"a": 50, "b": 50, "c": 50},
            id="one unit in two clusters",
        ),
        # two others in cluster 1 hold b to a third, so that a gets two thirds of cluster 0
        pytest.param(
            {"a": [(10, {0: 640})], "b": [(10, {0: 640, 1: 640})], "c": [(10, {1: 640})], "d": [(10, {1: 640})]},
            {"a": 200 / 3, "b": 100 / 3, "c": 100 / 3, "d": 100 / 3},
            id="what a unit cannot use goes to the others",
        ),
    ],
)
def test_the_arbiter_itself(work: dict[str, list[Work]], done: dict[str, float]) -> None:
    assert done_by_arbiter(64, work, 1000) == pytest.approx(done)
