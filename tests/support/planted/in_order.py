"""Faults of what is done when, how often and by what."""

from __future__ import annotations

from collections.abc import Iterator
from copy import copy
from itertools import pairwise

from tests.support.legality.trace import Slice
from tests.support.planted.fault import Recorded, labels_swapped, moved, noticed

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


@noticed("transfers", "at work before it was issued")
def a_flight_that_is_missing(run: Recorded) -> None:
    run.slices.remove(run.of("flight")[3])


@noticed("transfers", "faster than DRAM")
def a_transfer_faster_than_dram(run: Recorded) -> None:
    each = max(run.of("flight"), key=lambda flight: flight.bytes)
    each.start = each.end - 3


@noticed("transfers", "wrong data on a channel")
def a_clock_of_a_channel(run: Recorded) -> None:
    run.of("work", "dram.channel0")[1].clocks = 1
