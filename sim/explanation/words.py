"""An explanation in words, for a reader in a hurry: plain where every schedule near the best says the same."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from sim.accounting.result import Result
from sim.explanation.findings import WORTH_NAMING, Explanation, Pair, Range, WhatIf
from sim.files.numbers import percent, plural

MOST_GAINS = 4  # that are named
ON_PATH = 0.03  # of the time: what of the critical path is named
UNITS = {"mac_array": "the MAC array", "simd": "the lanes", "dram.channel0": "DRAM"}  # others go by their names


def words(found: Explanation) -> str:
    """The paragraph: how far from the roofline, through what, what would help, and what of it is one schedule's."""
    result = found.result
    sentences = [
        f"{result.workload} on {result.machine} takes {found.cycles_per_token_layer:,.0f} cycles a token and layer, "
        f"{result.makespan_cycles / result.bounds.paper_roofline_cycles:.2f} times the paper's roofline"
        f"{_certified(result)}.",
        _others(found),
        *_steps(found),
        _busiest(found),
        _path(found),
        *_gains(found),
        *_splits(found),
        *map(_together, found.pairs),
    ]
    return " ".join(sentences)


def _certified(result: Result) -> str:
    above = result.above_any_mapping
    return "" if above is None else f", within {percent(above)} of the least that any mapping of it takes"


def _others(found: Explanation) -> str:
    if not found.near_share:
        return "What follows is about this one schedule."
    near = f"within {percent(found.near_share)} of the best"
    if not found.near:
        return f"No other mapping that was tried is {near}, so what follows is about this one schedule."
    unlike = f", the most unlike of {found.near_tried}" if len(found.near) < found.near_tried else ""
    others = plural(len(found.near), "other mapping")
    return f"What follows holds for {others} {near} as well{unlike}, but for what depends on the schedule."


def _steps(found: Explanation) -> Iterator[str]:
    """The rungs that are worth naming: first those that every schedule has."""
    steps = [(found.shares(rung), rung.description) for rung in found.rungs[1:]]
    steps = [step for step in steps if _size(step[0]) >= WORTH_NAMING]
    steps.sort(key=lambda step: -_size(step[0]))
    plain = [f"{what} ({_added(share)} of the time)" for share, what in steps if share.robust]
    other = [f"{what} ({_added(share)} of the time)" for share, what in steps if not share.robust]
    if plain:
        yield f"From the roofline to here: {listed(plain)}."
    if other:
        yield f"Depends on the schedule: {listed(other)}."


def _size(share: Range) -> float:
    return max(abs(share.least), abs(share.most))


def _added(share: Range) -> str:
    least, most = percent(share.least, "+"), percent(share.most, "+")
    return least if least == most else f"{least} to {most}"


def _busiest(found: Explanation) -> str:
    units = Counter(found.busiest)
    if len(units) == 1:
        return f"Busiest is {_unit(found.busiest[0])}."
    counts = [f"{_unit(unit)} with {plural(count, 'schedule')}" for unit, count in units.most_common()]
    return f"What is busiest depends on the schedule: {listed(counts)}."


def _unit(name: str) -> str:
    return UNITS.get(name, f"the unit {name}")


def _path(found: Explanation) -> str:
    result, total = found.result, found.result.makespan_cycles
    shares = [(key, cycles / total) for key, cycles in result.path_shares.items() if cycles >= ON_PATH * total]
    named = [f"{kind} on {unit} {share:.0%}" for (unit, kind), share in shares]
    whose = " of the schedule explained" if found.near else ""
    return f"The critical path{whose} is {listed(named)}."


def _gains(found: Explanation) -> Iterator[str]:
    """What helps: with a new schedule, which no schedule of today matters to; then with one that is kept."""
    helping = [each for each in found.what_ifs if _most(each) >= 1 + WORTH_NAMING]
    depends = [each for each in helping if each.kept is not None and not _robust(each)]
    plain = [each for each in helping if each.best >= 1 + WORTH_NAMING]
    plain = [each for each in plain if each.new_schedule is not None or each not in depends]
    if plain:
        yield f"What would help most: {listed([f'{each.name} ({each.best:.2f}x)' for each in plain[:MOST_GAINS]])}."
    if depends:
        named = [f"{each.name}: {_factors(each.kept)}" for each in depends if each.kept is not None]
        yield f"With the schedule kept it depends on the schedule: {', '.join(named)}."
    useless = [each.name for each in found.what_ifs if each not in helping and not each.joins]
    if useless:
        yield f"No gain of a percent: {listed(useless)}."


def _splits(found: Explanation) -> Iterator[str]:
    """What it costs or saves that arrays which are alike are not one; where it saves, what becomes of idle PEs."""
    for each in found.what_ifs:
        if not each.joins or each.new_schedule is None:
            continue
        split = f"That {listed([_unit(name) for name in each.joins])} are not one array"
        if abs(each.new_schedule - 1) < WORTH_NAMING:
            yield f"{split} costs and saves less than a percent."
        elif each.new_schedule > 1:
            yield f"{split} costs {percent(1 - 1 / each.new_schedule)} of the time."
        else:
            yield f"{split} saves: it would take {percent(1 / each.new_schedule - 1)} longer{_idle_in_one(each)}."


def _idle_in_one(what_if: WhatIf) -> str:
    if what_if.idle_at_edges is None or what_if.idle_at_edges[1] < what_if.idle_at_edges[0] + WORTH_NAMING:
        return ""
    now, then = map(percent, what_if.idle_at_edges)
    return f", its PEs without work at the edges of products and in short folds for {then} of it, not {now} as now"


def _most(what_if: WhatIf) -> float:
    return max(what_if.best, what_if.kept.most if what_if.kept is not None else 0.0)


def _robust(what_if: WhatIf) -> bool:
    kept = what_if.kept
    return kept is None or Range(least=kept.least - 1, most=kept.most - 1).robust


def _factors(kept: Range) -> str:
    return f"{kept.least:.2f}x to {kept.most:.2f}x"


def _together(pair: Pair) -> str:
    both = f"Together {listed(pair.names)} buy {pair.new_schedule:.2f}x"
    excess = pair.new_schedule / pair.product - 1
    if abs(excess) < WORTH_NAMING:
        return f"{both}, the product of both."
    return f"{both}, {'more' if excess > 0 else 'less'} than the product of both, {pair.product:.2f}x."


def listed(items: Sequence[str]) -> str:
    """*items* with commas, and an "and" before the last."""
    return ", ".join(items[:-1]) + " and " + items[-1] if len(items) > 1 else "".join(items)
