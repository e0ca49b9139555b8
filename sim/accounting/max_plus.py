"""When requests would start if some of them took longer or shorter, in an order that is kept.

Of each request three moments count: its start, its operands' being read, its result's being there. Every one is the
latest of earlier moments, plus what the request itself takes; so each is the length of a longest path, and the makespan
is, as a function of how long a class of requests takes, the greatest of many straight lines: convex, with bends.

What is scaled takes (1 + x) times as long, x = numerator / denominator. Times are counted in parts of a cycle of which
the denominator says how many there are, so they are exact; beside each stands its rate, by how many cycles it grows
when x grows by one. Where several paths are equally long one is taken whose rate is the greatest (``most`` = 1: the
derivative to the right) or the least (``most`` = -1: to the left).
"""

from __future__ import annotations

from array import array

import numpy as np

from sim.accounting.moments import COMPLETION, END, MOMENTS, NONE, PARTS
from sim.lowering.order import Numbers


class MaxPlus:
    """Requests in an order in which none waits for a later one; a moment is MOMENTS x request + which.

    Request i starts ``lags[i]`` cycles after the last of the moments ``causes[firsts[i]]`` to before
    ``causes[firsts[i + 1]]``. It takes ``work[i] + rest[i]`` cycles from then on, or from the moment ``bus[i]`` if that
    is later; its result is there ``tails[i]`` cycles after that, and not before the moment ``before[i]``. The *parts*
    of the requests of ``streams[i]`` are scaled together.
    """

    __slots__ = (
        "_before", "_bus", "_causes", "_count", "_denominator", "_firsts", "_lags", "_last", "_most", "_numerator",
        "_rates", "_rest", "_scaled", "_streams", "_tails", "_times", "_work", "rate",
    )  # fmt: skip

    def __init__(
        self, firsts: array[int], causes: array[int], lags: array[int], bus: array[int], before: array[int],
        streams: array[int], work: array[int], rest: array[int], tails: array[int],
    ) -> None:  # fmt: skip
        self._count = len(streams)
        self._firsts = firsts
        self._causes = causes
        self._lags = lags
        self._bus = bus
        self._before = before
        self._streams = streams
        self._work = work
        self._rest = rest
        self._tails = tails
        self._scaled = array("q", [0]) * (PARTS * (max(streams, default=0) + 1))
        self._times = array("q", [0]) * (MOMENTS * self._count)
        self._rates = array("q", [0]) * (MOMENTS * self._count)
        self._numerator = self._last = 0
        self._denominator = self._most = 1
        self.rate = 0

    def scale(self, scaled: array[int]) -> None:
        """From now on scale the parts for which *scaled*, by PARTS x stream + part, has a one, not a zero."""
        self._scaled = scaled

    def makespan(self, numerator: int, denominator: int, most: int) -> int:
        """The makespan in parts of a cycle; ``rate`` is then its derivative by x, to the side that *most* says."""
        self._numerator, self._denominator, self._most = numerator, denominator, most
        self._last = NONE
        latest = 0
        greatest = 0
        for request in range(self._count):
            row = MOMENTS * request
            kind = PARTS * self._streams[request]
            time = 0
            rate = 0
            for place in range(self._firsts[request], self._firsts[request + 1]):
                cause = self._causes[place]
                if self._times[cause] > time:
                    time = self._times[cause]
                    rate = self._rates[cause]
                elif self._times[cause] == time and most * self._rates[cause] > most * rate:
                    rate = self._rates[cause]
            time += denominator * self._lags[request]
            self._times[row] = time
            self._rates[row] = rate
            cause = self._bus[request]
            if cause != NONE and self._later(cause, time, rate):
                time = self._times[cause]
                rate = self._rates[cause]
            gain = self._scaled[kind] * self._work[request] + self._scaled[kind + 1] * self._rest[request]
            time += denominator * (self._work[request] + self._rest[request]) + numerator * gain
            rate += gain
            self._times[row + 1] = time
            self._rates[row + 1] = rate
            gain = self._scaled[kind + 2] * self._tails[request]
            time += denominator * self._tails[request] + numerator * gain
            rate += gain
            cause = self._before[request]
            if cause != NONE and self._later(cause, time, rate):
                time = self._times[cause]
                rate = self._rates[cause]
            self._times[row + 2] = time
            self._rates[row + 2] = rate
            if self._last == NONE or time > latest or (time == latest and most * rate > most * greatest):
                self._last = request
                latest = time
                greatest = rate
        self.rate = greatest
        return latest

    def _later(self, cause: int, time: int, rate: int) -> bool:
        """Whether the moment *cause* is later than *time*, or as late with a rate to be preferred."""
        if self._times[cause] != time:
            return self._times[cause] > time
        return self._most * self._rates[cause] > self._most * rate

    def path(self) -> array[int]:
        """What lies on the longest path of the makespan found last: cycles, unscaled, by PARTS x stream + part.

        Behind them is how long it waited for nothing known, the lags.
        """
        spent = array("q", [0]) * (len(self._scaled) + 1)
        request = self._last
        moment = COMPLETION
        while request != NONE:
            row = MOMENTS * request
            kind = PARTS * self._streams[request]
            time = self._times[row + moment]
            rate = self._rates[row + moment]
            cause = NONE
            if moment == COMPLETION:
                gain = self._scaled[kind + 2] * self._tails[request]
                time -= self._denominator * self._tails[request] + self._numerator * gain
                if self._times[row + 1] == time and self._rates[row + 1] == rate - gain:
                    spent[kind + 2] += self._tails[request]
                    cause = row + 1
                else:
                    cause = self._before[request]
            elif moment == END:
                spent[kind] += self._work[request]
                spent[kind + 1] += self._rest[request]
                gain = self._scaled[kind] * self._work[request] + self._scaled[kind + 1] * self._rest[request]
                time -= self._denominator * (self._work[request] + self._rest[request]) + self._numerator * gain
                cause = row if self._times[row] == time and self._rates[row] == rate - gain else self._bus[request]
            else:
                spent[len(spent) - 1] += self._lags[request]
                time -= self._denominator * self._lags[request]
                for place in range(self._firsts[request], self._firsts[request + 1]):
                    found = self._causes[place]
                    if self._times[found] == time and self._rates[found] == rate:
                        cause = found
                        break
                if cause == NONE and time:
                    raise AssertionError(f"the longest path breaks at request {request}")
            if cause == NONE:
                break
            request = cause // MOMENTS
            moment = cause % MOMENTS
        return spent

    def times(self) -> Numbers:
        """The moments of every request, MOMENTS columns, as the makespan found last has them."""
        return np.asarray(self._times).reshape(-1, MOMENTS)
