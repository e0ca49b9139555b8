"""Times work on a device: medians between events, launched plainly or as one CUDA graph, and watts while it repeats."""

from __future__ import annotations

from collections.abc import Callable
from statistics import quantiles
from time import perf_counter
from typing import Final

import torch

from sim.paper.gpu.measurements import Timed

Work = Callable[[], object]
MOST_RUNS: Final = 60
LEAST_RUNS: Final = 5
SECONDS: Final = 1.0  # of runs, unless that would be fewer than LEAST_RUNS
WARM_UPS: Final = 3
SUSTAINED_SECONDS: Final = 2.5  # of work, for watts
SETTLING_SECONDS: Final = 1.0  # of them, which do not count
BURST_SECONDS: Final = 0.05


class Clock:
    """Times work on *device*; *meter* gives the joules that the card has taken since some moment, if it has one."""

    def __init__(self, device: torch.device, meter: Callable[[], float] | None) -> None:
        self.device = device
        self._meter = meter
        self._on_gpu = device.type == "cuda"

    def timed(self, work: Work, *, repeats: int = 1, watts: bool = False) -> Timed:
        """Seconds of *work*, of which one call does *repeats* alike; and watts if they are wanted and can be had."""
        work()
        first = self._once(work)
        for _ in range(min(WARM_UPS, round(SECONDS / first))):
            first = self._once(work)
        runs = max(LEAST_RUNS, min(MOST_RUNS, round(SECONDS / first)))
        seconds = [self._once(work) / repeats for _ in range(runs)]
        tenths = quantiles(seconds, n=10, method="inclusive")
        power = self._watts(work, first) if watts and self._meter else None
        return Timed(seconds=tenths[4], least=tenths[0], most=tenths[-1], watts=power)

    def captured(self, work: Work) -> Work | None:
        """The replay of a CUDA graph of *work*; None where there are no graphs."""
        if not self._on_gpu:
            return None
        side = torch.cuda.Stream()
        side.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(side):
            for _ in range(WARM_UPS):
                work()
        torch.cuda.current_stream().wait_stream(side)
        graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(graph):
            work()
        replay: Work = graph.replay
        return replay

    def wait(self) -> None:
        """Wait until the device has nothing to do."""
        if self._on_gpu:
            torch.cuda.synchronize()

    def _once(self, work: Work) -> float:
        if not self._on_gpu:
            begin = perf_counter()
            work()
            return perf_counter() - begin
        begin, end = (torch.cuda.Event(enable_timing=True) for _ in range(2))
        begin.record()
        work()
        end.record()
        end.synchronize()
        seconds: float = begin.elapsed_time(end) / 1e3
        return seconds

    def _watts(self, work: Work, once: float) -> float:
        """Mean power while *work*, which takes *once* seconds, is repeated; its first second is left out."""
        assert self._meter is not None
        self._repeat(work, once, SETTLING_SECONDS)
        joules, begin = self._meter(), perf_counter()
        self._repeat(work, once, SUSTAINED_SECONDS - SETTLING_SECONDS)
        return (self._meter() - joules) / (perf_counter() - begin)

    def _repeat(self, work: Work, once: float, seconds: float) -> None:
        """Do *work* again and again for so long, waiting for the device every BURST_SECONDS."""
        begin = perf_counter()
        while perf_counter() - begin < seconds:
            for _ in range(max(1, round(BURST_SECONDS / once))):
                work()
            self.wait()


def kernels_of(work: Work) -> list[tuple[str, int, float]]:
    """(name, runs, microseconds of all) of every kernel that *work* launches, the longest first; on a GPU alone."""
    from torch.profiler import ProfilerActivity, profile

    work()
    torch.cuda.synchronize()
    with profile(activities=[ProfilerActivity.CUDA]) as profiled:
        work()
        torch.cuda.synchronize()
    found = [(each.key, each.count, each.device_time_total) for each in profiled.key_averages()]
    return sorted(((k, n, us) for k, n, us in found if us > 0), key=lambda each: -each[2])
