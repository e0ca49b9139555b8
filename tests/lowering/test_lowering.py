"""The form of a lowered program, the slots that its weights share, and what a machine is ideal in."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from hw.effects import Effect
from hw.requests import Transfer, Work
from hw.sram import SramSpec
from sim.lowering.program import NOTHING, Pool
from sim.simulation import prepare
from tests.support.layers import EDGE, HEAVY, LEAKY, inventory, section


@pytest.mark.parametrize(
    ("workload", "wishes"),
    [
        pytest.param("mamba1", (), id="lanes of steps"),
        pytest.param("mamba2_ssd", ("sequence_length=1000",), id="chunks, the last of them shorter"),
        pytest.param("mamba3_mimo", ("phase=decode", "batch=2"), id="decode"),
        pytest.param("mamba2", ("mapping.spill=true",), id="spilled states"),
    ],
)
def test_a_program_is_made_of_compact_arrays(workload: str, wishes: tuple[str, ...]) -> None:
    """One need an item and one number an item and variant; each request once, and none that is never made."""
    for stream in prepare(workload, "edge", ("layers=2", *wishes)).sections[0].program.streams:
        for array in (*stream.numbers, *(dependency.table for dependency in stream.dependencies)):
            assert (array.dtype, array.shape) == (np.int64, (stream.items,))
            assert array.flags.c_contiguous
        made = np.unique(np.concatenate(stream.numbers))
        assert made[made != NOTHING].tolist() == list(range(len(stream.requests)))
        asked = [what(request) for request in stream.requests]
        assert len(set(zip(asked, stream.costs or asked, strict=True))) == len(asked)


def what(request: Work | Transfer) -> tuple[object, ...]:
    """Equal for requests that ask for the same."""
    if isinstance(request, Transfer):
        return request.size_bytes, request.write, request.address
    return request.cycles, request.tail_cycles, tuple(sorted(request.demand.items()))


@pytest.mark.parametrize(
    ("room", "ideal", "pool"),
    [
        pytest.param(3 * 2048, [], Pool(3, ((1, 3), (2, 4))), id="three slots for all: loaded by 1 for 3, by 2 for 4"),
        pytest.param(4 * 2048, [], Pool(4, ((1, 3), (2, 4))), id="room for one more"),
        pytest.param(1024 + 4 * 2048, [], None, id="room for all weights"),
        pytest.param(3 * 2048, ["buffers"], None, id="there is always room"),
    ],
)
def test_weights_share_slots_where_they_do_not_stay(room: int, ideal: list[Effect], pool: Pool | None) -> None:
    """*room* beside the least slots of everything else, which go to weights last."""
    kept = inventory(HEAVY, "y", blocks=1, lanes=1)
    for storage in (*kept.stored.values(), *kept.parameters.values()):
        storage.most_slots = storage.buffer.slots
    found = section(kept, EDGE.model_copy(update={"ideal": ideal}), capacity=kept.least_bytes(8) + room)
    assert [plan.name for plan in found.program.streams][1:5] == ["load.weights.q", "load.weights.r", "q", "r..s"]
    assert found.program.pool == pool


@pytest.mark.parametrize(
    ("urgency", "ahead"),
    [
        pytest.param({}, set(), id="in order"),
        pytest.param({"head_first": True}, {"load.input"}, id="the head, here but the input"),
        pytest.param({"steps_first": True}, {"s..y"}, id="what runs step by step"),
        pytest.param(
            {"head_first": True, "steps_first": True}, {"load.input", "s..y"}, id="both"
        ),
    ],
)  # fmt: skip
def test_what_is_urgent_goes_before_the_rest_of_its_tile(urgency: dict[str, bool], ahead: set[str]) -> None:
    kept = inventory(LEAKY, "s y")
    kept.mapping = replace(kept.mapping, **urgency)  # type: ignore[arg-type]
    program = section(kept).program
    assert {stream.name for stream in program.streams if stream.ahead} == ahead
    order = [
        stream.name
        for stream in sorted(program.streams, key=lambda each: program.priority(program.streams.index(each), 1))
    ]
    assert set(order[: len(ahead)]) == ahead


def groups(reasons: set[str]) -> set[str]:
    """Which kinds of waiting there are."""
    return {each.split("_on_")[0].split("_for_")[0] for each in reasons}


@pytest.mark.parametrize(
    ("ideal", "left"),
    [
        pytest.param([], {"dram", "no_buffer", "recurrence", "waits"}, id="nothing is ideal"),
        pytest.param(["buffers"], {"dram", "recurrence", "waits"}, id="buffers"),
        pytest.param(["recurrence"], {"dram", "no_buffer", "waits"}, id="recurrence"),
        pytest.param(["dependencies"], {"dram", "no_buffer", "recurrence"}, id="results of other operations"),
        pytest.param(["edges", "dram_latency"], {"dram", "no_buffer", "recurrence", "waits"}, id="something else"),
    ],
)
def test_nothing_waits_for_what_is_ideal(ideal: list[Effect], left: set[str]) -> None:
    found = section(inventory(LEAKY, "s y"), EDGE.model_copy(update={"ideal": ideal}))
    reasons = {each.reason for plan in found.program.streams for each in plan.dependencies}
    assert groups(reasons) == left


# Units want up to 160 bytes in 4 cycles (a) and 24 bytes in 5 cycles (s..y), the DMA engine 34.13 GB/s at 250 MHz:
# 40 + 4.8 + 136.5 bytes a cycle, all of it in the first cluster, where all buffers lie. Both units fetch 32
# words ahead.
@pytest.mark.parametrize(
    ("clusters", "banks", "width", "ideal", "contended"),
    [
        pytest.param(1, 1, "181B", [], True, id="less than all want"),
        pytest.param(1, 1, "182B", [], False, id="enough for all"),
        pytest.param(2, 1, "181B", [], True, id="less in one of two clusters"),
        pytest.param(2, 1, "182B", [], False, id="enough in each of two clusters"),
        pytest.param(1, 32, "182B", [], False, id="one turn of the banks is fetched ahead"),
        pytest.param(1, 64, "182B", [], True, id="half a turn of the banks is fetched ahead"),
        pytest.param(1, 1, "181B", ["bank_conflicts"], False, id="banks serve everybody at once"),
    ],
)
def test_banks_are_contended_if_they_give_less_than_units_can_ask_for(
    clusters: int, banks: int, width: str, ideal: list[Effect], contended: bool
) -> None:
    sram = {
        "capacity": "1MiB", "banks": clusters * banks, "bank_width": width, "ports": 1, "interleave": banks,
    }  # fmt: skip
    machine = EDGE.model_copy(update={"sram": SramSpec.model_validate(sram), "ideal": ideal})
    assert section(inventory(LEAKY, "s y", tokens=4), machine).program.contended is contended
