"""Units that share SRAM banks, cycle by cycle: the brute force that hw/sram_ports.py is compared with.

Every unit does its requests over and over. In every cycle, each cluster of banks gives out its bytes: the least
demanding unit first, then the others, an equal share of the rest each. A unit advances as the cluster that holds it
back most lets it; what others leave unused of their shares for that reason is given out again in the same cycle.
Nobody's end is known in advance, and a request may begin and end within a cycle.

Not modelled: single words; a unit's demand on a cluster is spread evenly over its request.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

Work = tuple[int, dict[int, int]]  # cycles without the banks, bytes by cluster

_SETTLED = 1e-9  # of full speed: nobody gains more than this from another round
_ROUNDS = 20
_SUM = 1e-9  # a request is done that lacks less than this part of itself


def done_by_arbiter(rate: int, work: Mapping[str, Sequence[Work]], horizon: int) -> dict[str, float]:
    """Requests that each unit finishes until cycle *horizon* on clusters of *rate* bytes a cycle."""
    alone = {unit: [_alone(rate, request) for request in requests] for unit, requests in work.items()}
    done = dict.fromkeys(work, 0.0)
    known: dict[tuple[int, ...], list[float]] = {}  # the same requests share the same way in every cycle
    for _ in range(horizon):
        running = tuple(int(done[unit] + _SUM) % len(requests) for unit, requests in work.items())
        if running not in known:
            cycles = [alone[unit][number] for unit, number in zip(work, running, strict=True)]
            demands = [work[unit][number][1] for unit, number in zip(work, running, strict=True)]
            wanted = [
                {cluster: size / each for cluster, size in demand.items()}
                for demand, each in zip(demands, cycles, strict=True)
            ]
            known[running] = [part / each for part, each in zip(_one_cycle(rate, wanted), cycles, strict=True)]
        for unit, advance in zip(work, known[running], strict=True):
            done[unit] += advance
    return done


def _alone(rate: int, request: Work) -> float:
    """Cycles of *request* if no other unit runs."""
    cycles, demand = request
    return max(cycles, max(demand.values(), default=0) / rate)


def _one_cycle(rate: int, wanted: list[dict[int, float]]) -> list[float]:
    """By how much of a cycle at full speed each unit advances in one; *wanted* are its bytes by cluster."""
    advanced = [0.0] * len(wanted)
    left = {cluster: float(rate) for demand in wanted for cluster in demand}
    for _ in range(_ROUNDS):
        steps = [1.0 - part for part in advanced]
        for cluster in left:
            asked = [demand.get(cluster, 0.0) * (1.0 - part) for demand, part in zip(wanted, advanced, strict=True)]
            room, waiting = left[cluster], len(wanted)
            for number in sorted(range(len(wanted)), key=lambda each: asked[each]):
                given = min(asked[number], room / waiting)
                if given < asked[number]:
                    steps[number] = min(steps[number], given / wanted[number][cluster])
                room, waiting = room - given, waiting - 1
        for number, (demand, step) in enumerate(zip(wanted, steps, strict=True)):
            advanced[number] += step
            for cluster, size in demand.items():
                left[cluster] = max(0.0, left[cluster] - step * size)
        if max(steps) < _SETTLED:
            break
    return advanced
