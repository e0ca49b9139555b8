"""The server, asked by the protocol's own client: in this process, and as the command that an assistant starts."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from sim import simulate
from sim.commands.mcp import server
from sim.files.limits import LIMITS, Limits
from tests.support.folders import ROOT

mcp = pytest.importorskip("mcp")
SMALL = ["sequence_length=32", "layers=1"]


def asked(target: Any, ask: Callable[[Any], Coroutine[Any, Any, Any]]) -> Any:
    """What *ask* gets from a client of *target*."""

    async def talk() -> Any:
        async with mcp.Client(target) as client:
            return await ask(client)

    with ThreadPoolExecutor(1) as another:  # of this thread tests in a browser may have the loop
        return another.submit(asyncio.run, talk()).result()


def called(tool: str, limits: Limits = LIMITS, **arguments: Any) -> Any:
    """What a *tool* of a server in this process answers."""
    return asked(server(limits), lambda client: client.call_tool(tool, arguments))


def test_every_tool_says_what_it_does_and_takes() -> None:
    tools = {tool.name: tool for tool in asked(server(LIMITS), lambda client: client.list_tools()).tools}
    assert list(tools) == ["run", "explain", "compare", "count", "memory", "list_shipped"]
    assert all(tool.description for tool in tools.values())
    changes = tools["run"].input_schema["properties"]["changes"]
    assert "simd.lanes=64" in changes["description"] and tools["run"].input_schema["required"] == ["workload"]


def test_a_run_is_that_of_simulate() -> None:
    found = called("run", workload="mamba2", changes=[*SMALL, "simd.lanes=16"]).structured_content
    result = simulate("mamba2", "edge", [*SMALL, "simd.lanes=16"])
    assert found["figures"]["makespan_cycles"] == result.makespan_cycles
    for reason in result.units["simd"].stalls:
        assert found["figures"][f"stall.simd.{reason}"] == result.stall_share("simd", reason)
    assert found["report"].startswith("mamba2 on edge: prefill, L = 32")


def test_explanations_and_comparisons_are_in_words() -> None:
    why = called("explain", workload="mamba2-d96", changes=SMALL).structured_content
    assert why["words"] and why["words"].split(".")[0] in why["report"]
    assert why["what_ifs"][0]["times_faster"] >= why["what_ifs"][-1]["times_faster"]
    sides = [{"workload": "mamba2", "changes": SMALL}, {"workload": "mamba1", "changes": SMALL}]
    beside = called("compare", sides=sides).structured_content
    assert "mamba1 on edge, sequence_length=32" in beside["words"] and len(beside["figures"]) == 2


def test_counts_memory_and_names() -> None:
    assert called("count", workload="mamba2").structured_content["figures"]["parameters"] == 693_449_472
    assert called("memory", workload="mamba2", device="8GiB").structured_content["figures"]["device_bytes"] == 8 << 30
    assert "edge_flexpe" in called("list_shipped", kind="machine").structured_content


@pytest.mark.parametrize(
    ("tool", "arguments", "told"),
    [
        ("run", {"workload": "mamba9"}, "mamba9: no such file, and no shipped workload"),
        ("run", {"workload": "mamba2", "changes": ["simd.lans=1"]}, "did you mean"),
        ("compare", {"sides": [{"workload": "mamba2", "changes": SMALL}]}, "expected two results at least"),
        ("memory", {"workload": "mamba2", "device": "much"}, "device much: expected"),
    ],
)
def test_a_mistake_is_answered_with_its_line(tool: str, arguments: dict[str, Any], told: str) -> None:
    found = called(tool, **arguments)
    assert found.is_error and told in found.content[0].text and "Traceback" not in found.content[0].text


def test_what_would_take_too_long_is_refused() -> None:
    found = called("run", Limits(seconds=1e-3), workload="mamba2", simulate_layers=None)
    assert found.is_error and "--time-limit" in found.content[0].text


def test_the_command_serves_over_standard_input_and_output() -> None:
    command = mcp.StdioServerParameters(command=sys.executable, args=["-m", "sim", "mcp"], cwd=str(ROOT))
    found = asked(command, lambda client: client.call_tool("count", {"workload": "mamba1"}))
    assert "mamba1: mamba1, sequential" in found.structured_content["report"]
