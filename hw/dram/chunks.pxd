cimport cython

from hw.dram.bursts cimport Controller
from hw.dram.streams cimport Streams
from hw.dram.traffic cimport Traffic

cdef long long ARRIVALS, NEVER

@cython.locals(
    clock="long long", bursts="long long", arrived="long long", soonest="long long", size="long long",
    clocks="long long", controller=Controller,
)
cdef long long _run(Traffic traffic, list controllers, Streams streams, long long burst_bytes) except -1
@cython.locals(controller=Controller)
cdef bint _idle(list controllers) except -1
@cython.locals(controller=Controller)
cdef bint _fits(Traffic traffic, list controllers) except -1
@cython.locals(most="long long", arrived="long long", number="long long", controller=Controller)
cdef long long _arrive(Traffic traffic, list controllers, long long clock) except -1
