"""Faults that need a run of another kind: spilled states, narrow weights, a head, decode."""

from __future__ import annotations

from tests.support.planted.fault import Recorded, moved, noticed

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
