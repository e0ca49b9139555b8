"""How fast requests run side by side on the same SRAM banks: a pure function of what each moves at full speed.

Units that fetch enough ahead share a cluster max-min fairly: each gets what it asks, or an equal share of what the more
modest leave. A unit that fetches nothing ahead stands still whenever one of its words has to wait. How long is derived
from word-level banks that serve a word a cycle, with turns, and units that read consecutive words.

Two such units want *low* <= *high* (parts of what the cluster gives). Who has just used a bank waits, which is the one
that moves more: so *low* runs at full speed and *high* waits once wherever they meet. Where they meet a request of
*high* takes two cycles, in which *low* goes on: *high* comes nearer by high - 2 low, elsewhere by high - low.
- high > 2 low: it passes. They meet on low + high - a bank of every turn, so the part of *high*'s cycles' work that
  meets is m = o / (high - 2 low) : (1 - o) / (high - low), where o is what they meet on, and each takes 1 + m cycles.
- high <= 2 low: it never passes, so both move the same: *low*, but no more than 3/8 of the banks (two that wait for one
  word each can use 3/4 of the banks: throughput of input-queued switches, Karol, Hluchyj and Morgan 1987), or what
  *high* moves at half speed if *low* does not meet its own last words (low <= 1/2). Turns leave each half its speed.
One that moves less than a word a cycle is nowhere in particular: *high* waits wherever they meet, 1 + o cycles for one.
With more units delays add up, and in (n - 2) / 2 (n - 1) of the meetings of n the turn falls to the other one.

Words fetched ahead hide delays: of d on b banks, (1 - d / b)^2 of a delay is left, and nothing from a turn of the banks
on. That is an interpolation: for two units, the banks of the RTL in sim/validation/sram.py with 1 to 24 words ahead
lose within 0.1 of that part of what they lose with none, for three up to 0.2 less.

Not modelled: where in its turn each unit is. Streams whose widths are alike can be in step for ever, or never.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

Rates = dict[int, float]  # what a load moves at full speed: bytes a cycle, by cluster

ROUNDING: Final = 1e-9  # sums of fractions closer than this to a whole one are that
UNSHARED: Final = 1e-3  # of full speed: what would speed up no request by more is not shared out
TWO_AT_MOST: Final = 3 / 8  # of the banks: what each of two units uses that wait for every word


class Asked(NamedTuple):
    """What a unit asks of the banks: *rates* at full speed; *exposed* is the part of its delays that it feels."""

    rates: Rates
    exposed: float


def exposed(fetch_ahead: int, banks: int) -> float:
    """The part of delays that a unit feels that fetches so many words ahead from so many *banks* (times ports)."""
    return max(0.0, 1 - fetch_ahead / banks) ** 2


def speeds(asked: Sequence[Asked], taken: Rates, cluster_rate: int, banks: int) -> list[float]:
    """The fractions of full speed at which requests run side by side.

    *taken* is what the DMA engine takes first of *cluster_rate*, *banks* how many words a cluster serves in a cycle.
    """
    limits = [1.0] * len(asked)
    if any(each.exposed for each in asked):
        limits = [
            1 / (1 + each.exposed * _delay(number, asked, taken, cluster_rate, banks))
            for number, each in enumerate(asked)
        ]
    return _shared([each.rates for each in asked], limits, taken, cluster_rate)


def spare(asked: Sequence[Asked], found: Sequence[float], taken: Rates, cluster_rate: int) -> float:
    """The part of *taken* that is left beside requests that run at the speeds *found*."""
    part = 1.0
    for cluster, rate in taken.items():
        used = sum([each.rates.get(cluster, 0.0) * speed for each, speed in zip(asked, found, strict=True)])
        part = min(part, max(0.0, (cluster_rate - used) / rate))
    return 1.0 if part > 1 - ROUNDING else 0.0 if part < ROUNDING else part


def _shared(wanted: list[Rates], limits: list[float], taken: Rates, cluster_rate: int) -> list[float]:
    """Max-min fair speeds, no request faster than its limit.

    A request uses its shares only as far as the cluster that holds it back most lets it; the rest goes round again.
    """
    total: Rates = {}
    for rates, limit in zip(wanted, limits, strict=True):
        for cluster, rate in rates.items():
            total[cluster] = total.get(cluster, 0.0) + rate * limit
    left = {cluster: cluster_rate - taken.get(cluster, 0.0) for cluster in total}
    left = {cluster: rate for cluster, rate in left.items() if total[cluster] > rate * (1 + ROUNDING)}
    if not left:
        return limits
    found = [0.0] * len(wanted)
    while True:
        gains = [limit - speed for limit, speed in zip(limits, found, strict=True)]
        for cluster, rate_left in left.items():
            rates_here = [rates.get(cluster, 0.0) for rates in wanted]
            asked = [rate * (limit - speed) for rate, limit, speed in zip(rates_here, limits, found, strict=True)]
            for number, share in enumerate(_fair_shares(asked, rate_left)):
                if share < asked[number]:
                    gains[number] = min(gains[number], share / rates_here[number])
        found = [speed + gain for speed, gain in zip(found, gains, strict=True)]
        if len(left) == 1 or max(gains) < UNSHARED:
            return found
        for cluster in left:
            used = sum([gain * rates.get(cluster, 0.0) for gain, rates in zip(gains, wanted, strict=True)])
            left[cluster] = max(0.0, left[cluster] - used)


def _fair_shares(asked: list[float], room: float) -> list[float]:
    """Each gets of *room* what it asks, or an equal share of what those that ask for less leave."""
    shares = [0.0] * len(asked)
    for place, number in enumerate(sorted(range(len(asked)), key=asked.__getitem__)):
        shares[number] = min(asked[number], room / (len(asked) - place))
        room -= shares[number]
    return shares


def _delay(number: int, asked: Sequence[Asked], taken: Rates, cluster_rate: int, banks: int) -> float:
    """Cycles lost for each that the unit *number* would take alone if it fetches nothing ahead: where it loses most.

    Whoever meets the DMA engine where that goes first waits.
    """
    most = 0.0
    for cluster, rate in asked[number].rates.items():
        own = rate / cluster_rate
        there = [each.rates.get(cluster, 0.0) / cluster_rate for each in (*asked[:number], *asked[number + 1 :])]
        others = [part for part in there if part]
        lost = sum(pair_delay(own, other, banks, len(others) + 1) for other in others)
        most = max(most, lost + _meeting(own, taken.get(cluster, 0.0) / cluster_rate, banks))
    return most


def pair_delay(own: float, other: float, banks: int, units: int = 2) -> float:
    """Cycles that a unit loses to another for each that it would take alone, if there are so many *units*."""
    low, high = sorted((own, other))
    slow, fast = _two(low, high, banks)
    lost_low, lost_high = 1 / slow - 1, 1 / fast - 1
    turned = (units - 2) / (2 * (units - 1)) if own != other else 1 / 2  # who are alike take turns
    mine, others = (lost_high, lost_low) if own > other else (lost_low, lost_high)
    return mine + turned * (others - mine)


def _two(low: float, high: float, banks: int) -> tuple[float, float]:
    """The speeds of two units that want these parts of the banks, of which *low* is the smaller."""
    meeting = _meeting(low, high, banks)
    if low * banks < 1:
        return 1.0, 1 / (1 + meeting)
    if high > 2 * low:
        met, free = meeting / (high - 2 * low), (1 - meeting) / (high - low)
        return 1.0, 1 / (1 + met / (met + free))
    same = min(low, max(TWO_AT_MOST, high / 2 if low <= 1 / 2 else 0.0))
    return max(1 / 2, same / low), max(1 / 2, same / high)


def _meeting(one: float, other: float, banks: int) -> float:
    """On how much of a turn of the banks two requests of these parts of the banks meet.

    Requests are words side by side, which meet on one bank less than they have words; one of less than a word is there
    in so few of the cycles.
    """
    low, high = sorted((one, other))
    return min(1.0, high * min(1.0, low * banks) + max(0.0, low - 1 / banks))
