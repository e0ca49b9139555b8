cimport cython

from hw.dram.banks cimport Rules
from hw.dram.bursts cimport Controller
from hw.dram.places cimport Places
from hw.dram.queues cimport Burst, Queues
from hw.dram.refresh cimport Refreshes
from hw.dram.traffic cimport Traffic

cdef long long INTERLEAVE_BYTES, READ

cdef class Streams:
    cdef Traffic _traffic
    cdef long long[::1] _run_ends
    cdef list _controllers
    cdef long long _queue, _seen
    @cython.locals(
        traffic=Traffic, end="long long", kind="long long", left="long long", size="long long", rules=Rules,
        places=Places, first=Controller, controller=Controller,
    )
    cdef long long ahead(self) except -1
    @cython.locals(
        traffic=Traffic, end="long long", kind="long long", oldest="long long", refreshes="long long",
        clocks="long long", channel="long long", controller=Controller,
    )
    cdef long long leap(self, long long size, long long clock) except -1
    @cython.locals(
        controller=Controller, rules=Rules, places=Places, coming=Refreshes, begin="long long", end="long long",
        pace="long long",
        refreshes="long long", moving="long long", due="long long", lost="long long", region="long long",
    )
    cdef tuple _duration(self, long long kind, long long size, long long clock)
    @cython.locals(
        traffic=Traffic, channels="long long", rules=Rules, first=Controller, begin="long long", pace=double,
        waits="long long", number="long long", arrives="long long", leaves="long long",
    )
    cdef int _arrive(
        self, long long oldest, long long end, long long size, long long clock, long long clocks
    ) except -1
    @cython.locals(burst=Burst, turn="long long")
    cdef int _name_requests(self, list entries, long long channel, long long oldest, long long end) except -1
    @cython.locals(high="long long", middle="long long")
    cdef long long _holding(self, long long address, long long low, long long end) except -1
