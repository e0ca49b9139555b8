"""Faults of sizes, durations, buffers and accounts, and of what trace, result and program say of each other."""

from __future__ import annotations

from copy import copy

from tests.support.legality.trace import Slice
from tests.support.planted.fault import Recorded, moved, noticed

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
