cimport cython

from hw.sram_traffic cimport Traffic

cdef double ROUNDING, inf

cdef class _Queue:
    cdef long long _room
    cdef long long count, end
    cdef long long[::1] loads
    cdef double[::1] left
    cdef double served
    @cython.locals(place="long long")
    cdef int copy(self, _Queue other) except -1
    cdef int add(self, long long load, double left) except -1
    @cython.locals(place="long long")
    cdef int serve(self, double cycles, double time) except -1

cdef class _Combination:
    cdef tuple loads
    cdef double[::1] speeds, spare
    cdef bint known, steady
    cdef long long count
    cdef list _larger
    @cython.locals(larger=_Combination)
    cdef _Combination and_load(self, long long load)
    cdef int set_speeds(self, object by_kind, object spare_by_kind) except -1

cdef class SramPorts:
    cdef long long _rate, _banks, _count, _now
    cdef double _dma_rate
    cdef list _queues, _ahead, _asked, _taken
    cdef dict _known, _kinds
    cdef long long[::1] _alone
    cdef _Combination _nothing
    cdef Traffic _traffic
    cpdef long long join(self) except -1
    cpdef long long load(self, long long cycles, dict demand, long long fetch_ahead=*) except -1
    cpdef long long traffic(self, dict lies) except -1
    @cython.locals(traffic=Traffic)
    cpdef object move(self, long long now, long long kind, double begin, double end)
    @cython.locals(own=_Queue, alone="long long", work=double, end=double, whole="long long")
    cpdef long long occupy(self, long long user, long long now, long long load) except? -1
    @cython.locals(time=double)
    cdef int _advance(self, long long now) except -1
    @cython.locals(own=_Queue, mine=_Queue, queue=_Queue, time=double, number="long long", alone=bint)
    cdef double _predict(self, long long user, long long now) except? -1
    @cython.locals(running=_Combination, queue=_Queue, number="long long")
    cdef _Combination _running(self, list queues)
    @cython.locals(
        running=_Combination, queue=_Queue, traffic=Traffic, span=double, until=double, number="long long",
        place="long long", first="long long",
    )
    cdef double _serve(self, list queues, double time, double limit) except? -1
