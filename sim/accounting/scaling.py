"""What a few layers of a section say about all of them: the layers that are not simulated repeat what one more adds.

A section is a number of layers that are alike (the head is one of its own, of one layer). With N of its L layers to
simulate, N and N - 1 are run: what the first run took more than the second is what a layer adds in the middle of a
model, where the first one's loads and the last one's drain are not seen. So L layers take

    makespan(N) + (L - N) (makespan(N) - makespan(N - 1))

and the cycles of every unit and stream, by what they went to, and of the critical path follow the same rule, exactly
where layers are periodic. DRAM refresh comes at another moment in every layer, so a difference may be below zero: then
it is zero, and the other stalls give way in proportion, so that busy + stalls = makespan holds to the cycle. One layer
alone is taken L times. Operations, requests and bytes are not scaled: they are counted from the whole program.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from hw.accounts import Accounts
from hw.integers import Key, apportion
from hw.reasons import Reason
from sim.lowering.program import StreamPlan

PathKey = tuple[str, str, str, str]  # unit, class of operation, what the cycles were spent on, because of what
_Of = tuple[int, str]  # number of the stream, and reason; the reason BUSY is none
BUSY, NOBODY = "", -1


@dataclass(frozen=True)
class StreamSpent:
    """A stream of a section, and what its cycles went to in each layer."""

    plan: StreamPlan
    layers: Sequence[Accounts]


@dataclass(frozen=True)
class Spent:
    """What the cycles of a section went to: by stream and layer, by unit, and on the critical path if it was wished.

    The accounts of a unit are those of its streams and what it waits when nothing is left; they, and the path, sum to
    ``makespan``.
    """

    makespan: int
    streams: tuple[StreamSpent, ...]
    units: Mapping[str, Accounts]
    path: Mapping[PathKey, int] | None


def lengths(layers: int, simulated: int | None) -> tuple[int, ...]:
    """How many layers the runs have that are needed to simulate so many of *layers*, all if None.

    >>> lengths(48, 2), lengths(48, 1), lengths(48, None)
    ((2, 1), (1,), (48,))
    """
    if simulated is None or simulated >= layers:
        return (layers,)
    return (simulated, simulated - 1) if simulated > 1 else (simulated,)


def scaled(runs: Sequence[Spent], layers: int) -> Spent:
    """What *layers* layers take, from the runs of as many as :func:`lengths` says."""
    few, fewer = runs[0], runs[1] if len(runs) > 1 else Spent(0, (), {}, {})
    times = layers - len(few.streams[0].layers)
    if not times:
        return few
    more = _differences(few, fewer)
    busy = (sum(cycles for (_, reason), cycles in of_unit.items() if reason == BUSY) for of_unit in more.values())
    period = max(few.makespan - fewer.makespan, *busy)
    gains = {unit: _stretched(of_unit, period) for unit, of_unit in more.items()}
    streams = tuple(
        StreamSpent(stream.plan, _repeated(stream.layers, _account(gains[stream.plan.unit], number), times))
        for number, stream in enumerate(few.streams)
    )
    units = {unit: Accounts.total([account, *[_account(gains[unit])] * times]) for unit, account in few.units.items()}
    path = None
    if few.path is not None and fewer.path is not None:
        gain = apportion(period, _difference(few.path, fewer.path))
        path = {key: cycles + times * gain[key] for key, cycles in few.path.items()}
    return Spent(few.makespan + times * period, streams, units, path)


def repeated(spent: Spent, times: int) -> Spent:
    """What so many runs take that are all alike: each begins on a machine that is idle."""
    if times == 1:
        return spent
    streams = tuple(StreamSpent(each.plan, [*each.layers] * times) for each in spent.streams)
    units = {unit: Accounts.total([account] * times) for unit, account in spent.units.items()}
    path = None if spent.path is None else {key: cycles * times for key, cycles in spent.path.items()}
    return Spent(spent.makespan * times, streams, units, path)


def _differences(few: Spent, fewer: Spent) -> dict[str, dict[_Of, int]]:
    """By unit, what one layer more adds to each of its streams, and to what no stream has."""
    after, before = _by_stream(few), _by_stream(fewer)
    return {unit: _difference(after[unit], before.get(unit, {})) for unit in after}


def _difference(after: Mapping[Key, int], before: Mapping[Key, int]) -> dict[Key, int]:
    return {key: max(0, cycles - before.get(key, 0)) for key, cycles in after.items()}


def _by_stream(spent: Spent) -> dict[str, Counter[_Of]]:
    found: dict[str, Counter[_Of]] = {}
    for unit, account in spent.units.items():
        found[unit] = Counter({(NOBODY, reason): cycles for reason, cycles in _items(account)})
    for number, stream in enumerate(spent.streams):
        for reason, cycles in _items(Accounts.total(stream.layers)):
            found[stream.plan.unit][number, reason] += cycles
            found[stream.plan.unit][NOBODY, reason] -= cycles
    return found


def _items(account: Accounts) -> list[tuple[str, int]]:
    return [(BUSY, account.busy), *account.stalls.items()]


def _stretched(gains: Mapping[_Of, int], period: int) -> dict[_Of, int]:
    """*gains* with stalls that fill the *period* beside the work."""
    work = {key: cycles for key, cycles in gains.items() if key[1] == BUSY}
    stalls = {key: cycles for key, cycles in gains.items() if key not in work}
    return work | apportion(period - sum(work.values()), stalls or {(NOBODY, Reason.NOTHING_LEFT): 1})


def _account(gains: Mapping[_Of, int], stream: int | None = None) -> Accounts:
    """Of *gains* those of one stream, or all."""
    account = Accounts()
    for (number, reason), cycles in gains.items():
        if stream is None or number == stream:
            if reason == BUSY:
                account.busy += cycles
            else:
                account.stall(reason, cycles)
    return account


def _repeated(layers: Sequence[Accounts], gain: Accounts, times: int) -> list[Accounts]:
    """*layers* with so many more like *gain* before the last one."""
    return [*layers[:-1], *[gain] * times, layers[-1]]
