"""Faults planted into recorded runs: each changes what was recorded in one way, and no more than that way needs."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from copy import copy, deepcopy
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, NamedTuple

from tests.support.legality.trace import Slice


@dataclass
class Recorded:
    """A run: the slices of its trace, its result, and its program."""

    slices: list[Slice]
    result: dict[str, Any]
    program: dict[str, Any]

    def copy(self) -> Recorded:
        """One that may be changed."""
        return Recorded(list(map(copy, self.slices)), deepcopy(self.result), deepcopy(self.program))

    def work(self, name: str, **place: int) -> list[Slice]:
        """The work of requests whose name has *name* in it, at a place (``layer``, ``tile``, ``first``, ...)."""
        return [each for each in self.slices if each.kind == "work" and name in each.name and _is_at(each, place)]

    def of(self, kind: str, unit: str = "", reason: str = "") -> list[Slice]:
        """Slices of a *kind*, of a *unit* and a *reason* if given, that last."""
        found = (s for s in self.slices if s.kind == kind and unit in ("", s.unit) and reason in ("", s.reason))
        return [each for each in found if each.cycles]

    def parts(self, request: Slice) -> list[Slice]:
        """All slices of one transfer: its work, and its flight."""
        return [
            each
            for each in self.slices
            if each.kind in ("work", "flight") and each.unit == "dma" and _same(each, request)
        ]

    @property
    def section(self) -> dict[str, Any]:
        """The first section of the program."""
        found: dict[str, Any] = self.program["sections"][0]
        return found

    def buffer(self, name: str) -> dict[str, Any]:
        """A buffer of that section."""
        found: dict[str, Any] = next(each for each in self.section["buffers"] if each["name"] == name)
        return found


def _is_at(each: Slice, place: dict[str, int]) -> bool:
    return not each.unit.startswith("dram.") and all(getattr(each, key) == value for key, value in place.items())


def _same(one: Slice, other: Slice) -> bool:
    return (one.place, one.end) == (other.place, other.end)


Fault = Callable[[Recorded], object]


class Planted(NamedTuple):
    """A fault: into which of the recorded runs it is planted, which check has to notice it, and as what kind."""

    run: str
    check: str
    kind: str
    plant: Fault


FAULTS: dict[str, Planted] = {}
"""All of them, by name."""


def noticed(check: str, kind: str, run: str = "blocks and a pool") -> Callable[[Fault], Fault]:
    """The fault that follows, of a recorded *run*, has to be noticed by a *check* as one of a *kind*."""

    def named(fault: Fault) -> Fault:
        FAULTS[fault.__name__] = Planted(run, check, kind, fault)
        return fault

    return named


def moved(slices: Iterator[Slice] | list[Slice], cycles: int) -> None:
    """Let *slices* be so many cycles later."""
    for each in slices:
        each.start += cycles
        each.end += cycles


def labels_swapped(one: Slice, other: Slice) -> None:
    """Let two slices be about each other's part of the model, at the times at which they were."""
    for key in ("name", "layer", "tile", "first", "last", "block", "lane", "operations", "bytes"):
        first, second = getattr(one, key), getattr(other, key)
        setattr(one, key, second)
        setattr(other, key, first)


# Tracks.


@noticed("tracks", "two things at once")
def a_start_a_cycle_early(run: Recorded) -> None:
    late = next(b for a, b in _neighbours(run, "mac_array") if a.end == b.start)
    moved([late], -1)


@noticed("tracks", "overlap")
def an_overlapping_slice(run: Recorded) -> None:
    next(a for a, b in _neighbours(run, "simd") if a.end == b.start).end += 1


@noticed("tracks", "gap")
def a_stall_is_missing(run: Recorded) -> None:
    run.slices.remove(run.of("stall", "simd")[1])


@noticed("tracks", "gap")
def the_last_stall_is_short(run: Recorded) -> None:
    run.of("stall", "mac_array", "nothing_left")[-1].end -= 1


@noticed("tracks", "bad slice")
def a_number_twice(run: Recorded) -> None:
    run.slices[5].id = run.slices[4].id


@noticed("tracks", "capacity exceeded")
def a_counter_above_the_capacity(run: Recorded) -> None:
    counter = next(each for each in run.slices if each.kind == "counter" and each.name == "in use: all")
    counter.value = run.program["machine"]["sram"]["capacity"] / 1024 + 1


def _neighbours(run: Recorded, unit: str) -> Iterator[tuple[Slice, Slice]]:
    own = sorted(run.of("work", unit), key=lambda each: each.start)
    return pairwise(own)


# Coverage.


@noticed("coverage", "missing")
def a_request_is_missing(run: Recorded) -> None:
    run.slices.remove(run.work("residual")[1])


@noticed("coverage", "twice")
def a_request_twice(run: Recorded) -> None:
    run.slices.append(copy(run.work("residual")[1]))


@noticed("coverage", "missing")
def a_tile_of_weights_is_missing(run: Recorded) -> None:
    run.slices.remove(run.work("out_proj", layer=1)[1])


@noticed("coverage", "twice")
def a_load_of_weights_twice(run: Recorded) -> None:
    run.slices.append(copy(run.work("load.weights.in_proj", layer=1)[1]))


@noticed("coverage", "missing")
def a_request_of_another_layer(run: Recorded) -> None:
    run.work("residual", layer=0)[1].layer = 1


@noticed("coverage", "wrong place")
def a_request_of_another_tile(run: Recorded) -> None:
    run.work("residual", tile=0)[0].tile = 1


@noticed("coverage", "wrong place")
def a_token_too_many(run: Recorded) -> None:
    last = run.work("residual", tile=2)[-1]
    last.last = (last.last or 0) + 1


@noticed("coverage", "twice")
def a_request_of_another_block(run: Recorded) -> None:
    run.work("update", block=1)[0].block = 0


@noticed("coverage", "wrong place")
def a_block_that_is_none(run: Recorded) -> None:
    run.work("update", block=2)[0].block = 3


@noticed("coverage", "wrong place")
def other_operations(run: Recorded) -> None:
    fused = next(each for each in run.slices if each.kind == "work" and len(each.operations) > 1)
    fused.operations = fused.operations[:-1]


@noticed("coverage", "unknown request")
def a_name_that_is_none(run: Recorded) -> None:
    run.work("residual")[0].name = "remainder"


@noticed("coverage", "wrong tiles")
def weights_that_nobody_multiplies_by(run: Recorded) -> None:
    stream = next(each for each in run.section["streams"] if each.get("weight_tiles"))
    stream["weight_tiles"][0]["depth"] -= 1


# Durations.


@noticed("durations", "wrong duration")
def a_request_that_lasts_a_cycle_longer(run: Recorded) -> None:
    ends = {each.end: each for each in run.of("work", "simd")}
    stall = next(each for each in run.of("stall", "simd") if each.start in ends and each.cycles > 1)
    before = ends[stall.start]
    before.end += 1
    stall.start += 1


@noticed("durations", "wrong duration")
def a_product_that_is_too_quick(run: Recorded) -> None:
    run.work("in_proj")[-1].start += 1


@noticed("durations", "wrong bytes in SRAM")
def a_request_that_moves_too_much(run: Recorded) -> None:
    run.work("update")[7].bytes += 2


@noticed("durations", "wrong duration")
def a_machine_of_another_depth(run: Recorded) -> None:
    run.program["machine"]["compute"]["simd"]["cycles"]["silu"] += 1


# Dependences.


@noticed("dependences", "recurrence broken")
def timesteps_of_a_recurrence_swapped(run: Recorded) -> None:
    one, other = (run.work("update", layer=0, tile=0, block=0, first=step)[0] for step in (3, 4))
    labels_swapped(one, other)


@noticed("dependences", "operand not there")
def a_pair_of_requests_swapped(run: Recorded) -> None:
    one, other = (run.work("readout", layer=0, tile=0, block=0, first=step)[0] for step in (3, 4))
    labels_swapped(one, other)


@noticed("dependences", "operand not there")
def tiles_of_a_projection_swapped(run: Recorded) -> None:
    one, other = (next(w for w in run.work("in_proj.z", layer=0, tile=tile) if w.unit != "dma") for tile in (0, 1))
    labels_swapped(one, other)


@noticed("dependences", "weights not there")
def a_transfer_after_its_reader(run: Recorded) -> None:
    load = run.work("load.weights.in_proj", layer=0, tile=1)[2]
    moved(run.parts(load), 100_000)


@noticed("dependences", "operand not there")
def parameters_after_their_reader(run: Recorded) -> None:
    moved(run.parts(run.work("load.parameters", layer=0)[0]), 5_000)


@noticed("dependences", "operand not there")
def an_input_after_its_reader(run: Recorded) -> None:
    moved(run.parts(run.work("load.input", layer=0, tile=0)[0]), 5_000)


@noticed("dependences", "layer before the one before")
def a_layer_before_the_one_before(run: Recorded) -> None:
    load, store = (run.work(name, layer=layer, tile=0)[0] for name, layer in (("load.input", 1), ("store.output", 0)))
    moved(run.parts(load), store.end - 1 - min(each.start for each in run.parts(load)))


@noticed("dependences", "cut that is none")
def a_cut_that_its_equation_forbids(run: Recorded) -> None:
    run.section["cut"].append("gate_norm.square")


@noticed("dependences", "recurrence broken")
def an_equation_that_reads_what_comes_later(run: Recorded) -> None:
    update = next(each for each in run.section["graph"]["operations"] if each["name"] == "decay")
    update["equation"] = update["equation"].replace("dt[t,e,h] *", "dt[t,e,h] * s[t-1,e,h,0] *")


# Buffers.


@noticed("buffers", "overwritten before it was read")
def a_slot_overwritten_early(run: Recorded) -> None:
    tile = run.work("load.input", layer=0, tile=2)[0]
    issued = min(each.start for each in run.parts(tile))
    moved(run.parts(tile), 1 + run.work("load.input", layer=0, tile=1)[0].start - issued)


@noticed("buffers", "overwritten before it was read")
def a_weight_slot_too_few(run: Recorded) -> None:
    run.buffer("weights")["slots"] -= 1


@noticed("buffers", "overwritten before it was read")
def a_step_overwritten_early(run: Recorded) -> None:
    run.buffer("dBx")["slots"] = 0


@noticed("buffers", "overwritten before it was read")
def a_state_overwritten_early(run: Recorded) -> None:
    early = run.work("update", layer=0, tile=0, block=0, first=4)[0]
    moved([early], run.work("readout", layer=0, tile=0, block=0, first=3)[0].end - 1 - early.start)


@noticed("buffers", "capacity exceeded")
def more_than_the_capacity(run: Recorded) -> None:
    run.program["machine"]["sram"]["capacity"] = run.result["mapping"]["sram_bytes"] - 1


@noticed("buffers", "buffers overlap")
def a_buffer_over_another(run: Recorded) -> None:
    run.section["buffers"][2]["start"] -= 1


@noticed("buffers", "wrong size of a buffer")
def a_slot_that_is_too_small(run: Recorded) -> None:
    run.buffer("S")["slot_bytes"] -= 2


# Traffic.


@noticed("traffic", "wrong bytes")
def a_transfer_of_another_size(run: Recorded) -> None:
    for each in run.parts(run.work("load.input", layer=1, tile=0)[0]):
        each.bytes += 64


@noticed("traffic", "missing transfer")
def a_state_that_is_not_stored(run: Recorded) -> None:
    for each in run.parts(run.work("store.state", layer=0)[0]):
        run.slices.remove(each)


@noticed("traffic", "transfer twice")
def an_output_that_is_stored_twice(run: Recorded) -> None:
    run.slices += map(copy, run.parts(run.work("store.output", layer=0)[0]))


@noticed("traffic", "missing transfer")
def a_stream_that_is_missing(run: Recorded) -> None:
    streams = run.section["streams"]
    streams.remove(next(each for each in streams if each["name"] == "store.state"))


@noticed("traffic", "wrong sum of bytes")
def a_byte_of_the_sum(run: Recorded) -> None:
    run.result["dram_read_bytes"] += 1


@noticed("traffic", "wrong sum of bytes")
def a_byte_in_sram(run: Recorded) -> None:
    run.result["sram_bytes"]["S"]["read"] += 1


@noticed("traffic", "wrong bytes")
def another_width(run: Recorded) -> None:
    run.section["widths"]["activations"] = 32


# Transfers.


@noticed("transfers", "too many in flight")
def too_many_in_flight(run: Recorded) -> None:
    flights = run.of("flight")
    most, first = run.program["machine"]["dma"]["outstanding"], flights[0].start
    for each in flights[: most + 1]:
        each.start = first


@noticed("transfers", "carries what is not there")
def an_output_before_it_is_made(run: Recorded) -> None:
    store = run.work("store.output", layer=0, tile=1)[0]
    moved(run.parts(store), -2_000)


@noticed("transfers", "carries what is not there")
def a_state_before_it_is_made(run: Recorded) -> None:
    moved(run.parts(run.work("store.state", layer=0)[0]), -2_000)


@noticed("transfers", "faster than DRAM")
def a_transfer_faster_than_dram(run: Recorded) -> None:
    each = max(run.of("flight"), key=lambda flight: flight.bytes)
    each.start = each.end - 3


@noticed("transfers", "wrong data on a channel")
def a_clock_of_a_channel(run: Recorded) -> None:
    run.of("work", "dram.channel0")[1].clocks = 1


# Reasons.


@noticed("reasons", "stall under a wrong reason")
def a_stall_under_another_reason(run: Recorded) -> None:
    """The accounts of the result say the same."""
    stall = next(each for each in run.of("stall", "simd", "waits_for_mac_array") if each.layer == 0)
    _renamed(run, stall, "no_buffer")


@noticed("reasons", "stall under a wrong reason")
def a_wait_for_dram_that_no_transfer_ends(run: Recorded) -> None:
    stall = next(each for each in run.of("stall", "mac_array", "waits_for_simd") if each.layer == 0)
    _renamed(run, stall, "dram_bandwidth")


@noticed("reasons", "stall under a wrong reason")
def a_recurrence_that_is_none(run: Recorded) -> None:
    stall = next(each for each in run.of("stall", "mac_array", "waits_for_simd") if each.layer == 0)
    _renamed(run, stall, "recurrence_on_simd")


@noticed("reasons", "stall that no request ends")
def a_stall_of_another_request(run: Recorded) -> None:
    run.of("stall", "simd")[2].request = "residual"


@noticed("reasons", "wrong cause")
def a_cause_that_comes_later(run: Recorded) -> None:
    early = next(each for each in run.slices if each.kind == "work" and each.cause is not None)
    early.cause = run.work("store.output")[-1].id


@noticed("reasons", "before it was ready")
def a_request_before_it_was_ready(run: Recorded) -> None:
    each = run.work("residual")[0]
    each.ready = each.start + 1


@noticed("reasons", "bank conflict of no request")
def a_conflict_of_no_request(run: Recorded) -> None:
    stall = next(each for each in run.of("stall", "simd") if each.reason != "nothing_left")
    stall.reason, stall.start = "bank_conflict", stall.start + 1


def _renamed(run: Recorded, stall: Slice, reason: str) -> None:
    """Put a stall under another reason, in the accounts of the result too."""
    account = run.result["units"][stall.unit]["stalls"]
    layer = run.result["by_layer"][stall.layer or 0][stall.unit]["stalls"]
    for each in (account, layer):
        each[stall.reason] -= stall.cycles
        each[reason] = each.get(reason, 0) + stall.cycles
    stall.reason = stall.name = reason


# Accounts.


@noticed("accounts", "wrong account")
def an_account_off_by_one(run: Recorded) -> None:
    run.result["units"]["simd"]["busy_cycles"] += 1


@noticed("accounts", "wrong account")
def a_stall_off_by_one(run: Recorded) -> None:
    stalls = run.result["by_layer"][1]["mac_array"]["stalls"]
    stalls[next(iter(stalls))] += 1


@noticed("accounts", "wrong account")
def a_stream_off_by_one(run: Recorded) -> None:
    run.result["streams"][-1]["requests"] += 1


@noticed("accounts", "wrong makespan")
def a_makespan_off_by_one(run: Recorded) -> None:
    run.result["makespan_cycles"] -= 1


@noticed("accounts", "wrong number of requests")
def requests_off_by_one(run: Recorded) -> None:
    run.result["requests"] += 1


@noticed("accounts", "wrong work")
def a_mac_for_each_token(run: Recorded) -> None:
    run.result["macs_per_token"] += 1


@noticed("accounts", "wrong work")
def a_mac_of_an_array(run: Recorded) -> None:
    run.result["operation_counts"]["mac_array"]["mac"] += 1


# Descriptions.


@noticed("descriptions", "result and program disagree")
def a_program_of_another_run(run: Recorded) -> None:
    run.section["steps"] += 1


@noticed("descriptions", "result and program disagree")
def a_placement_that_is_not_kept(run: Recorded) -> None:
    run.result["mapping"]["placement"]["update"] = "mac_array"


# Runs of other kinds.


@noticed("buffers", "overwritten before it was read", "spilled")
def a_place_too_few_for_blocks_of_a_state(run: Recorded) -> None:
    run.buffer("S")["slots"] = 1


@noticed("dependences", "operand not there", "spilled")
def a_block_of_a_state_loaded_late(run: Recorded) -> None:
    moved(run.parts(run.work("load.spilled", layer=0, tile=1)[0]), 50_000)


@noticed("transfers", "carries what is not there", "spilled")
def a_block_of_a_state_stored_early(run: Recorded) -> None:
    moved(run.parts(run.work("store.spilled", layer=0, tile=1)[0]), -2_000)


@noticed("traffic", "missing transfer", "spilled")
def a_block_of_a_state_that_is_not_stored(run: Recorded) -> None:
    for each in run.parts(run.work("store.spilled", layer=0, tile=1)[0]):
        run.slices.remove(each)


@noticed("dependences", "weights not there", "narrow weights")
def weights_used_before_they_are_dequantised(run: Recorded) -> None:
    used = next(w for w in run.work("in_proj.x") if w.unit == "mac_array")
    moved([used], -used.start)


@noticed("durations", "wrong duration", "narrow weights")
def weights_that_are_dequantised_for_nothing(run: Recorded) -> None:
    run.work("dequantise")[0].end -= 1


@noticed("coverage", "missing", "narrow weights")
def weights_that_are_not_dequantised(run: Recorded) -> None:
    run.slices.remove(run.work("dequantise")[1])


@noticed("buffers", "wrong size of a buffer", "narrow weights")
def scales_that_take_no_space(run: Recorded) -> None:
    run.section["widths"]["group"] = None


@noticed("dependences", "section before another has ended", "head")
def a_head_that_begins_early(run: Recorded) -> None:
    moved(run.parts(run.work("head.load.input")[0]), -1)


@noticed("traffic", "missing transfer", "decode of a batch")
def a_state_that_is_not_loaded(run: Recorded) -> None:
    for each in run.parts(run.work("load.state", layer=1)[0]):
        run.slices.remove(each)


@noticed("dependences", "operand not there", "decode of a batch")
def a_state_that_is_loaded_late(run: Recorded) -> None:
    moved(run.parts(run.work("load.state", layer=0)[0]), 50_000)


@noticed("descriptions", "result and program disagree", "decode of a batch")
def another_batch(run: Recorded) -> None:
    run.section["batch"] = 2
